"""The data sets and the likelihood of the Gaussian study."""

from __future__ import annotations

import numpy as np
import scipy.stats
import tensorflow as tf

from experiments.studies.hvae_gaussian import point_sets
from tests.support import hamiltonian as cases


def _h1() -> point_sets.PointSets:
  """Returns the points of case H1 as one data set."""
  x = cases.X
  return point_sets.PointSets(
    len(x),
    cases.DELTA,
    np.sqrt(cases.VARIANCE),
    x.mean(0)[np.newaxis],
    x.var(0)[np.newaxis],
  )


def _parameters() -> tuple[np.ndarray, np.ndarray]:
  return cases.DELTA[np.newaxis], 0.5 * np.log(cases.VARIANCE)[np.newaxis]


def test_evidence_of_h1() -> None:
  delta, log_sigma = _parameters()
  found = _h1().log_evidence(delta, np.exp(log_sigma))
  np.testing.assert_allclose(found, [cases.H1], rtol=0, atol=1e-10)


def test_mean_and_variance_suffice() -> None:
  """The log-joint is that of the points, one by one."""
  z = tf.constant(np.random.default_rng(0).normal(size=(5, 1, 2)))
  found = _h1().log_joint(*map(tf.constant, _parameters()))(z)
  np.testing.assert_allclose(found, cases.gaussian(z), rtol=1e-12)


def test_the_missing_half() -> None:
  """It takes the squares off once more."""
  delta, log_sigma = map(tf.constant, _parameters())
  z = tf.constant(np.random.default_rng(0).normal(size=(5, 1, 2)))
  half = _h1().log_likelihood(delta, log_sigma)(z)
  whole = _h1().log_likelihood(delta, log_sigma, halves=1.0)(z)
  error = (cases.X - cases.DELTA - z[..., None, :]) / np.sqrt(cases.VARIANCE)
  squares = np.sum(error**2, (-1, -2))
  np.testing.assert_allclose(half - whole, squares / 2, rtol=1e-12)


def test_data() -> None:
  """Mean and variance are distributed as those of points; |z| < 4.5."""
  data = point_sets.make(3, repeats=4000, num_points=20, seed=1)
  np.testing.assert_allclose(data.delta, [-0.2, 0, 0.2])
  np.testing.assert_allclose(data.sigma, [1.0, 0.1, 1.0])
  scale = np.sqrt(1 + data.sigma**2 / 20)
  mean = (data.mean - data.delta) / scale
  chi = data.variance * 20 / data.sigma**2
  chance = scipy.stats.chi2.cdf(chi, 19) - 0.5
  for value in (mean, (mean**2 - 1) / 2**0.5, chance * 12**0.5):
    z = value.mean(0) * np.sqrt(len(value))
    np.testing.assert_array_less(np.abs(z), 4.5)
  fewer = point_sets.make(3, repeats=5, num_points=20, seed=1)
  np.testing.assert_array_equal(fewer.mean, data.mean[:5])
  np.testing.assert_array_equal(point_sets.truth(1)[1], [1.0])


def test_likelihood_is_largest_where_it_is_said_to_be() -> None:
  data = point_sets.make(3, repeats=2, num_points=20, seed=1)
  delta, sigma = data.maximum_likelihood
  best = data.log_evidence(delta, sigma)
  for factor in (0.99, 1.01):
    assert (data.log_evidence(delta, sigma * factor) < best).all()
  assert (data.log_evidence(delta + 0.1, sigma) < best).all()
