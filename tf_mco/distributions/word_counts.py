"""Counts of independent words, given the probability of each word."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco._tfp import util


class WordCounts(tfd.Distribution):
  """Counts of independent words: log p(x) = sum_v x[v] log probs[v].

  The probability of the words in their order, hence without the multinomial
  coefficient, as perplexities are reported. The number of words is given, not
  modelled: there is nothing to draw. `mean` is that of one word.
  """

  def __init__(self, probs: Any, name: str = 'WordCounts'):
    """Makes the distribution.

    Args:
      probs: `[..., V]`, non-negative, of sum 1; gradients flow to them.
      name: of the distribution.
    """
    parameters = {'probs': probs, 'name': name}
    self._probs = tf.convert_to_tensor(probs)
    super().__init__(
      dtype=self._probs.dtype,
      reparameterization_type=tfd.NOT_REPARAMETERIZED,
      validate_args=False,
      allow_nan_stats=True,
      parameters=parameters,
      name=name,
    )

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    del dtype, num_classes
    return {'probs': util.ParameterProperties(event_ndims=1)}

  def _event_shape(self) -> tf.TensorShape:
    return self._probs.shape[-1:]

  def _event_shape_tensor(self) -> tf.Tensor:
    return tf.shape(self._probs)[-1:]

  def _mean(self) -> tf.Tensor:
    return self._probs

  def _log_prob(self, counts: tf.Tensor) -> tf.Tensor:
    # 0 log 0 is 0, and so is its derivative: a word that is not there.
    return tf.reduce_sum(tf.math.xlogy(counts, self._probs), axis=-1)
