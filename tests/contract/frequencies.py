"""Checks of `estimator.draw`: sampled draws against enumerated ones.

They use Pearson's chi-square with a fixed seed. A right sampler fails one run
in a million, whatever the seed, and a wrong one fails all of them.
"""

from __future__ import annotations

import numpy as np
import scipy.stats
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import binary_problems

_FALSE_ALARM = 1e-6
_DRAWS_PER_EXAMPLE = 1 << 15
# Rarer draws are counted together.
_MIN_EXPECTED = 8


def check_draw_frequencies(case: table.Case) -> None:
  """The parts of a draw have the enumerated joint distribution."""
  outcomes, num_examples = case.outcomes, case.problem.num_examples
  sampled_example, draws = _sample(case)
  keys = _keys(outcomes.source, outcomes.example)
  sampled = _keys(draws, sampled_example)
  unique, index = np.unique(keys, return_inverse=True)
  expected = np.bincount(index, outcomes.probability) * _DRAWS_PER_EXAMPLE
  position = np.searchsorted(unique, sampled).clip(max=len(unique) - 1)
  assert (unique[position] == sampled).all(), 'a draw of probability zero'
  observed = np.bincount(position, minlength=len(unique))
  p_value = _chi_square(observed, expected, num_examples)
  assert p_value > _FALSE_ALARM, f'draws are not as enumerated: p={p_value}'


def check_uniform(case: table.Case) -> None:
  """The numbers behind a pair are uniform and give both of its halves."""
  example, draws = _sample(case)
  for layer, (path, tilde, u) in enumerate(draws.pairs):
    p_value = scipy.stats.kstest(u.ravel(), 'uniform').pvalue
    assert p_value > _FALSE_ALARM, f'not uniform: p={p_value}'
    for z, z_tilde in zip(path[:layer], tilde[:layer], strict=True):
      np.testing.assert_array_equal(z, z_tilde)
    logits = case.problem.logits_of_path(example, path[: layer + 1])[layer]
    # The same sigmoid as production's: u may lie that near to it.
    s = tf.sigmoid(tf.constant(logits)).numpy()
    np.testing.assert_array_equal(path[layer], u > 1 - s)
    np.testing.assert_array_equal(tilde[layer], u < s)


def _sample(case: table.Case) -> tuple[np.ndarray, binary_problems.Draws]:
  """Returns 2^15 draws of each example, and which example each belongs to."""
  problem = case.problem
  example = np.repeat(np.arange(problem.num_examples), _DRAWS_PER_EXAMPLE)
  parameters = problem.rows(example)
  posterior = problem.posterior(parameters)
  log_joint = problem.log_joint(parameters)
  draw = case.estimator.draw(log_joint, posterior, seed=2006)
  return example, problem.source(draw)


def _keys(draws: binary_problems.Draws, example: np.ndarray) -> np.ndarray:
  """Returns `[R]`, one integer per example and binary content of a draw."""
  tensors: list[np.ndarray] = []
  for pair in draws.pairs:
    tensors += [*pair.path, *pair.antithetic]
  key = example.astype(np.int64)
  for values in tensors or draws.samples:
    assert np.isin(values, (0, 1)).all(), 'samples are not binary'
    for sample in values.astype(np.int64):
      for bit in sample.T:
        key = 2 * key + bit
  return key


def _chi_square(
  observed: np.ndarray, expected: np.ndarray, num_examples: int
) -> float:
  """Returns the p-value; each example has its own total."""
  rare = expected < _MIN_EXPECTED
  groups = np.where(rare, -1, np.arange(len(expected)))
  _, index = np.unique(groups, return_inverse=True)
  observed = np.bincount(index, observed)
  expected = np.bincount(index, expected)
  statistic = ((observed - expected) ** 2 / expected).sum()
  return scipy.stats.chi2.sf(statistic, len(expected) - num_examples)
