"""The von Mises head and prior: angles, and the circle without a direction."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mco import layers

_X = np.random.default_rng(0).normal(size=[5, 4])


def _posterior(units: int | None = 3, **options: Any) -> Any:
  init = keras.initializers.RandomNormal(stddev=2.0, seed=1)
  return layers.VonMisesPosterior(
    units, kernel_initializer=init, dtype='float64', **options
  )


def _raw(layer: Any) -> np.ndarray:
  kernel, bias = (np.asarray(w) for w in layer.trainable_variables)
  return _X @ kernel + bias


def test_directions_are_the_angles_of_points() -> None:
  layer = _posterior(minimum=0.5)
  found, raw = layer(_X), _raw(layer)
  assert raw.shape == (5, 9)
  angle = np.arctan2(raw[:, 3:6], raw[:, :3])
  np.testing.assert_allclose(found[:, :3], angle, rtol=1e-12)
  spread = np.logaddexp(0, raw[:, 6:]) + 0.5
  np.testing.assert_allclose(found[:, 3:], spread)
  plain = _posterior(location='angle')
  found = plain(_X)
  np.testing.assert_allclose(found[:, :3], _raw(plain)[:, :3])


def test_no_direction_has_no_gradient_and_no_nan() -> None:
  layer = _posterior(None)
  x = tf.Variable(np.zeros([1, 3]))
  with tf.GradientTape() as tape:
    parameters = layer(x)
  np.testing.assert_array_equal(parameters[:, :1], [[0.0]])
  assert np.isfinite(tape.gradient(parameters, x)).all()


def test_no_concentration_is_uniform_on_the_circle() -> None:
  prior = layers.VonMisesPrior(2)
  found = prior.distribution().log_prob(np.float32([[0.0, 3.0], [1.0, -2.0]]))
  np.testing.assert_allclose(found, -2 * np.log(2 * np.pi), rtol=1e-6)
  again = layers.VonMisesPrior.from_config(prior.get_config())
  assert again.uniform
