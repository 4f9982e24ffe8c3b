"""Known bounds, gradients and variances, computed by other programs.

The numbers were obtained with NumPy, SciPy and mpmath, independently of this
library; they are printed to ten digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import binary_problems
from tests.contract.oracles import enumeration
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.support import gaussian_draws as checks
import tf_mco
from tf_mco import estimators
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.estimators import iwae
from tf_mco.estimators import rws

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


class _Square(binary_problems.Problem):
  """A problem whose cost is (b - 0.49)^2."""

  def cost(self, parameters: oracle.Parameters) -> types.LogJoint:
    """Returns the cost."""
    del parameters
    return lambda z: tf.reduce_sum((z - 0.49) ** 2, -1)


def _moments(
  estimator: Any,
  problem: binary_problems.Problem,
  draws: oracle.Outcomes,
  *,
  of_cost: bool = False,
) -> oracle.Moments:
  """Returns the exact moments over all draws."""
  found = oracle.estimates(
    estimator, problem, draws, stopped=True, of_cost=of_cost
  )
  return oracle.moments(found, draws)


def _draws(
  name: str, problem: binary_problems.Problem, count: int
) -> oracle.Outcomes:
  if name in ('reinforce', 'reinforce_loo', 'vimco'):
    return enumeration.independent(problem, count)
  return enumeration.antithetic(problem, count, nodes=2 if name == 'arm' else 1)


@pytest.mark.parametrize('name', _VARIANCES)
def test_one_variable(name: str) -> None:
  logits = np.array(_LOGITS)[:, None]
  uniform = binary_problems.table(logits, np.ones([len(logits), 2]))
  problem = _Square(*vars(uniform).values())
  draws = _draws(name, problem, 2 if name == 'reinforce_loo' else 1)
  estimator = tf_mco.get_estimator(name)
  found = _moments(estimator, problem, draws, of_cost=True)
  gradient, variance = found.mean['logits'], found.variance['logits']
  np.testing.assert_allclose(gradient[:, 0], _TRUE_GRADIENT, rtol=6e-10)
  np.testing.assert_allclose(
    variance[:, 0], _VARIANCES[name], rtol=6e-10, atol=1e-25
  )


def _two_bits() -> binary_problems.Problem:
  return binary_problems.table([[-0.4, 0.9]], [[0.05, 0.2, 0.1, 0.15]])


def _near(found: object, expected: object) -> None:
  np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_two_bits_bounds() -> None:
  elbo = enumeration.exact_elbo(_two_bits())
  _near(elbo.value, [-0.9516062345])
  _near(elbo.gradient['logits'], [[0.2616377754, -0.1233971193]])
  bound = enumeration.exact_iwae(_two_bits(), 3)
  _near(bound.value, [-0.8154244716])
  _near(bound.gradient['logits'], [[0.1340192095, -0.0940353998]])


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
  found = _moments(tf_mco.get_estimator(name, **options), problem, draws)
  _near(found.mean['logits'], [mean])
  _near(found.variance['logits'], [variance])


def _one_bit() -> binary_problems.Problem:
  return binary_problems.table([[-0.4]], [[0.2, 0.05]])


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
  result = enumeration.exact_iwae(problem, num_samples)
  _near(result.value, [bound])
  _near(result.gradient['logits'], [[gradient]])
  estimator = tf_mco.get_estimator('local_disarm', num_pairs=num_samples)
  draws = enumeration.antithetic(problem, num_samples)
  found = _moments(estimator, problem, draws)
  _near(found.value, [bound])
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
  found = _moments(estimator, problem, draws)
  _near(found.mean['logits'], [[-0.1161447209]])
  _near(found.variance['logits'], [[variance]])


# Real variables, and functions of log-weights.

_LOG_W = np.array([[0.3], [-1.2], [2.0], [0.5]])
_WEIGHTS = [0.1262868582, 0.0281784069, 0.6912876180, 0.1542471169]


@pytest.mark.parametrize('split', [0.0, 0.7, -3.0])
@pytest.mark.parametrize('loss', [iwae.iwae_loss, rws.rws_loss])
def test_losses(loss: Any, split: float) -> None:
  """The bound and the weights are known, however log w is divided."""
  log_p, log_q = tf.constant(_LOG_W + split), tf.constant(0 * _LOG_W + split)
  with tf.GradientTape() as tape:
    tape.watch((log_p, log_q))
    value = loss(log_p, log_q)
  by_p, by_q = tape.gradient(value, (log_p, log_q))
  _near(value, [-0.9829049462])
  _near(-by_p[:, 0], _WEIGHTS)
  # IWAE descends log q as part of its bound; wake-phi climbs it.
  _near(by_q[:, 0] if loss is iwae.iwae_loss else -by_q[:, 0], _WEIGHTS)


@pytest.mark.parametrize('loss', [iwae.iwae_loss, rws.rws_loss])
@pytest.mark.parametrize(
  ('log_p', 'log_q'),
  [([4, 1], [4, 2]), ([4], [4]), ([4, 1, 1], [4, 1, 1]), ([2, 3], [3, 2])],
)
def test_shapes_of_losses(loss: Any, log_p: Any, log_q: Any) -> None:
  message = r'same shape \[K, B\].*Received: log_p.shape='
  with pytest.raises(ValueError, match=message):
    loss(tf.zeros(log_p), tf.zeros(log_q))


@pytest.mark.parametrize(
  ('estimator', 'expected'),
  [
    (estimators.Elbo(4), 0.4),
    (estimators.Iwae(4), 0.9829049462),
    (estimators.Dreg(4), 0.9829049462),
    (estimators.Aisle(4, 'chi2', False), 0.9829049462),
    (estimators.Renyi(4, alpha=0.5), 0.7128834269),
    (estimators.Miwae(2, 2), 0.6582660974),
    (estimators.Piwae(2, 2), 0.9829049462),
    (estimators.Ciwae(4, beta=0.25), 0.25 * 0.4 + 0.75 * 0.9829049462),
  ],
  ids=repr,
)
def test_bounds(estimator: Any, expected: float) -> None:
  """The samples have the log-weights of `_LOG_W`."""
  uniform = tfd.Uniform(tf.constant([-0.5], tf.float64), 0.5)  # density 1
  draw = types.Draw(tf.zeros([4, 1], tf.float64))
  found = estimator.surrogate(lambda z: z + _LOG_W, uniform, draw)
  _near(found.bound, [expected])
  _near(found.loss, [-expected])
  kept = estimator.num_samples
  _near(found.log_weights, _LOG_W[:kept])


@pytest.mark.parametrize(
  ('num_samples', 'bound', 'gradient'),
  [
    (1, -1.4922347579, -0.2369678187),
    (2, -1.4360299818, -0.1161447209),
    (3, -1.4179365480, -0.0732326947),
  ],
)
def test_one_bit_losses(
  num_samples: int, bound: float, gradient: float
) -> None:
  """The losses of every draw have the known mean, and its derivative."""
  problem = binary_problems.table([[-0.4]], [[0.2, 0.05]])
  outcomes = enumeration.independent(problem, num_samples)
  (z,) = outcomes.source.samples
  logits = tf.constant([[-0.4]], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(logits)
    log_q = tfd.Independent(tfd.Bernoulli(logits), 1).log_prob(z)
    log_p = tf.constant(np.log(np.where(z[..., 0], 0.05, 0.2)))
    probability = tf.exp(tf.reduce_sum(log_q, 0))
    mean = -tf.reduce_sum(probability * iwae.iwae_loss(log_p, log_q))
  np.testing.assert_allclose(probability, outcomes.probability, rtol=1e-12)
  _near(mean, bound)
  _near(tape.gradient(mean, logits), [[gradient]])
  found = _moments(estimators.Rws(num_samples), problem, outcomes)
  _near(found.value, [bound])


def _g1(loc: float = 0.5, scale: float = 0.8) -> gaussian_problems.Problem:
  """Returns x = 1.3 ~ N(z, 1), z ~ N(0.2, 1)."""
  vectors = {
    'slope': 1.0,
    'prior_loc': 0.2,
    'prior_log_scale': 0.0,
    'loc': loc,
    'log_scale': np.log(scale),
  }
  values = {name: np.array([[value]]) for name, value in vectors.items()}
  values |= {'x': np.array([1.3])}
  values |= {name: np.zeros(1) for name in ('shift', 'log_noise')}
  return gaussian_problems.Problem(values)


_G1_NOISE = np.array([-1, 0.3, 1.5])[:, None, None]


@pytest.mark.parametrize(
  ('name', 'expected'),
  [
    ('stl', [0.2980534433, -0.1092615119]),
    ('dreg', [0.0801765294, -0.0181801444]),
    ('rws_dreg', [0.2178769138, -0.0910813676]),
    ('rws', [0.7212377027, 0.2144913456]),
    ('iwae', [-0.4231842594, -0.3237528576]),
    ('aisle-kl', [0.2980534433, -0.1092615119]),
    ('aisle-kl-score', [0.7212377027, 0.2144913456]),
    ('aisle-chi2', [0.4810591766, 6 * -0.0181801444]),
    ('aisle-chi2-score', [1.0995603610]),
  ],
)
def test_gaussian(name: str, expected: list[float]) -> None:
  """Three samples of one Gaussian variable give the known gradients."""
  row = table.BY_NAME[name]
  found = checks.given(row.make(3), _g1(), _G1_NOISE, stopped=row.stopped)
  _near(found.surrogate.bound, [-1.4984891769])
  log_w = [-2.0470820845, -1.3996820845, -1.2220820845]
  _near(found.surrogate.log_weights[:, 0], log_w)
  gradient = checks.posterior(_g1(), found.gradient)[0]
  np.testing.assert_allclose(
    gradient[: len(expected)], expected, rtol=0, atol=3e-10
  )


def test_gaussian_paths_and_likelihood() -> None:
  """Single paths, their mean, and log p(x) are the known numbers."""
  one = [
    checks.given(estimators.Stl(1), _g1(), z[None]).gradient['loc'].item()
    for z in _G1_NOISE
  ]
  _near(one, [0.85, 0.395, -0.025])
  _near(np.mean(one), 0.4066666667)
  log_p = scipy.stats.norm.logpdf(1.3, 0.2, np.sqrt(2))
  _near(log_p, -1.5680121235)
  exact = _g1(0.75, np.sqrt(0.5))  # q is p(z | x)
  found = checks.given(estimators.Iwae(3), exact, _G1_NOISE)
  _near(found.surrogate.bound, [log_p])
