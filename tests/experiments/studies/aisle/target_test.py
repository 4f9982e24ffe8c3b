"""Tests of the optima of a Gaussian target, by quadrature."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.studies.aisle import measures as gaussian_measures
from experiments.studies.aisle import target as gaussian_target


def _target(family='insufficient', *, dims=2):
  return gaussian_target.make(
    family, dims=dims, repeats=2, observations=3, seed=5
  )


def _divergence(alpha, covariance, log_scale, shift):
  """Returns a divergence of N(0, P) and a shifted q, by the trapezoid rule."""
  axis = np.linspace(-9, 9, 301)
  points = np.stack(np.meshgrid(axis, axis, indexing='ij'), -1)
  solved = points @ np.linalg.inv(covariance)
  log_p = -0.5 * (points * solved).sum(-1)
  log_p -= 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]
  standard = (points - shift) / np.exp(log_scale)
  log_q = (-0.5 * standard**2 - log_scale - 0.5 * np.log(2 * np.pi)).sum(-1)
  p, q, log_w = np.exp(log_p), np.exp(log_q), log_p - log_q
  if alpha == 0:
    integrand = -q * log_w
  elif alpha == 1:
    integrand = p * log_w
  else:
    integrand = np.exp(alpha * log_p + (1 - alpha) * log_q)
  return integrand.sum() * (axis[1] - axis[0]) ** 2


@pytest.mark.parametrize('alpha', [0.0, 1.0, 1.7, 2.0])
def test_optima_minimise_their_divergences(alpha):
  covariance = np.array([[0.5, 0.3], [0.3, 0.4]])
  best = np.log(gaussian_target.scales(covariance, alpha))
  least = _divergence(alpha, covariance, best, np.zeros(2))
  h = 1e-3
  for step in h * np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -1.0]]):
    above, below = (
      _divergence(alpha, covariance, best + s[:2], s[2:]) for s in (step, -step)
    )
    assert abs(above - below) / (2 * h) < 1e-5
    assert (above + below - 2 * least) / h**2 > 0.1


def test_optimum_has_the_posteriors_mean_and_both_families_their_scales():
  target = _target()
  x, mu = target.data.x.numpy(), target.data.mu.numpy()
  inverse = np.linalg.inv(gaussian_target.prior_covariance('insufficient', 2))
  for alpha in (0.0, 1.0, 2.0):
    a, b, _ = gaussian_target.unpack(target.optimum(alpha), 2)
    mean = np.einsum('rnd,red->rne', x, a) + b.numpy()[:, None]
    # (Sigma^-1 + I) nu = Sigma^-1 mu + x
    np.testing.assert_allclose(
      mean @ (inverse + np.eye(2)), (mu @ inverse)[:, None] + x, rtol=1e-12
    )
  target = _target('expressive', dims=3)
  for alpha in (0.0, 1.0, 2.0):
    a, b, c = gaussian_target.unpack(target.optimum(alpha), 3)
    np.testing.assert_allclose(a, [0.5 * np.eye(3)] * 2, atol=1e-12)
    np.testing.assert_allclose(b, target.data.mu / 2, rtol=1e-12)
    np.testing.assert_allclose(np.exp(2 * c), 0.5, rtol=1e-12)
  np.testing.assert_allclose(
    target.data.mu, tf.reduce_mean(target.data.x, axis=1), rtol=1e-12
  )


def test_insufficient_prior_is_that_of_the_paper():
  sigma = gaussian_target.prior_covariance('insufficient', 3)
  expected = [[0.95, 0.9025, 0.857375], [0.9025, 0.95, 0.9025]]
  np.testing.assert_allclose(sigma[:2], expected, rtol=1e-12)
  root = _target(dims=3).data.precision_root.numpy()
  np.testing.assert_allclose(root.T @ root @ sigma, np.eye(3), atol=1e-10)


def test_position_counts_from_the_exclusive_to_the_inclusive_optimum():
  target = _target()
  for alpha in (0.0, 1.0):
    found = gaussian_measures.limit_position(target, alpha)
    assert found == pytest.approx(alpha, abs=1e-12)
  assert gaussian_measures.limit_position(target, 2.0) > 1.1
  assert np.isnan(gaussian_measures.limit_position(_target('expressive'), 2))
