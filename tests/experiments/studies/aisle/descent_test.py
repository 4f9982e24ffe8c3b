"""Tests of the gradients, of the steps along them and of their variance."""

import numpy as np
import pytest
import tensorflow as tf

from experiments.studies.aisle import descent as gaussian_descent
from experiments.studies.aisle import measures as gaussian_measures
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import target as gaussian_target
from tf_mco import random
from tf_mco._tfp import tfd

_ALPHA = 1.7


def _target(family='insufficient', *, dims=2):
  return gaussian_target.make(
    family, dims=dims, repeats=2, observations=3, seed=5
  )


def _coefficients(method, wt, k):
  """Returns the coefficients of the path derivatives and of the scores.

  They are the lines of the table of Finke and Thiery (2019), arXiv:1907.10477,
  for normalised weights wt of K samples.
  """
  a = _ALPHA
  return {
    'iwae': (wt, -wt),
    'iwae_stl': (wt, 0),
    'iwae_dreg': (wt**2, 0),
    'aisle_chi2': (2 * k * wt**2, 0),
    'aisle_alpha': (a * (a - 1) * k ** (a - 1) * wt**a, 0),
    'rws': (0, wt),
    'aisle_chi2_norep': (0, k * wt**2),
    'aisle_alpha_norep': (0, (a - 1) * k ** (a - 1) * wt**a),
    'rws_dreg': (wt - wt**2, 0),
    'exclusive_kl': (wt / k, 0),
  }[method]


def _closed_form(method, target, phi, z, k):
  """Returns `[R, P]` for samples `[K, R, N, D]`, by the exact posterior."""
  x, mu = target.data.x.numpy(), target.data.mu.numpy()
  dims = x.shape[2]
  a, b, c = (t.numpy() for t in gaussian_target.unpack(phi, dims))
  copies = z.shape[2] // x.shape[1]
  x = np.repeat(x, copies, axis=1)
  residual = z - (np.einsum('rnd,red->rne', x, a) + b[:, None])
  scale = np.exp(c)[:, None]
  prior = gaussian_target.prior_covariance('insufficient', dims)
  precision = np.linalg.inv(prior) + np.eye(dims)
  right = mu @ np.linalg.inv(prior)
  nu = np.linalg.solve(precision, (right[:, None] + x)[..., None])[..., 0]
  log_p = -0.5 * np.einsum('...d,de,...e', z - nu, precision, z - nu)
  log_w = log_p + 0.5 * ((residual / scale) ** 2).sum(-1)
  wt = np.exp(log_w - log_w.max(axis=0))
  wt /= wt.sum(axis=0)
  path, score = _coefficients(method, wt, k)
  pull = residual / scale**2 - (z - nu) @ precision
  path, score = np.asarray(path)[..., None], np.asarray(score)[..., None]
  loc = (path * pull + score * residual / scale**2).sum(0)
  log_scale = path * pull * residual
  log_scale += score * (residual**2 / scale**2 - 1)
  return gaussian_target.pack(
    np.einsum('rne,rnd->red', loc, x) / x.shape[1],
    loc.mean(1),
    log_scale.sum(0).mean(1),
  )


@pytest.mark.parametrize('method', list(gaussian_methods.METHODS))
def test_gradients_are_those_of_the_papers_table(method):
  k, target, seed = 4, _target(), random.as_seed(3)
  chosen = gaussian_methods.METHODS[method]
  estimator = chosen.make(k, _ALPHA)
  replicates = k if chosen.replicated else 1
  phi = tf.constant(0.4 * target.start)
  found = gaussian_descent.gradient(
    estimator, phi, target.data, seed=seed, replicates=replicates
  )
  x = tf.repeat(target.data.x, replicates, axis=1)
  a, b, c = gaussian_target.unpack(phi, 2)
  loc = tf.einsum('rnd,red->rne', x, a) + b[:, None]
  scale = tf.exp(c)[:, None] + tf.zeros_like(loc)
  flat = (tf.reshape(t, [-1, 2]) for t in (loc, scale))
  q = tfd.Independent(tfd.Normal(*flat), 1)
  z = estimator.draw(None, q, seed=seed).samples.numpy()
  exact = _closed_form(
    method, target, phi, z.reshape(-1, *loc.shape), k / replicates
  )
  np.testing.assert_allclose(-found, exact, rtol=1e-10, atol=1e-12)


def _state(phi):
  return gaussian_descent.State(phi, np.zeros_like(phi), np.zeros_like(phi))


def test_l1_normalisation():
  rows = tf.constant([[3.0, -1.0], [0.0, 0.0]], tf.float64)
  found = gaussian_descent.l1_normalized(rows).numpy()
  np.testing.assert_allclose(found, [[0.75, -0.25], [0.0, 0.0]], rtol=1e-15)


def test_steps_are_those_of_the_textbook():
  target = _target('expressive')
  descent = gaussian_descent.Descent('iwae', samples=2, alpha=_ALPHA)
  for rule in gaussian_descent.OPTIMIZERS:
    state, phi = _state(target.start), target.start
    first = second = 0.0
    for t in (1, 2, 3):
      state, sums = descent(
        *(state, target.data),
        seed=random.as_seed(1),
        start=t - 1,
        stop=t,
        rule=rule,
      )
      g = sums.gradient
      first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
      step = g / np.abs(g).sum(axis=1, keepdims=True)
      if rule == 'adam':
        root = np.sqrt(second / (1 - 0.999**t))
        step = first / (1 - 0.9**t) / (root + 1e-8)
      phi = phi - step / np.sqrt(t)
      np.testing.assert_allclose(state.phi, phi, rtol=1e-7)


@pytest.mark.parametrize('method', ['iwae', *gaussian_methods.SCORE_FREE])
def test_only_score_free_gradients_stay_at_the_exact_posterior(method):
  target = _target('expressive')
  optimum = target.optimum(gaussian_methods.INCLUSIVE)
  descent = gaussian_descent.Descent(method, samples=3, alpha=_ALPHA)
  rules = gaussian_descent.OPTIMIZERS
  for rule in rules if method == 'iwae' else rules[:1]:  # each one compiles
    state, _ = descent(
      *(_state(optimum), target.data),
      seed=random.as_seed(1),
      start=0,
      stop=30,
      rule=rule,
    )
    moved = np.abs(state.phi - optimum).max()
    assert moved > 0.05 if method == 'iwae' else moved == 0


def test_variance_is_that_of_single_gradients():
  target, draws, seed = _target(), 5, random.as_seed(8)
  descent = gaussian_descent.Descent('iwae', samples=2, alpha=_ALPHA)
  line = gaussian_measures.variance_near(
    descent, target, draws=draws, seed=seed
  )
  noise = random.split(seed, 2)[1]
  estimator = gaussian_methods.METHODS['iwae'].make(2, _ALPHA)
  gradients = [
    gaussian_descent.gradient(
      estimator,
      tf.constant(target.optimum(1.0)),
      target.data,
      seed=random.fold_in(noise, step),
    )
    for step in range(draws)
  ]
  variance = np.var(gradients, axis=0, ddof=1).sum(axis=1).mean()
  found = line['variance_at_0'] * line['norm'] ** 2
  assert found == pytest.approx(variance, rel=1e-9)
