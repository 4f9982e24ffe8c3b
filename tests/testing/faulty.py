"""Wrong versions of functions of tf_mco, made from the right ones."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any, TypeAlias

import tensorflow as tf

from tf_mco import types
from tf_mco.ops import gradients
from tf_mco.ops import log_weights
from tf_mco.posteriors import protocol

Function: TypeAlias = Callable[..., Any]


def _vimco(
  *, path: bool = True, sign: int = 1, stopped: bool = True
) -> Function:
  """Returns VIMCO's surrogate, right unless an option says otherwise."""

  def surrogate(
    log_p: tf.Tensor, log_q: tf.Tensor, baseline: str
  ) -> types.Surrogate:
    log_w = log_p - log_q
    bound = log_weights.log_mean_exp(log_w)
    own = log_weights.vimco_baseline(tf.stop_gradient(log_w), baseline)
    signal = bound - sign * own
    signal = tf.stop_gradient(signal) if stopped else signal
    if not path:
      bound = log_weights.log_mean_exp(log_p - tf.stop_gradient(log_q))
    carrier = bound + tf.reduce_sum(signal * log_q, 0)
    return types.Surrogate(
      gradients.with_gradient_of(-bound, -carrier),
      tf.stop_gradient(bound),
      tf.stop_gradient(log_w),
    )

  return surrogate


def vimco_right(original: Function) -> Function:
  del original
  return _vimco()


def vimco_no_path(original: Function) -> Function:
  del original
  return _vimco(path=False)


def vimco_attached(original: Function) -> Function:
  del original
  return _vimco(stopped=False)


def vimco_plus(original: Function) -> Function:
  del original
  return _vimco(sign=-1)


def vimco_weights_attached(original: Function) -> Function:
  return lambda log_p, log_q, baseline: original(
    log_p, log_q, baseline
  )._replace(log_weights=log_p - log_q)


def batch_mean(original: Function) -> Function:
  def baseline(log_w: tf.Tensor, name: str) -> tf.Tensor:
    values = original(log_w, name)
    mean = tf.reduce_mean(values, 1, keepdims=True)
    return tf.broadcast_to(mean, tf.shape(values))

  return baseline


def plus_log_k(original: Function) -> Function:
  return lambda log_w, name: original(log_w, name) + math.log(log_w.shape[0])


def plus_log_k_of_bound(original: Function) -> Function:
  return lambda log_w: original(log_w) + math.log(log_w.shape[0])


def all_weights(original: Function) -> Function:
  del original
  return lambda log_w: tf.reduce_logsumexp(log_w, 0, keepdims=True)


def mean_of_all(original: Function) -> Function:
  del original
  return lambda values: tf.reduce_mean(values, 0, keepdims=True)


def arithmetic(original: Function) -> Function:
  return lambda log_w, name: original(log_w, 'arithmetic')


def k_for_k_minus_1(original: Function) -> Function:
  def score_surrogate(
    values: tf.Tensor, log_q: tf.Tensor, coefficients: tf.Tensor
  ) -> types.Surrogate:
    k = values.shape[0]
    return original(values, log_q, coefficients * (k - 1) / k)

  return score_surrogate


def attached_scores(original: Function) -> Function:
  def score_surrogate(
    values: tf.Tensor, log_q: tf.Tensor, coefficients: tf.Tensor
  ) -> types.Surrogate:
    right = original(values, log_q, coefficients)
    stray = tf.reduce_sum(coefficients * tf.stop_gradient(log_q), 0)
    return right._replace(
      loss=gradients.with_gradient_of(right.loss, right.loss - stray)
    )

  return score_surrogate


def direct_term(original: Function) -> Function:
  def surrogate(
    self: Any, log_joint: types.LogJoint, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    right = original(self, log_joint, posterior, draw)
    log_q = tf.reduce_mean(protocol.log_prob(posterior, draw.samples), 0)
    return right._replace(
      loss=gradients.with_gradient_of(right.loss, right.loss + log_q)
    )

  return surrogate


def disarm_without_sigmoid(original: Function) -> Function:
  return lambda f, f_tilde, b, b_tilde, logits: (
    original(f, f_tilde, b, b_tilde, logits) / tf.sigmoid(tf.abs(logits))
  )


def disarm_without_abs(original: Function) -> Function:
  return lambda f, f_tilde, b, b_tilde, logits: (
    original(f, f_tilde, b, b_tilde, logits)
    * tf.sigmoid(logits)
    / tf.sigmoid(tf.abs(logits))
  )


def disarm_without_mask(original: Function) -> Function:
  return lambda f, f_tilde, b, b_tilde, logits: original(
    f, f_tilde, 1 - b_tilde, b_tilde, logits
  )


def negated(original: Function) -> Function:
  return lambda *args: -original(*args)


def doubled(original: Function) -> Function:
  return lambda *args: 2 * original(*args)


def arm_uncentred(original: Function) -> Function:
  return lambda f, f_tilde, u: original(f, f_tilde, u + 0.5)


def sum_over_pairs(original: Function) -> Function:
  return lambda *args: original(*args) * len(args[1][0].uniform)


def mean_over_pairs(original: Function) -> Function:
  return lambda *args: original(*args) / len(args[1][0].uniform)


def stopped(original: Function) -> Function:
  return lambda *args: tf.stop_gradient(original(*args))
