"""The weights of a mixture, also where a probability has underflowed to 0.

Weights given by logits are handled as logarithms. The logarithm of a
probability of 0 would be -inf, whose gradient times 0 is NaN, so that weights
given by probabilities are multiplied as they are. The gradient in a probability
of 0 is then the limit of the gradient in small probabilities.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tf_mco._tfp import tfd


def weights(mixture: tfd.Categorical) -> tf.Tensor:
  """Returns the normalized weights, `[..., K]`.

  Args:
    mixture: given by logits or by probabilities. The gradient flows to the
      parameter that was given.
  """
  if mixture.logits is not None:
    return tf.nn.softmax(tf.convert_to_tensor(mixture.logits), axis=-1)
  probs = tf.convert_to_tensor(mixture.probs)
  return probs / tf.reduce_sum(probs, axis=-1, keepdims=True)


def log_mean(mixture: tfd.Categorical, log_values: tf.Tensor) -> tf.Tensor:
  """Returns the log of the weighted mean of values, `[...]`.

  Args:
    mixture: as in `weights`.
    log_values: `[..., K]`, the logarithms of the values of the components.
      Gradients flow to the logarithms and to the weights.
  """
  if mixture.logits is not None:
    log_weights = tf.math.log_softmax(tf.convert_to_tensor(mixture.logits), -1)
    return tf.reduce_logsumexp(log_weights + log_values, axis=-1)
  probs = weights(mixture)
  (ratios, shift) = _ratios(probs, log_values, axis=-1)
  total = tf.reduce_sum(probs * ratios, axis=-1)
  # Where no component has any density, the value is -inf and has no gradient.
  none = total == 0
  log_total = tf.math.log(tf.where(none, tf.ones_like(total), total))
  nothing = tf.constant(-math.inf, total.dtype)
  return tf.where(none, nothing, log_total + tf.squeeze(shift, -1))


def posterior(
  mixture: tfd.Categorical, log_values: tf.Tensor, axis: int
) -> tf.Tensor:
  """Returns the probabilities of the components after they were weighted.

  Args:
    mixture: as in `weights`.
    log_values: `[..., K, D]`, log-likelihoods of the components, finite for at
      least one component of positive weight.
    axis: the axis of the components, -2.
  Returns:
    `[..., K, D]`, of sum 1 over the components.
  """
  if mixture.logits is not None:
    logits = tf.expand_dims(tf.convert_to_tensor(mixture.logits), -1)
    return tf.nn.softmax(logits + log_values, axis=axis)
  probs = tf.expand_dims(weights(mixture), -1)
  products = probs * _ratios(probs, log_values, axis)[0]
  return products / tf.reduce_sum(products, axis=axis, keepdims=True)


def _ratios(
  probs: tf.Tensor, log_values: tf.Tensor, axis: int
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns exp(log_values - shift) and the shift.

  The largest product of a probability and its ratio is 1.
  """
  zero = probs == 0
  log_probs = tf.math.log(tf.where(zero, tf.ones_like(probs), probs))
  nothing = tf.constant(-math.inf, probs.dtype)
  log_products = tf.where(zero, nothing, log_probs + log_values)
  # Serves all parameters: the shift is subtracted and added again.
  shift = tf.stop_gradient(tf.reduce_max(log_products, axis, keepdims=True))
  shift = tf.where(tf.math.is_inf(shift), tf.zeros_like(shift), shift)
  # A component of probability 0 may have a larger ratio than any number.
  limit = math.log(float(np.finfo(probs.dtype.as_numpy_dtype).max)) - 8
  return tf.exp(tf.minimum(log_values - shift, limit)), shift
