"""Known bounds, gradients and variances, computed by other programs.

Obtained with numpy, scipy and mpmath, independently of this library.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import enumeration
from tests.testing import exact
from tests.testing import moments
from tests.testing import problems
import tf_mco

# f(b) = (b - 0.49)^2 of one Bernoulli variable.
_LOGITS = [-4.0, -2.0, -0.5, 0.0, 1.0, 3.0]
_TRUE_GRADIENT = [
  3.532541243e-4,
  2.099871708e-3,
  4.700074244e-3,
  5.0e-3,
  3.932238665e-3,
  9.035331946e-4,
]
_VARIANCES = {
  'reinforce': [
    1.191614667e-3,
    6.973412145e-3,
    1.498879331e-2,
    1.56375025e-2,
    1.184780663e-2,
    2.624962155e-3,
  ],
  'reinforce_loo': [
    3.407752766e-6,
    1.658925589e-5,
    2.491004454e-5,
    2.5e-5,
    2.385988573e-5,
    8.218959712e-6,
  ],
  'arm': [
    3.344603645e-6,
    1.419906709e-5,
    1.075291933e-5,
    8.333333333e-6,
    1.458129353e-5,
    7.7975626e-6,
  ],
  'disarm': [
    3.344215738e-6,
    1.408614746e-5,
    7.165352806e-6,
    0.0,
    1.328446717e-5,
    7.790451205e-6,
  ],
}


def _square(
  parameters: problems.Parameters, path: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  del parameters
  return tf.reduce_sum((path[0] - 0.49) ** 2, -1)


def _draws(
  name: str, problem: problems.Problem, count: int
) -> enumeration.Outcomes:
  if name in ('reinforce', 'reinforce_loo', 'vimco'):
    return enumeration.independent(problem, count)
  return enumeration.antithetic(problem, count, nodes=2 if name == 'arm' else 1)


@pytest.mark.parametrize('name', _VARIANCES)
def test_one_variable(name: str) -> None:
  logits = np.array(_LOGITS)[:, None]
  problem = problems.table(logits, np.ones([len(logits), 2]))
  draws = _draws(name, problem, 2 if name == 'reinforce_loo' else 1)
  estimator = tf_mco.get_estimator(name)
  found = moments.moments(estimator, problem, draws, _square)
  gradient, variance = found.mean['logits'], found.variance['logits']
  np.testing.assert_allclose(gradient[:, 0], _TRUE_GRADIENT, rtol=6e-10)
  np.testing.assert_allclose(
    variance[:, 0], _VARIANCES[name], rtol=6e-10, atol=1e-25
  )


def _two_bits() -> problems.Problem:
  return problems.table([[-0.4, 0.9]], [[0.05, 0.2, 0.1, 0.15]])


def _near(found: object, expected: object) -> None:
  np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_two_bits_bounds() -> None:
  elbo, iwae = exact.elbo(_two_bits()), exact.iwae(_two_bits(), 3)
  _near(elbo.value, [-0.9516062345])
  _near(elbo.gradient['logits'], [[0.2616377754, -0.1233971193]])
  _near(iwae.value, [-0.8154244716])
  _near(iwae.gradient['logits'], [[0.1340192095, -0.0940353998]])


@pytest.mark.parametrize(
  ('name', 'options', 'count', 'mean', 'variance'),
  [
    (
      'reinforce_loo',
      {'num_samples': 3},
      3,
      [0.2616377754, -0.1233971193],
      [0.0455683609, 0.0612787804],
    ),
    (
      'disarm',
      {},
      1,
      [0.2616377754, -0.1233971193],
      [0.0412667521, 0.1123565862],
    ),
    (
      'vimco',
      {'num_samples': 3, 'baseline': 'geometric'},
      3,
      [0.1340192095, -0.0940353998],
      [0.0668630121, 0.0510403646],
    ),
    (
      'vimco',
      {'num_samples': 3, 'baseline': 'arithmetic'},
      3,
      [0.1340192095, -0.0940353998],
      [0.0838040381, 0.0627957515],
    ),
  ],
)
def test_two_bits(
  name: str,
  options: dict[str, object],
  count: int,
  mean: list[float],
  variance: list[float],
) -> None:
  problem = _two_bits()
  draws = _draws(name, problem, count)
  found = moments.moments(tf_mco.get_estimator(name, **options), problem, draws)
  _near(found.mean['logits'], [mean])
  _near(found.variance['logits'], [variance])


def _one_bit() -> problems.Problem:
  return problems.table([[-0.4]], [[0.2, 0.05]])


@pytest.mark.parametrize(
  ('num_samples', 'bound', 'gradient'),
  [
    (1, -1.4922347579, -0.2369678187),
    (2, -1.4360299818, -0.1161447209),
    (3, -1.4179365480, -0.0732326947),
  ],
)
def test_one_bit_bounds(
  num_samples: int, bound: float, gradient: float
) -> None:
  problem = _one_bit()
  result = exact.iwae(problem, num_samples)
  _near(result.value, [bound])
  _near(result.gradient['logits'], [[gradient]])
  estimator = tf_mco.get_estimator('local_disarm', num_pairs=num_samples)
  draws = enumeration.antithetic(problem, num_samples)
  found = moments.moments(estimator, problem, draws)
  _near(found.bound, [bound])
  _near(found.mean['logits'], [[gradient]])


@pytest.mark.parametrize(
  ('name', 'options', 'variance'),
  [
    ('vimco', {'num_samples': 2, 'baseline': 'geometric'}, 0.1576377041),
    ('vimco', {'num_samples': 2, 'baseline': 'arithmetic'}, 0.1576377041),
    ('local_disarm', {'num_pairs': 2}, 0.1695100588),
    ('local_disarm', {'num_pairs': 2, 'symmetrized': True}, 0.0590041960),
  ],
)
def test_one_bit_two_samples(
  name: str, options: dict[str, object], variance: float
) -> None:
  problem = _one_bit()
  draws = _draws(name, problem, 2)
  estimator = tf_mco.get_estimator(name, **options)
  found = moments.moments(estimator, problem, draws)
  _near(found.mean['logits'], [[-0.1161447209]])
  _near(found.variance['logits'], [[variance]])
