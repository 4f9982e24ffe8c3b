"""Linear Gaussian models, whose bounds can be integrated."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tests.contract.oracles import oracle
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd

_MODEL = ('slope', 'shift', 'log_noise')
_PRIOR = ('prior_loc', 'prior_log_scale')
_FIRST = ('loc', 'log_scale')
_SECOND = ('weight', 'bias', 'log_scale2')


@dataclasses.dataclass(frozen=True, eq=False)
class Problem(oracle.Problem):
  """N examples of x ~ N(slope . z + shift, exp(log_noise)^2).

  Args:
    values: name -> float64 `[N, D]`, or `[N]`.
    kind: 'normal': z is `[K, R, D]`, q factorized; 'scalar': z is `[K, R]`,
      without an event axis; 'tril': z is `[K, R, 2]`, q has a covariance;
      'chain': z1 and z2 are `[K, R, 1]`, q(z2 | z1) = N(weight z1 + bias,
      exp(log_scale2)^2), p(z1 | z2) = N(slope2 z2 + shift2, ...).
  """

  kind: str = 'normal'

  @property
  def noise_size(self) -> int:
    """The number of standard normal variables behind one sample."""
    return self.values['loc'].shape[1] + (self.kind == 'chain')

  @property
  def groups(self) -> dict[str, tuple[str, ...]]:
    """See `oracle.Problem`; 'x' is in none of them."""
    posterior, model = _FIRST, _MODEL
    if self.kind == 'tril':
      posterior += ('corner',)
    if self.kind == 'chain':
      posterior += _SECOND
      model += ('slope2', 'shift2', 'log_noise2')
    return {'posterior': posterior, 'model': model, 'prior': _PRIOR}

  def draw(
    self, parameters: oracle.Parameters, source: np.ndarray, *, stopped: bool
  ) -> types.Draw:
    """Returns the samples made of noise `[K, R, E]`."""
    dtype = parameters['loc'].dtype
    samples = self.samples(parameters, tf.cast(source, dtype))
    if stopped:
      samples = tf.nest.map_structure(tf.stop_gradient, samples)
    return types.Draw(samples)

  def source(self, draw: types.Draw) -> np.ndarray:
    """Returns the standard normal variables `[K, N, E]` behind samples."""
    v, samples = self.values, draw.samples
    z = samples[0] if isinstance(samples, tuple) else samples
    z = z.numpy()[..., None] if self.kind == 'scalar' else z.numpy()
    noise = (z - v['loc']) * np.exp(-v['log_scale'])
    if self.kind == 'tril':
      below = v['corner'] * noise[..., 0] * np.exp(-v['log_scale'][:, 1])
      noise[..., 1] -= below
    if self.kind == 'chain':
      mean = v['weight'] * z + v['bias']
      second = (samples[1].numpy() - mean) * np.exp(-v['log_scale2'])
      noise = np.concatenate([noise, second], -1)
    return noise

  def samples(
    self, parameters: oracle.Parameters, noise: tf.Tensor
  ) -> types.Samples:
    """Returns samples as functions of the posterior and noise `[K, R, E]`."""
    noise = tf.convert_to_tensor(noise)
    if self.kind == 'tril':
      product = tf.einsum('rij,krj->kri', _factor(parameters), noise)
      return parameters['loc'] + product
    scale = tf.exp(parameters['log_scale'])
    if self.kind == 'chain':
      first = parameters['loc'] + scale * noise[..., :1]
      q = _second(parameters, first)
      return first, q.loc + q.scale * noise[..., 1:]
    z = parameters['loc'] + scale * noise
    return z[..., 0] if self.kind == 'scalar' else z

  def posterior(self, parameters: oracle.Parameters) -> Any:
    """See `oracle.Problem`."""
    loc = parameters['loc']
    if self.kind == 'tril':
      return tfd.MultivariateNormalTriL(loc, _factor(parameters))
    normal = tfd.Normal(loc, tf.exp(parameters['log_scale']))
    if self.kind == 'scalar':
      return tfd.Normal(normal.loc[:, 0], normal.scale[:, 0])
    first = tfd.Independent(normal, 1)
    if self.kind != 'chain':
      return first
    return posteriors.Chain(
      [first, lambda z: tfd.Independent(_second(parameters, z), 1)]
    )

  def log_joint(self, parameters: oracle.Parameters) -> types.LogJoint:
    """See `oracle.Problem`."""
    p = parameters

    def log_joint(samples: types.Samples) -> tf.Tensor:
      path = samples if isinstance(samples, tuple) else (samples,)
      if self.kind == 'scalar':
        path = (samples[..., tf.newaxis],)
      mean = tf.reduce_sum(p['slope'] * path[0], -1) + p['shift']
      total = tfd.Normal(mean, tf.exp(p['log_noise'])).log_prob(p['x'])
      prior = tfd.Normal(p['prior_loc'], tf.exp(p['prior_log_scale']))
      total += tf.reduce_sum(prior.log_prob(path[-1]), -1)
      if self.kind == 'chain':
        mean = p['slope2'] * path[1] + p['shift2']
        between = tfd.Normal(mean, tf.exp(p['log_noise2']))
        total += tf.reduce_sum(between.log_prob(path[0]), -1)
      return total

    return log_joint


def _factor(parameters: oracle.Parameters) -> tf.Tensor:
  """Returns the Cholesky factor, `[R, 2, 2]`."""
  diagonal = tf.linalg.diag(tf.exp(parameters['log_scale']))
  corner = parameters['corner'][:, tf.newaxis, tf.newaxis]
  return diagonal + corner * tf.constant([[0, 0], [1, 0]], corner.dtype)


def _second(parameters: oracle.Parameters, z: tf.Tensor) -> tfd.Normal:
  loc = parameters['weight'] * z + parameters['bias']
  return tfd.Normal(loc, tf.exp(parameters['log_scale2']) + tf.zeros_like(loc))


def make(kind: str = 'normal', num_examples: int = 3) -> Problem:
  """Returns a problem whose posterior is off by some tenths.

  Far enough for gradients that are not small, near enough for weights that a
  few nodes integrate.
  """
  v = dict(at_posterior(kind, num_examples).values)
  for index, name in enumerate(Problem(v, kind).groups['posterior']):
    v[name] = v[name] + 0.2 * _varied(v[name].shape, index + 11)
  return Problem(v, kind)


def at_posterior(kind: str = 'normal', num_examples: int = 3) -> Problem:
  """Returns a problem whose q is p(z | x) exactly."""
  v = _model(kind, num_examples)
  slope, noise = v['slope'], np.exp(2 * v['log_noise'])[:, None]
  loc, variance = v['prior_loc'], np.exp(2 * v['prior_log_scale'])
  if kind == 'chain':
    between = np.exp(2 * v['log_noise2'])
    v['weight'], above = _regression(v['slope2'], variance, between)
    v['bias'] = above * (loc / variance - v['slope2'] * v['shift2'] / between)
    v['log_scale2'] = np.log(above) / 2
    # The marginal of z1.
    loc = v['slope2'] * loc + v['shift2']
    variance = between + v['slope2'] ** 2 * variance
  precision = slope[:, :, None] * slope[:, None] / noise[..., None]
  precision += np.eye(slope.shape[1]) / variance[..., None]
  covariance = np.linalg.inv(precision)
  pull = loc / variance + slope * (v['x'] - v['shift'])[:, None] / noise
  v['loc'] = np.einsum('nij,nj->ni', covariance, pull)
  factor = np.linalg.cholesky(covariance)
  v['log_scale'] = np.log(np.diagonal(factor, axis1=1, axis2=2))
  if kind == 'tril':
    v['corner'] = factor[:, 1, 0]
  return Problem(v, kind)


def _regression(
  slope: np.ndarray, variance: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns slope and variance of z2 given z1 = slope z2 + noise."""
  conditional = 1 / (1 / variance + slope**2 / noise)
  return conditional * slope / noise, conditional


def _model(kind: str, num_examples: int) -> dict[str, np.ndarray]:
  """Returns x and the parameters of p(x, z)."""
  size = 2 if kind == 'tril' else 1
  base = {'x': 1.2, 'shift': 0.1, 'log_noise': 0.2}
  vectors = {'slope': 0.7, 'prior_loc': -0.1, 'prior_log_scale': 0.0}
  if kind == 'chain':
    vectors |= {'slope2': 0.6, 'shift2': 0.2, 'log_noise2': 0.1}
  shapes = dict.fromkeys(base, (num_examples,))
  shapes |= dict.fromkeys(vectors, (num_examples, size))
  base |= vectors
  return {
    name: base[name] + _varied(shape, index)
    for index, (name, shape) in enumerate(shapes.items())
  }


def _varied(shape: tuple[int, ...], index: int) -> np.ndarray:
  """Returns numbers in [-0.3, 0.3], of no generator: streams may change."""
  position = np.arange(np.prod(shape)).reshape(shape)
  return 0.3 * np.sin(position**2 + 1.7 * index + 2)
