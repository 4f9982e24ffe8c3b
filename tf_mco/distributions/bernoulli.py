"""Bernoulli with floating samples, and the logits of any Bernoulli."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics


class Bernoulli(tfd.Bernoulli):
  """A Bernoulli distribution whose samples have the dtype of its logits.

  The distribution of one bit x is given by its logit l = log(p / (1 - p)):

    log p(x) = l x - softplus(l),  in nats.

  Use this class for binary latent variables and binary pixels. The log-density
  takes one pass over the logits where `tfd.Bernoulli` takes two, and scores
  values between 0 and 1 as well. Samples are 0.0 and 1.0 in the dtype of the
  logits, so that a network can multiply them.

  Samples carry no gradient, because they are discrete. Estimators such as
  `vimco` and `disarm` exist for them.

  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> q = distributions.Bernoulli(tf.constant([-1.0, 0.0, 2.0]))
    >>> q.sample([5], seed=1).shape
    TensorShape([5, 3])
    >>> print(q.log_prob([1.0, 1.0, 0.0]).numpy().round(2))
    [-1.31 -0.69 -2.13]
  """

  def __init__(self, logits: types.TensorLike, name: str = 'Bernoulli'):
    """Makes the distribution.

    Args:
      logits: `[...]`, any real numbers. The gradient of `log_prob` flows to the
        logits.
      name: the name of the distribution.
    """
    parameter_checks.floating('Bernoulli', logits=logits)
    parameters = {'logits': logits, 'name': name}
    logits = parameter_checks.kept_or_tensor(logits)
    super().__init__(logits=logits, dtype=logits.dtype, name=name)
    self._parameters = parameters

  @classmethod
  def _parameter_properties(
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    return {'logits': tfp_util.ParameterProperties()}

  def _sample_n(
    self, n: int | tf.Tensor, seed: types.Seed | None = None
  ) -> tf.Tensor:
    logits = tf.convert_to_tensor(self.logits)
    shape = tf.concat([[n], tf.shape(logits)], 0)
    words = random.words(shape, dtype=logits.dtype, seed=seed)
    return tf.cast(words < bernoulli_numerics.threshold(logits), logits.dtype)

  def _log_prob(self, value: tf.Tensor) -> tf.Tensor:
    logits = tf.convert_to_tensor(self.logits)
    return bernoulli_numerics.log_prob(tf.cast(value, logits.dtype), logits)


def logits_of(distribution: tfd.Bernoulli) -> tf.Tensor:
  """Returns the logits of a Bernoulli given by logits or by probabilities.

  Where a probability has rounded to 0 or 1, its logit would be infinite. The
  result there is the finite logit of a probability next to it.

  Args:
    distribution: a `tfd.Bernoulli` or a subclass, not wrapped in
      `tfd.Independent`. The gradient flows to its parameter.
  """
  if distribution.logits is not None:
    return tf.convert_to_tensor(distribution.logits)
  probs = tf.convert_to_tensor(distribution.probs)
  # Probabilities are dense near 0 and not near 1, where the spacing is eps.
  rounding = np.finfo(probs.dtype.as_numpy_dtype).eps
  probs = tf.clip_by_value(probs, rounding**2, 1 - rounding)
  return tf.math.log(probs) - tf.math.log1p(-probs)
