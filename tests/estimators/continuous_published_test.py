"""Numbers of CASES.md: V1, V2, V3 and G1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tests.testing import continuous_checks as checks
from tests.testing import continuous_rows
from tests.testing import enumeration
from tests.testing import gaussian_problems
from tests.testing import moments
from tests.testing import problems
from tf_mco import estimators
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.estimators import iwae
from tf_mco.estimators import rws

_LOG_W = np.array([[0.3], [-1.2], [2.0], [0.5]])
_WEIGHTS = [0.1262868582, 0.0281784069, 0.6912876180, 0.1542471169]


def _near(found: Any, expected: Any) -> None:
  """To the ten digits printed, of which the last may be off by one."""
  np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize('split', [0.0, 0.7, -3.0])
@pytest.mark.parametrize('loss', [iwae.iwae_loss, rws.rws_loss])
def test_losses(loss: Any, split: float) -> None:
  """V1: the bound and the weights, however log w is divided."""
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
  """V2, of samples whose log-weights are these."""
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
def test_one_bit(num_samples: int, bound: float, gradient: float) -> None:
  """V3: the losses on every draw, and the derivative of their mean."""
  problem = problems.table([[-0.4]], [[0.2, 0.05]])
  outcomes = enumeration.independent(problem, num_samples)
  z = outcomes.draw.samples
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
  found = moments.moments(estimators.Rws(num_samples), problem, outcomes)
  _near(found.bound, [bound])


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
  """G1."""
  row = continuous_rows.BY_NAME[name]
  found = checks.given(row.make(3), _g1(), _G1_NOISE, stopped=row.stopped)
  _near(found.surrogate.bound, [-1.4984891769])
  log_w = [-2.0470820845, -1.3996820845, -1.2220820845]
  _near(found.surrogate.log_weights[:, 0], log_w)
  gradient = checks.posterior(_g1(), found.gradient)[0]
  np.testing.assert_allclose(
    gradient[: len(expected)], expected, rtol=0, atol=3e-10
  )


def test_gaussian_paths_and_likelihood() -> None:
  """G1: one path at a time, their mean, and log p(x) below the bound."""
  one = [
    checks.given(estimators.Stl(1), _g1(), z[None]).gradient['loc'].item()
    for z in _G1_NOISE
  ]
  _near(one, [0.85, 0.395, -0.025])
  _near(np.mean(one), 0.4066666667)
  log_p = scipy.stats.norm.logpdf(1.3, 0.2, np.sqrt(2))
  _near(log_p, -1.5680121235)
  exact = _g1(0.75, np.sqrt(0.5))  # G3
  found = checks.given(estimators.Iwae(3), exact, _G1_NOISE)
  _near(found.surrogate.bound, [log_p])
