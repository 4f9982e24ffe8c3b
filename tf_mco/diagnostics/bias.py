"""Tests that two gradient estimates have the same expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import statistics
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.diagnostics import gradient_source as gradient_source_lib
from tf_mco.diagnostics import moments
from tf_mco.ops import checks

# The mean of fewer draws is not close enough to normal for a z-score.
_FEWEST_DRAWS = 100
# Units in the last place of the mean gradient by which two correct computations
# may differ. Without this floor, many draws of little variance would resolve
# the rounding errors.
_ROUNDING = 16

# Exact gradients: for each group an array for each variable.
Exact: TypeAlias = Mapping[str, Sequence[np.ndarray]]


class BiasCheck(NamedTuple):
  """Differences between the means of two gradient estimates, by group.

  Attributes:
    z: The difference of each entry of the gradient, in standard errors.
    difference: The mean of first - second for each entry, in nats.
    mean_entry_z: The z-score of the difference averaged over the entries of a
      group. This score, which the check of the original uses, is strong against
      an error of one sign and blind to errors that cancel.
    max_abs_z: The largest |z| of all entries and mean entries.
    threshold: The bound that the largest |z| of an unbiased pair exceeds with
      the probability `false_alarm_rate`, at most.
    false_alarm_rate: The probability that the whole check fails for an unbiased
      pair, at most.
    num_draws: The number of draws of each gradient.
    passed: Whether `max_abs_z` is at most `threshold`.
  """

  z: dict[str, tuple[np.ndarray, ...]]
  difference: dict[str, tuple[np.ndarray, ...]]
  mean_entry_z: dict[str, float]
  max_abs_z: float
  threshold: float
  false_alarm_rate: float
  num_draws: int
  passed: bool


def bias_check(
  first: gradient_source_lib.GradientSource,
  second: gradient_source_lib.GradientSource | Exact,
  *,
  num_draws: int = 10_000,
  false_alarm_rate: float = 1e-3,
  jit_compile: bool = True,
  seed: types.Seed,
) -> BiasCheck:
  """Compares the mean of a gradient estimate with another, entry by entry.

  The z-score of an entry with the differences d[1], ..., d[N] is

    z = mean(d) / sqrt(var(d) / N).

  Warning: the check may miss a bias of fewer than about `threshold` standard
  errors, and a bias that comes from rare large values that were never drawn.

  Args:
    first: The gradient estimate that is checked.
    second: A gradient estimate of the same groups that is known to be unbiased,
      or the exact gradients, arrays by group. The draws of `second` are
      independent of those of `first`.
    num_draws: The number of draws of each gradient, at least 100.
    false_alarm_rate: The probability that any z-score of an unbiased pair
      exceeds the threshold, at most (Bonferroni, normal approximation).
    jit_compile: Whether XLA compiles the loop over draws.
    seed: An integer or an int32 `[2]` tensor; draw i comes from (seed, i).
  Returns:
    The z-scores, and whether all of them are within the threshold.
  Raises:
    ValueError: If the groups or shapes differ, or a variable gets no gradient.

  Reference: the check in the code of the authors of DisARM, Dong, Mnih and
    Tucker (2020), arXiv:2006.10680, which scores the mean entry alone.

  #### Example

  The exact gradient of E[z^2], z ~ N(mu, 1), is 2 mu.

  >>> import numpy as np
  >>> import tensorflow as tf
  >>> import tf_mco
  >>> mu = tf.Variable([1.0])
  >>> def loss(seed):
  ...   noise = tf_mco.random.normal([1], dtype=tf.float32, seed=seed)
  ...   return (mu + noise) ** 2
  >>> source = tf_mco.diagnostics.GradientSource(loss, {'mu': [mu]})
  >>> options = {'num_draws': 1000, 'jit_compile': False, 'seed': 1}
  >>> exact, wrong = {'mu': [np.array([2.0])]}, {'mu': [np.array([3.0])]}
  >>> tf_mco.diagnostics.bias_check(source, exact, **options).passed
  True
  >>> tf_mco.diagnostics.bias_check(source, wrong, **options).passed
  False
  """
  num_draws = checks.at_least('num_draws', num_draws, _FEWEST_DRAWS)
  false_alarm_rate = checks.between('false_alarm_rate', false_alarm_rate, 0, 1)
  gradient_source_lib.check(first)
  preserved = list(first.preserved)
  if isinstance(second, gradient_source_lib.GradientSource):
    preserved += second.preserved
  draw, like = _difference(first, second)
  sampler = moments.Sampler(draw, like, jit_compile=jit_compile)
  with gradient_source_lib.preserve(preserved):
    differences = moments.merge(moments.batches(sampler, num_draws, seed=seed))
  return _scores(first, differences, false_alarm_rate)


def _difference(
  first: gradient_source_lib.GradientSource,
  second: gradient_source_lib.GradientSource | Exact,
) -> tuple[moments.DrawFn, list[tf.TensorSpec]]:
  """Returns the function whose values are averaged over the draws.

  Its values, whose specs come second, are the differences of all entries, the
  second gradients, and the differences averaged over the entries of each group.
  """
  like = first.specs()
  if isinstance(second, gradient_source_lib.GradientSource):
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
  first: gradient_source_lib.GradientSource, others: Mapping[str, Sequence]
) -> None:
  if not isinstance(others, Mapping):
    raise ValueError(
      '`second` must be a GradientSource, or a dictionary of exact gradients '
      f'by group. Received: {others!r}'
    )
  expected = {n: [tuple(v.shape) for v in g] for n, g in first.groups.items()}
  received = {n: [tuple(np.shape(v)) for v in g] for n, g in others.items()}
  if expected != received:
    raise ValueError(
      'Both gradients must have the same groups and shapes. Expected: '
      f'{expected}. Received: {received}'
    )


def _scores(
  gradient_source: gradient_source_lib.GradientSource,
  drawn: moments.Moments,
  false_alarm_rate: float,
) -> BiasCheck:
  """Returns the scores of the moments of `_difference`."""
  size = len(gradient_source.variables())
  errors = [np.sqrt(v / drawn.num_draws) for v in drawn.variances()]
  floors = [
    _ROUNDING * np.finfo(spec.dtype.as_numpy_dtype).eps * np.abs(mean)
    for spec, mean in zip(
      gradient_source.specs(), drawn.means[size : 2 * size], strict=True
    )
  ]
  floors += [0.0] * size  # of the second gradients, which are not scored
  floors += [
    max(float(np.max(floor)) for floor in members)
    for members in gradient_source.by_group(floors[:size]).values()
  ]
  z = [_z(*of) for of in zip(drawn.means, errors, floors, strict=True)]
  scored = np.concatenate([array.ravel() for array in z[:size] + z[2 * size :]])
  # Bonferroni: each of n two-sided tests gets the level rate / n. Asking for
  # the lower tail rather than for 1 - level is accurate for any n.
  threshold = -statistics.NormalDist().inv_cdf(
    false_alarm_rate / (2 * scored.size)
  )
  largest = float(np.max(np.abs(scored)))  # NaN, if any score is
  return BiasCheck(
    z=gradient_source.by_group(z[:size]),
    difference=gradient_source.by_group(drawn.means[:size]),
    mean_entry_z={
      name: float(score)
      for name, score in zip(gradient_source.groups, z[2 * size :], strict=True)
    },
    max_abs_z=largest,
    threshold=threshold,
    false_alarm_rate=false_alarm_rate,
    num_draws=drawn.num_draws,
    passed=largest <= threshold,
  )


def _z(
  difference: np.ndarray, error: np.ndarray, floor: np.ndarray | float
) -> np.ndarray:
  """Returns difference / error.

  The score is 0 where both estimates agree exactly, and infinite where they
  differ without any error, as deterministic gradients do.
  """
  with np.errstate(divide='ignore', invalid='ignore'):
    z = difference / np.hypot(error, floor)
  return np.where(difference == 0, 0.0, z)
