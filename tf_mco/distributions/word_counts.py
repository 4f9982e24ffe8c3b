"""Counts of independent words, given the probability of each word."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import parameter_checks


class WordCounts(tfd.Distribution):
  """The counts of the words of a document, drawn independently of each other.

  With a vocabulary of V words and the probability probs[v] of each word,

    log p(x) = sum_v x[v] log probs[v],  in nats.

  This is the probability of the words in their order, hence without the
  multinomial coefficient, as perplexities are reported. Use this class as the
  likelihood of a topic model.

  The number of words is not modelled, so that there is nothing to draw. `mean`
  is the mean of the counts of a single word.

  Example:
    >>> from tf_mco import distributions
    >>> words = distributions.WordCounts([0.5, 0.25, 0.25])
    >>> print(f'{words.log_prob([2.0, 1.0, 0.0]):.3f}')
    -2.773
  """

  def __init__(self, probs: types.TensorLike, name: str = 'WordCounts'):
    """Makes the distribution.

    Args:
      probs: `[..., V]`, non-negative numbers of sum 1. The gradient of
        `log_prob` flows to the probabilities.
      name: the name of the distribution.
    Raises:
      ValueError: for other numbers, as far as they are known.
    """
    parameter_checks.floating('WordCounts', probs=probs)
    parameter_checks.non_negative('WordCounts', probs=probs)
    parameters = {'probs': probs, 'name': name}
    self._probs = parameter_checks.kept_or_tensor(probs)
    if self._probs.shape.rank == 0:
      raise ValueError(
        '`probs` of WordCounts must be [..., V], one number for each word. '
        f'Received: probs={probs!r}'
      )
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
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    del dtype, num_classes
    return {'probs': tfp_util.ParameterProperties(event_ndims=1)}

  def _event_shape(self) -> tf.TensorShape:
    return self._probs.shape[-1:]

  def _event_shape_tensor(self) -> tf.Tensor:
    return tf.shape(self._probs)[-1:]

  def _mean(self) -> tf.Tensor:
    return tf.convert_to_tensor(self._probs)

  def _log_prob(self, counts: tf.Tensor) -> tf.Tensor:
    # A word that does not occur contributes 0, and so does its derivative, also
    # where its probability is 0.
    return tf.reduce_sum(tf.math.xlogy(counts, self._probs), axis=-1)
