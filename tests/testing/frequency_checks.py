"""Checks of `estimator.draw`: sampled draws against enumerated ones.

Pearson's chi-square with a fixed seed; a right sampler fails one run in a
million, whatever the seed, and a wrong one fails all of them.
"""

from __future__ import annotations

import numpy as np
import scipy.stats
import tensorflow as tf

from tests.testing import forms
from tests.testing import rows
from tf_mco import types

_FALSE_ALARM = 1e-6
_DRAWS_PER_EXAMPLE = 1 << 15
# Rarer draws are counted together.
_MIN_EXPECTED = 8


def check_draw_frequencies(case: rows.Case) -> None:
  """All that a draw holds has the enumerated joint distribution."""
  outcomes = case.outcomes
  sampled_example, draw = _sample(case)
  keys = _keys(case, outcomes.draw, outcomes.example)
  sampled = _keys(case, draw, sampled_example)
  unique, index = np.unique(keys, return_inverse=True)
  expected = np.bincount(index, outcomes.probability) * _DRAWS_PER_EXAMPLE
  position = np.searchsorted(unique, sampled).clip(max=len(unique) - 1)
  assert (unique[position] == sampled).all(), 'a draw of probability zero'
  observed = np.bincount(position, minlength=len(unique))
  p_value = _chi_square(observed, expected, case.num_examples)
  assert p_value > _FALSE_ALARM, f'draws are not as enumerated: p={p_value}'


def check_uniform(case: rows.Case) -> None:
  """The numbers behind a pair are uniform and give both of its halves."""
  example, draw = _sample(case)
  parameters = case.problem.rows(example)
  for layer, pair in enumerate(draw.pairs):
    path, tilde, uniform = tf.nest.map_structure(
      lambda z: forms.from_event(case.form, z), tuple(pair)
    )
    u = uniform.numpy()
    p_value = scipy.stats.kstest(u.ravel(), 'uniform').pvalue
    assert p_value > _FALSE_ALARM, f'not uniform: p={p_value}'
    for z, z_tilde in zip(path[:layer], tilde[:layer], strict=True):
      np.testing.assert_array_equal(z, z_tilde)
    s = tf.sigmoid(case.problem.logits(parameters, path[:layer])).numpy()
    np.testing.assert_array_equal(path[layer], u > 1 - s)
    np.testing.assert_array_equal(tilde[layer], u < s)


def _sample(case: rows.Case) -> tuple[np.ndarray, types.Draw]:
  example = np.repeat(np.arange(case.num_examples), _DRAWS_PER_EXAMPLE)
  parameters = case.problem.rows(example)
  posterior = case.problem.posterior(parameters)
  log_joint = case.problem.log_joint(parameters)
  return example, case.estimator.draw(log_joint, posterior, seed=2006)


def _keys(case: rows.Case, draw: types.Draw, example: np.ndarray) -> np.ndarray:
  """Returns `[R]`, one integer per example and binary content of a draw."""
  if draw.pairs:
    tensors = [(pair.path, pair.antithetic) for pair in draw.pairs]
  else:
    tensors = draw.samples
  key = example.astype(np.int64)
  for tensor in tf.nest.flatten(tensors):
    values = forms.from_event(case.form, tensor).numpy()
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
