"""Whether two gradient estimates have the same expectation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import statistics
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.diagnostics import gradient_source as source_lib
from tf_mco.diagnostics import moments

# z-scores of fewer draws are not normal.
_FEWEST_DRAWS = 100
# Units in the last place of the mean gradient that two correct computations
# may differ by. Many draws of little variance would otherwise resolve them.
_ROUNDING = 16

Exact = Mapping[str, Sequence[np.ndarray]]


class BiasCheck(NamedTuple):
  """Differences between the means of two gradient estimates, by group."""

  z: dict[str, tuple[np.ndarray, ...]]  # per entry, in standard errors
  difference: dict[str, tuple[np.ndarray, ...]]  # first - second, nats
  # z of the difference averaged over a group's entries, the original's check:
  # strong against an error of one sign, blind to errors that cancel.
  mean_entry_z: dict[str, float]
  max_abs_z: float  # of all entries and mean entries
  threshold: float  # that an unbiased pair exceeds at `false_alarm_rate`
  false_alarm_rate: float  # of the whole check
  num_draws: int
  passed: bool


def bias_check(
  first: source_lib.GradientSource,
  second: source_lib.GradientSource | Exact,
  *,
  num_draws: int = 10_000,
  false_alarm_rate: float = 1e-3,
  jit_compile: bool = True,
  seed: types.Seed,
) -> BiasCheck:
  """Compares the mean of a gradient estimate with another, entry by entry.

  Args:
    first: what is checked.
    second: an estimate known to be unbiased, of the same groups; or the exact
      gradients, arrays by group. Its draws are independent of the first's.
    num_draws: of each.
    false_alarm_rate: the probability that any z-score of an unbiased pair
      exceeds the threshold, at most (Bonferroni, normal approximation).
    jit_compile: whether XLA compiles the loop over draws.
    seed: draw i comes from (seed, i).
  Returns:
    z-scores. The same number of draws may miss a bias of fewer than about
    `threshold` standard errors, and rare large values that were never drawn.
  Raises:
    ValueError: if the groups or shapes differ, or a variable gets no gradient.
  Reference: the check in the DisARM authors' code, Dong, Mnih and Tucker
    (2020), arXiv:2006.10680, which scores the mean entry alone.
  """
  if num_draws < _FEWEST_DRAWS or not 0 < false_alarm_rate < 1:
    raise ValueError(
      f'Expected num_draws >= {_FEWEST_DRAWS} and a false_alarm_rate between '
      f'0 and 1. Received: num_draws={num_draws}, '
      f'false_alarm_rate={false_alarm_rate}'
    )
  source_lib.check(first)
  preserved = list(first.preserved)
  if isinstance(second, source_lib.GradientSource):
    preserved += second.preserved
  draw, like = _difference(first, second)
  sampler = moments.Sampler(draw, like, jit_compile=jit_compile)
  with source_lib.preserve(preserved):
    found = moments.merge(moments.batches(sampler, num_draws, seed=seed))
  return _scores(first, found, false_alarm_rate)


def _difference(
  first: source_lib.GradientSource,
  second: source_lib.GradientSource | Exact,
) -> tuple[Callable, list[tf.TensorSpec]]:
  """Returns a function to differences, second gradients, and mean entries."""
  like = first.specs()
  if isinstance(second, source_lib.GradientSource):
    _require_same(first, second.groups)
    second_gradients = second.gradients
  else:
    _require_same(first, second)
    exact = [np.asarray(g) for name in first.groups for g in second[name]]

    def second_gradients(seed: tf.Tensor) -> list[tf.Tensor]:
      del seed
      return [
        tf.constant(g, spec.dtype) for g, spec in zip(exact, like, strict=True)
      ]

  def draw(seed: tf.Tensor) -> list[tf.Tensor]:
    seeds = random.split(seed, 2)
    others = second_gradients(seeds[1])
    pairs = zip(first.gradients(seeds[0]), others, strict=True)
    differences = [ours - other for ours, other in pairs]
    mean_entries = [
      tf.add_n([tf.reduce_sum(d) for d in members])
      / sum(d.shape.num_elements() for d in members)
      for members in first.by_group(differences).values()
    ]
    return differences + others + mean_entries

  leaders = [members[0] for members in first.by_group(like).values()]
  return draw, 2 * like + [tf.TensorSpec([], s.dtype) for s in leaders]


def _require_same(
  first: source_lib.GradientSource, others: Mapping[str, Sequence]
) -> None:
  expected = {n: [tuple(v.shape) for v in g] for n, g in first.groups.items()}
  received = {
    n: [tuple(v.shape) if hasattr(v, 'shape') else np.shape(v) for v in g]
    for n, g in others.items()
  }
  if expected != received:
    raise ValueError(
      'Both gradients must have the same groups and shapes. Expected: '
      f'{expected}. Received: {received}'
    )


def _scores(
  source: source_lib.GradientSource,
  found: moments.Moments,
  false_alarm_rate: float,
) -> BiasCheck:
  size = len(source.variables())
  errors = [np.sqrt(v / found.num_draws) for v in found.variances()]
  floors = [
    _ROUNDING * np.finfo(spec.dtype.as_numpy_dtype).eps * np.abs(mean)
    for spec, mean in zip(
      source.specs(), found.means[size : 2 * size], strict=True
    )
  ]
  floors += [0.0] * size  # of the second gradients, which are not scored
  floors += [
    max(float(np.max(floor)) for floor in members)
    for members in source.by_group(floors[:size]).values()
  ]
  z = [_z(*of) for of in zip(found.means, errors, floors, strict=True)]
  scored = np.concatenate([array.ravel() for array in z[:size] + z[2 * size :]])
  # The tail itself, not its complement: accurate for any number of entries.
  threshold = -statistics.NormalDist().inv_cdf(
    false_alarm_rate / (2 * scored.size)
  )
  largest = float(np.max(np.abs(scored)))  # NaN, if any score is
  return BiasCheck(
    z=source.by_group(z[:size]),
    difference=source.by_group(found.means[:size]),
    mean_entry_z={
      name: float(score)
      for name, score in zip(source.groups, z[2 * size :], strict=True)
    },
    max_abs_z=largest,
    threshold=threshold,
    false_alarm_rate=false_alarm_rate,
    num_draws=found.num_draws,
    passed=largest <= threshold,
  )


def _z(
  difference: np.ndarray, error: np.ndarray, floor: np.ndarray | float
) -> np.ndarray:
  """Returns difference / error, 0 where they agree, infinite without error."""
  with np.errstate(divide='ignore', invalid='ignore'):
    z = difference / np.hypot(error, floor)
  return np.where(difference == 0, 0.0, z)
