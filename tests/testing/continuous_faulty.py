"""Wrong versions of functions behind the estimators of continuous variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import cotangents
from tf_mco.estimators import iwae
from tf_mco.ops import gradients
from tf_mco.ops import log_weights
from tf_mco.posteriors import protocol

Function: TypeAlias = Callable[..., Any]


def pathwise(
  *,
  model_power: int = 1,
  cut: bool = True,
  every_leaf: bool = True,
  every_score: bool = True,
  attached: bool = False,
  batch_softmax: bool = False,
  grafted: bool = True,
) -> Function:
  """Returns `pathwise.surrogate`, right unless an option says otherwise."""

  def surrogate(
    log_joint: types.LogJoint, posterior: Any, draw: types.Draw, factor: Any
  ) -> types.Surrogate:
    samples = draw.samples
    leaves = samples if isinstance(samples, tuple) else (samples,)
    pack = lambda z: z if isinstance(samples, tuple) else z[0]  # noqa: E731
    scale = cotangents.CotangentScale()
    scaled = [scale(z) if every_leaf or i else z for i, z in enumerate(leaves)]
    log_p = log_joint(pack(tuple(scaled)))
    log_q, scores = cotangents.value_and_leaf_gradients(
      lambda z: protocol.log_prob(posterior, pack(z)), leaves
    )
    log_w = log_p - log_q if attached else tf.stop_gradient(log_p) - log_q
    weights = tf.nn.softmax(log_w, axis=0)
    if batch_softmax:
      weights = tf.exp(log_w - tf.reduce_logsumexp(log_w))
      weights *= tf.cast(tf.shape(log_w)[1], log_w.dtype)
    scale.factor = tf.stop_gradient(factor(weights))
    own = tf.stop_gradient(weights) * scale.factor
    # Undoes in the posterior what the power does to the model's weights.
    scale.factor /= tf.stop_gradient(weights) ** (model_power - 1)
    carrier = tf.reduce_sum(weights**model_power * log_p, 0)
    if not cut:
      carrier -= tf.reduce_sum(own * protocol.log_prob(posterior, samples), 0)
    for leaf, score in list(zip(leaves, scores))[: None if every_score else 1]:  # noqa: B905
      dot = gradients.sum_event(score * leaf, sample_rank=2)
      carrier -= tf.reduce_sum(own * dot, 0) * cut
    bound = log_weights.log_mean_exp(tf.stop_gradient(log_w))
    loss = gradients.with_gradient_of(-bound, -carrier) if grafted else -carrier
    return types.Surrogate(loss, bound, tf.stop_gradient(log_w))

  return surrogate


def with_options(**options: Any) -> Callable[[Function], Function]:
  """Returns a maker of the surrogate with these faults."""
  return lambda original: pathwise(**options)


def as_iwae(original: Function) -> Function:
  """The same mean as DReG's."""
  del original
  return lambda self, log_joint, posterior, draw: iwae.Iwae(
    self.num_samples
  ).surrogate(log_joint, posterior, draw)


def no_k(original: Function) -> Function:
  """The factor K^(alpha - 1) is forgotten."""
  return lambda self, weights: (
    original(self, weights) / (self.num_samples ** (self._alpha - 1))
  )


def no_alpha(original: Function) -> Function:
  return lambda self, weights: original(self, weights) / self._alpha


def plus_one(original: Function) -> Function:
  return lambda self, weights: 1 + weights


def weights_squared(original: Function) -> Function:
  return lambda self, weights: weights**2


def negative_score(original: Function) -> Function:
  return lambda log_p, log_q, coefficient, **options: original(
    log_p, log_q, lambda weights: -coefficient(weights), **options
  )


def score_of_the_bound(original: Function) -> Function:
  """IWAE's sign of log q, as if RWS climbed its own bound."""

  def surrogate(
    log_p: tf.Tensor, log_q: tf.Tensor, coefficient: Any, **options: Any
  ) -> types.Surrogate:
    right = original(log_p, log_q, coefficient, **options)
    return right._replace(loss=iwae.iwae_loss(log_p, log_q))

  return surrogate


def stopped_path(original: Function) -> Function:
  """No gradient through any sample."""
  return lambda *args, **options: tf.nest.map_structure(
    tf.stop_gradient, original(*args, **options)
  )


def stopped_between_layers(original: Function) -> Function:
  """The second layer is drawn from a first without gradient."""

  def extend(self: Any, prefix: Any, **options: Any) -> Any:
    stopped = tuple(tf.stop_gradient(z) for z in prefix)
    return tuple(prefix) + original(self, stopped, **options)[len(prefix) :]

  return extend


def scores_of_own_layer(original: Function) -> Function:
  """The score at a leaf forgets the layer that is conditioned on it."""
  del original

  def log_probs(self: Any, samples: Any) -> Any:
    stopped = [tf.stop_gradient(z) for z in samples]
    return tuple(
      self.conditional(stopped[:layer]).log_prob(sample)
      for layer, sample in enumerate(samples)
    )

  return log_probs


def sum_for_mean(original: Function) -> Function:
  return lambda self, log_w: original(self, log_w) * self.num_bounds


def interleaved(original: Function) -> Function:
  """Groups of every second sample, as from a wrong reshape."""
  return lambda self, log_w: original(
    self, tf.concat([log_w[::2], log_w[1::2]], 0)
  )


def no_ratio(original: Function) -> Function:
  del original
  return lambda numerator, denominator: tf.ones_like(numerator)


def plus_log_k(original: Function) -> Function:
  return lambda log_w: tf.reduce_logsumexp(log_w, 0)


def not_divided(original: Function) -> Function:
  return lambda self, log_w: original(self, log_w) * (1 - self.alpha)
