"""Mean and variance of a gradient estimate at fixed parameters."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np

from tf_mco import types
from tf_mco.diagnostics import gradient_source as gradient_source_lib
from tf_mco.diagnostics import moments


class GradientStatistics(NamedTuple):
  """Statistics of the gradient in one group of parameters, in nats.

  Attributes:
    means: The mean of each gradient, in the shapes of the variables and the
      order of the group.
    variances: The variance of each entry, in the same shapes.
    variance: The mean of `variances` over all entries of the group.
    standard_error: The standard error of `variance`, from the spread between
      batches of draws.
    total_variance: The sum of `variances` over all entries of the group.
    signal_to_noise: The norm of the mean gradient over the square root of
      `total_variance`. The noise that is left in the mean is subtracted, so
      that pure noise gives about 0.
    num_draws: The number of draws of the gradient.
    evaluations: The calls of log_joint per example and draw, if known.
  """

  means: tuple[np.ndarray, ...]
  variances: tuple[np.ndarray, ...]
  variance: float
  standard_error: float
  total_variance: float
  signal_to_noise: float
  num_draws: int
  evaluations: int | None


class GradientMeter:
  """Measures one `GradientSource` again and again, compiled once.

  The parameters may change between measurements, for instance by training. Use
  `gradient_statistics` for a single measurement.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> mu = tf.Variable([1.0])
  >>> def loss(seed):
  ...   noise = tf_mco.random.normal([1], dtype=tf.float32, seed=seed)
  ...   return (mu + noise) ** 2
  >>> meter = tf_mco.diagnostics.GradientMeter(
  ...   tf_mco.diagnostics.GradientSource(loss, {'mu': [mu]}),
  ...   jit_compile=False,
  ... )
  >>> before = meter(400, seed=1)['mu'].means[0]  # 2 mu = 2, but for noise
  >>> _ = mu.assign([3.0])
  >>> after = meter(400, seed=1)['mu'].means[0]
  >>> f'{float((after - before)[0]):.3f}'
  '4.000'
  """

  def __init__(
    self,
    gradient_source: gradient_source_lib.GradientSource,
    *,
    jit_compile: bool = True,
  ):
    """Makes the meter; see `gradient_statistics`."""
    gradient_source_lib.check(gradient_source)
    self.gradient_source = gradient_source
    self._sampler = moments.Sampler(
      gradient_source.gradients,
      gradient_source.specs(),
      jit_compile=jit_compile,
    )

  def __call__(
    self, num_draws: int, *, num_batches: int = 20, seed: types.Seed
  ) -> dict[str, GradientStatistics]:
    """Returns the statistics by group; see `gradient_statistics`."""
    by_group = self.gradient_source.by_group
    variances_by_batch: list[dict[str, float]] = []

    def with_variance_noted(part: moments.Moments) -> moments.Moments:
      variances_by_batch.append(
        {
          group: _mean_entry(arrays)
          for group, arrays in by_group(part.variances()).items()
        }
      )
      return part

    with gradient_source_lib.preserve(self.gradient_source.preserved):
      parts = moments.batches(self._sampler, num_draws, num_batches, seed=seed)
      total = moments.merge(map(with_variance_noted, parts))
    means, variances = by_group(total.means), by_group(total.variances())
    return {
      group: _statistics(
        means[group],
        variances[group],
        [batch[group] for batch in variances_by_batch],
        num_draws,
        self.gradient_source.evaluations,
      )
      for group in self.gradient_source.groups
    }


def _mean_entry(arrays: Sequence[np.ndarray]) -> float:
  return _sum(arrays) / sum(array.size for array in arrays)


def _sum(arrays: Sequence[np.ndarray]) -> float:
  return math.fsum(float(np.sum(array)) for array in arrays)


def _statistics(
  means: tuple[np.ndarray, ...],
  variances: tuple[np.ndarray, ...],
  variance_by_batch: list[float],
  num_draws: int,
  evaluations: int | None,
) -> GradientStatistics:
  total = _sum(variances)
  squared_norm = _sum([mean**2 for mean in means])
  if total:
    # The mean of N draws has the variance total / N, which adds to the squared
    # norm. The difference is unbiased for the squared norm of the true mean,
    # hence possibly negative.
    signal = max(squared_norm - total / num_draws, 0) / total
  else:
    signal = math.inf if squared_norm else math.nan
  return GradientStatistics(
    means=means,
    variances=variances,
    variance=_mean_entry(variances),
    standard_error=float(np.std(variance_by_batch, ddof=1))
    / math.sqrt(len(variance_by_batch)),
    total_variance=total,
    signal_to_noise=math.sqrt(signal),
    num_draws=num_draws,
    evaluations=evaluations,
  )


def gradient_statistics(
  gradient_source: gradient_source_lib.GradientSource,
  *,
  num_draws: int = 1000,
  num_batches: int = 20,
  jit_compile: bool = True,
  seed: types.Seed,
) -> dict[str, GradientStatistics]:
  """Returns mean and variance of a gradient estimate, by group.

  The gradient is that of the mean of the loss over the batch.

  Warning: a comparison of estimators that differ in `evaluations` is not fair;
  see `at_equal_evaluations`.

  Args:
    gradient_source: `GradientSource(loss, groups)` for any loss, or
      `model_source(model, x, estimator=...)`.
    num_draws: The number of independent draws of the gradient.
    num_batches: The number of batches of draws. The spread between batches
      gives the standard error.
    jit_compile: Whether XLA compiles the loop over draws.
    seed: An integer or an int32 `[2]` tensor; draw i comes from (seed, i).
  Raises:
    ValueError: If a variable gets no gradient, naming the variable; for a loss
      that is not `[B]`; for too few draws.

  #### Example

  Both estimates of the gradient of E[z^2], z ~ N(mu, 1), have the mean 2 mu.
  At mu = 0 the path estimate, 2 z, has the variance 4, and the score-function
  estimate, z^3, has the variance 15.

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> mu = tf.Variable([0.0])
  >>> def sample(seed):
  ...   return mu + tf_mco.random.normal([1], dtype=tf.float32, seed=seed)
  >>> def path(seed):
  ...   return sample(seed) ** 2
  >>> def score(seed):
  ...   z = tf.stop_gradient(sample(seed))
  ...   return z**2 * -0.5 * (z - mu) ** 2  # z^2 log q(z), but for a constant
  >>> variances = []
  >>> for loss in (path, score):
  ...   source = tf_mco.diagnostics.GradientSource(loss, {'mu': [mu]})
  ...   statistics = tf_mco.diagnostics.gradient_statistics(
  ...     source, num_draws=2000, jit_compile=False, seed=1
  ...   )
  ...   variances.append(statistics['mu'].variance)
  >>> 3.5 < variances[0] < 4.5, 10 < variances[1] < 20
  (True, True)
  """
  meter = GradientMeter(gradient_source, jit_compile=jit_compile)
  return meter(num_draws, num_batches=num_batches, seed=seed)
