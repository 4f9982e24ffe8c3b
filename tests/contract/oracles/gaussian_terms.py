"""Derivatives of log-weights in linear Gaussian models, in plain NumPy.

For every sample: `path` is the derivative through the sample alone; `score` is
that of log q at a fixed sample; `model` is that of log p(x, z). Nothing here
is differentiated automatically, and nothing uses TensorFlow.
"""

from __future__ import annotations

import math

import numpy as np

from tests.contract import formulas
from tests.contract.oracles import gaussian_problems

_LOG_2PI = math.log(2 * math.pi)


def terms(
  problem: gaussian_problems.Problem, example: np.ndarray, noise: np.ndarray
) -> formulas.Terms:
  """Returns the derivatives at samples made of noise `[K, R, E]`."""
  values = {k: v[example] for k, v in problem.values.items()}
  if problem.kind == 'chain':
    return _two_layers(values, noise)
  return _one_layer(values, noise)


def _normal(z: np.ndarray, loc: np.ndarray, log_scale: np.ndarray) -> tuple:
  """Returns log-density, and its derivatives in loc and log-scale."""
  standard = (z - loc) * np.exp(-log_scale)
  log_p = -0.5 * standard**2 - log_scale - 0.5 * _LOG_2PI
  return log_p, standard * np.exp(-log_scale), standard**2 - 1


def _one_layer(v: formulas.Gradient, noise: np.ndarray) -> formulas.Terms:
  scale = np.exp(v['log_scale'])
  size = scale.shape[-1]
  corner = v.get('corner', np.zeros(len(scale)))
  z = v['loc'] + scale * noise
  # The transposed inverse of the Cholesky factor, times the noise.
  slope_q = noise / scale
  if size == 2:
    z[..., 1] += corner * noise[..., 0]
    slope_q[..., 0] -= corner * slope_q[..., 1] / scale[..., 0]
  log_q = -0.5 * noise**2 - v['log_scale'] - 0.5 * _LOG_2PI
  mean = (v['slope'] * z).sum(-1) + v['shift']
  log_x, by_mean, by_noise = _normal(v['x'], mean, v['log_noise'])
  prior = (v['prior_loc'], v['prior_log_scale'])
  log_z, by_prior_loc, by_prior_scale = _normal(z, *prior)
  slope_p = v['slope'] * by_mean[..., None] - by_prior_loc
  through = slope_p + slope_q
  return formulas.Terms(
    log_x + log_z.sum(-1) - log_q.sum(-1),
    path=_leaf(through, noise, scale),
    score=_leaf(slope_q, noise, scale, 1),
    model={
      'slope': z * by_mean[..., None],
      'shift': by_mean,
      'log_noise': by_noise,
      'prior_loc': by_prior_loc,
      'prior_log_scale': by_prior_scale,
    },
  )


def _leaf(
  slope: np.ndarray, noise: np.ndarray, scale: np.ndarray, entropy: int = 0
) -> formulas.Gradient:
  """Returns slope times dz, of z = loc + factor noise; less log scale."""
  gradient = {'loc': slope, 'log_scale': slope * noise * scale - entropy}
  if scale.shape[-1] == 2:
    gradient['corner'] = slope[..., 1] * noise[..., 0]
  return gradient


def _two_layers(v: formulas.Gradient, noise: np.ndarray) -> formulas.Terms:
  noise1, noise2 = noise[..., :1], noise[..., 1:]
  scale1, scale2 = np.exp(v['log_scale']), np.exp(v['log_scale2'])
  z1 = v['loc'] + scale1 * noise1
  z2 = v['weight'] * z1 + v['bias'] + scale2 * noise2
  log_q = -0.5 * (noise1**2 + noise2**2) - v['log_scale'] - v['log_scale2']
  mean = (v['slope'] * z1)[..., 0] + v['shift']
  log_x, by_mean, by_noise = _normal(v['x'], mean, v['log_noise'])
  prior = (v['prior_loc'], v['prior_log_scale'])
  log_z2, by_prior_loc, by_prior_scale = _normal(z2, *prior)
  between = (v['slope2'] * z2 + v['shift2'], v['log_noise2'])
  log_z1, by_between, by_log_noise2 = _normal(z1, *between)
  # At the leaves: of z1 while z2 stays, and of z2 while z1 stays.
  q1, q2 = noise1 / scale1, noise2 / scale2
  leaf1 = v['slope'] * by_mean[..., None] - by_between + q1 - v['weight'] * q2
  leaf2 = v['slope2'] * by_between - by_prior_loc + q2
  total1 = leaf1 + v['weight'] * leaf2  # z2 moves with z1
  log_p = log_x + (log_z2 + log_z1)[..., 0]
  return formulas.Terms(
    log_p - (log_q - _LOG_2PI)[..., 0],
    path=_chain_leaves(total1, leaf2, z1, noise1 * scale1, noise2 * scale2),
    score=_chain_leaves(q1, q2, z1, noise1 * scale1, noise2 * scale2, 1),
    model={
      'slope': z1 * by_mean[..., None],
      'shift': by_mean,
      'log_noise': by_noise,
      'slope2': z2 * by_between,
      'shift2': by_between,
      'log_noise2': by_log_noise2,
      'prior_loc': by_prior_loc,
      'prior_log_scale': by_prior_scale,
    },
  )


def _chain_leaves(
  first: np.ndarray,
  second: np.ndarray,
  z1: np.ndarray,
  move1: np.ndarray,
  move2: np.ndarray,
  entropy: int = 0,
) -> formulas.Gradient:
  return {
    'loc': first,
    'log_scale': first * move1 - entropy,
    'weight': second * z1,
    'bias': second,
    'log_scale2': second * move2 - entropy,
  }
