"""Bernoulli with floating samples, philox and one pass to score."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics


class Bernoulli(tfd.Bernoulli):
  """`tfd.Bernoulli` whose samples have the dtype of its logits.

  The log-density is logits * x - softplus(logits), nats: one pass over the
  logits where TFP makes two, and it scores values in [0, 1] as well.
  """

  def __init__(self, logits: Any, name: str = 'Bernoulli'):
    """Makes the distribution from logits of any shape."""
    parameters = {'logits': logits, 'name': name}
    logits = tf.convert_to_tensor(logits)
    super().__init__(logits=logits, dtype=logits.dtype, name=name)
    self._parameters = parameters

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return {'logits': tfp_util.ParameterProperties()}

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    logits = tf.convert_to_tensor(self.logits)
    shape = tf.concat([[n], tf.shape(logits)], 0)
    u = random.uniform(shape, dtype=logits.dtype, seed=seed)
    return tf.cast(u < tf.sigmoid(logits), logits.dtype)

  def _log_prob(self, value: tf.Tensor) -> tf.Tensor:
    logits = tf.convert_to_tensor(self.logits)
    return bernoulli_numerics.log_prob(tf.cast(value, logits.dtype), logits)
