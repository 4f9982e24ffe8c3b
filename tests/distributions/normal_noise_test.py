"""Tests of normal samples whose scale is below the rounding of the mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco import posteriors
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import normal_noise

_SCALES = [1.0, 1e-3, 1e-6, 1e-8, 1e-12, 1e-20]
_DRAWS = 50


def _noise(dtype: tf.DType) -> tf.Tensor:
  return random.normal([_DRAWS, 1, 2], dtype=dtype, seed=3)


def _exact(scale: float, noise: tf.Tensor) -> np.ndarray:
  """Returns log q of the noise in float64, `[K, B, D]`."""
  e = np.asarray(noise, np.float64)
  return -0.5 * e**2 - np.log(scale) - 0.5 * np.log(2 * np.pi)


def _together(loc: tf.Tensor, scale: tf.Tensor, seed: int) -> tf.Tensor:
  q = tfd.Independent(tfd.Normal(loc, scale), 1)
  return distributions.log_prob(q, distributions.sample(q, [_DRAWS], seed=seed))


@pytest.mark.parametrize('scale', _SCALES)
@pytest.mark.parametrize('jit', [False, True])
def test_the_density_is_that_of_the_noise(scale: float, jit: bool) -> None:
  """The relative error is below 1e-5 at any scale, with jit and without."""
  noise = random.normal([_DRAWS, 1, 2], dtype=tf.float32, seed=3)
  expected = _exact(np.float32(scale), noise).sum(-1)
  found = tf.function(_together, jit_compile=jit)(
    tf.ones([1, 2]), tf.fill([1, 2], scale), seed=3
  )
  np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('scale', [1.0, 1e-8])
def test_gradients_and_their_derivatives(scale: float) -> None:
  """In sample, location and scale: those of the density at the noise."""
  loc = tf.ones([1, 2], tf.float64)
  scales = tf.fill([1, 2], tf.constant(scale, tf.float64))
  noise = _noise(tf.float64)
  with tf.GradientTape() as outer:
    with tf.GradientTape(persistent=True) as tape:
      z = normal_noise.sample(loc, scales, noise)
      tape.watch((z, loc, scales))
      outer.watch(scales)
      log_q = normal_noise.log_prob(z, loc, scales)
    total = tf.reduce_sum(log_q, 0)
    del total
    by_scale = tape.gradient(log_q, scales)
  e = noise.numpy()
  np.testing.assert_allclose(tape.gradient(log_q, z), -e / scale, rtol=1e-6)
  np.testing.assert_allclose(
    tape.gradient(log_q, loc)[0], (e / scale).sum((0, 1)), rtol=1e-5
  )
  np.testing.assert_allclose(
    by_scale[0], ((e**2 - 1) / scale).sum((0, 1)), rtol=1e-5
  )
  np.testing.assert_allclose(
    outer.gradient(by_scale, scales)[0],
    ((1 - 3 * e**2) / scale**2).sum((0, 1)),
    rtol=1e-5,
  )


def test_other_densities_score_the_number() -> None:
  """The noise belongs to one location and one scale."""
  loc, scale = tf.ones([1, 2]), tf.fill([1, 2], 1e-8)
  z = normal_noise.sample(loc, scale, _noise(tf.float32))
  for other in (tfd.Normal(0.0, 1.0), tfd.Normal(1.001, 1e-3)):
    np.testing.assert_allclose(
      normal_noise.log_prob(z, other.loc, other.scale),
      other.log_prob(z),
      rtol=1e-5,
    )


def _chain(loc: tf.Tensor, scale: tf.Tensor) -> posteriors.Posterior:
  """Returns two layers, of which the second is made anew for its density."""
  ones = tf.ones([1, 2])
  return posteriors.Chain(
    [
      tfd.Independent(tfd.Normal(loc, scale), 1),
      lambda z: tfd.Independent(tfd.Normal(tf.tanh(z) + ones, scale), 1),
    ]
  )


def _single(loc: tf.Tensor, scale: tf.Tensor) -> posteriors.Posterior:
  return posteriors.as_posterior(tfd.Independent(tfd.Normal(loc, scale), 1))


@pytest.mark.parametrize(
  ('name', 'make', 'size'),
  [
    ('elbo', _single, 2),
    ('dreg', _single, 2),
    ('reinforce', _single, 2),
    ('iwae', _chain, 4),
    ('stl', _chain, 4),
  ],
  ids=lambda value: getattr(value, '__name__', value),
)
def test_bounds_with_jit_and_without(
  name: str,
  make: Callable[[tf.Tensor, tf.Tensor], posteriors.Posterior],
  size: int,
) -> None:
  """The log-weights are -log q, because log p is 0, up to its own rounding.

  Samples that were rounded gave bounds that were up to 100 nats too high.
  """
  estimator = tf_mco.get_estimator(name, num_samples=_DRAWS)

  def log_joint(z: tf.Tensor | tuple[tf.Tensor, ...]) -> tf.Tensor:
    return 0.0 * tf.add_n(
      [tf.reduce_sum(part, -1) for part in tf.nest.flatten(z)]
    )

  def log_weights(loc: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    posterior = make(loc, scale)
    return tf_mco.estimate(estimator, log_joint, posterior, seed=1).log_weights

  arguments = tf.ones([1, 2]), tf.fill([1, 2], 1e-8)
  found = [
    tf.function(log_weights, jit_compile=jit)(*arguments) for jit in (0, 1)
  ]
  np.testing.assert_allclose(*found, rtol=1e-5)
  # -log q = e^2 / 2 + log scale + log(2 pi) / 2 per dimension, and e is normal.
  constant = size * (np.log(1e-8) + 0.5 * np.log(2 * np.pi))
  squares = 2 * (np.asarray(found[0]) - constant)
  assert abs(squares.mean() - size) < 4 * np.sqrt(2 * size / _DRAWS)
