"""Mean and variance of a gradient estimate at fixed parameters."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np

from tf_mco import types
from tf_mco.diagnostics import gradient_source as source_lib
from tf_mco.diagnostics import moments


class GradientStatistics(NamedTuple):
  """Of the gradient in one group of parameters, in nats per parameter.

  Arrays have the shapes of the variables, in the group's order.
  """

  means: tuple[np.ndarray, ...]
  variances: tuple[np.ndarray, ...]
  variance: float  # the mean of `variances` over all entries
  standard_error: float  # of `variance`, from the spread between batches
  total_variance: float  # the sum of `variances`
  # The norm of the mean gradient over the square root of `total_variance`;
  # the noise that is left in the mean is subtracted, so that pure noise gives
  # about 0.
  signal_to_noise: float
  num_draws: int
  evaluations: int | None  # calls of log_joint per example and draw


class GradientMeter:
  """Measures one source again and again, compiled once.

  The parameters may change between measurements.
  """

  def __init__(
    self, source: source_lib.GradientSource, *, jit_compile: bool = True
  ):
    """Makes the meter; see `gradient_statistics`."""
    source_lib.check(source)
    self.source = source
    self._sampler = moments.Sampler(
      source.gradients, source.specs(), jit_compile=jit_compile
    )

  def __call__(
    self, num_draws: int, *, num_batches: int = 20, seed: types.Seed
  ) -> dict[str, GradientStatistics]:
    """Returns the statistics by group; see `gradient_statistics`."""
    by_batch: list[dict[str, float]] = []

    def noted(part: moments.Moments) -> moments.Moments:
      grouped = self.source.by_group(part.variances())
      by_batch.append({n: _mean_entry(arrays) for n, arrays in grouped.items()})
      return part

    with source_lib.preserve(self.source.preserved):
      parts = moments.batches(self._sampler, num_draws, num_batches, seed=seed)
      total = moments.merge(map(noted, parts))
    means = self.source.by_group(total.means)
    variances = self.source.by_group(total.variances())
    return {
      group: _statistics(
        means[group],
        variances[group],
        [batch[group] for batch in by_batch],
        num_draws,
        self.source.evaluations,
      )
      for group in self.source.groups
    }


def _mean_entry(arrays: Sequence[np.ndarray]) -> float:
  return _sum(arrays) / sum(array.size for array in arrays)


def _sum(arrays: Sequence[np.ndarray]) -> float:
  return math.fsum(float(np.sum(array)) for array in arrays)


def _statistics(
  means: tuple[np.ndarray, ...],
  variances: tuple[np.ndarray, ...],
  by_batch: list[float],
  num_draws: int,
  evaluations: int | None,
) -> GradientStatistics:
  total = _sum(variances)
  squared_norm = _sum([mean**2 for mean in means])
  if total:
    # Unbiased for the squared norm, hence possibly negative.
    signal = max(squared_norm - total / num_draws, 0) / total
  else:
    signal = math.inf if squared_norm else math.nan
  return GradientStatistics(
    means=means,
    variances=variances,
    variance=_mean_entry(variances),
    standard_error=float(np.std(by_batch, ddof=1)) / math.sqrt(len(by_batch)),
    total_variance=total,
    signal_to_noise=math.sqrt(signal),
    num_draws=num_draws,
    evaluations=evaluations,
  )


def gradient_statistics(
  source: source_lib.GradientSource,
  *,
  num_draws: int = 1000,
  num_batches: int = 20,
  jit_compile: bool = True,
  seed: types.Seed,
) -> dict[str, GradientStatistics]:
  """Returns mean and variance of a gradient estimate, by group.

  The gradient is that of the mean of the loss over the batch; estimators that
  differ in `evaluations` are not compared fairly.

  Args:
    source: `GradientSource(loss, groups)` for any loss, or
      `model_source(model, x, estimator=...)`.
    num_draws: independent draws of the gradient.
    num_batches: of draws, whose spread gives the standard error.
    jit_compile: whether XLA compiles the loop over draws.
    seed: draw i comes from (seed, i).
  Raises:
    ValueError: if a variable gets no gradient, naming it; for a loss that is
      not `[B]`; for too few draws.
  """
  meter = GradientMeter(source, jit_compile=jit_compile)
  return meter(num_draws, num_batches=num_batches, seed=seed)
