"""The options of the Hamiltonian layer, good and bad."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mco import layers


def _layer(num_steps: int = 2, units: int = 3, **options: Any) -> Any:
  base = layers.GaussianPosterior(units, dtype='float64')
  return layers.HamiltonianPosterior(base, num_steps, **options)


def test_weights() -> None:
  """Weights start where the options say; step sizes stay below their bound."""
  layer = _layer(4, step_size=0.3, max_step_size=0.4)
  layer.build((None, 4))
  np.testing.assert_allclose(layer.step_sizes(), np.full(3, 0.3), rtol=1e-7)
  layer.raw_step_sizes.assign([30.0, -5.0, 1.0])
  sizes = layer.step_sizes().numpy()
  assert (sizes <= 0.4).all()
  assert (sizes > 0).all()
  posterior = layer.distribution(layer(tf.zeros([2, 4], tf.float64)))
  np.testing.assert_allclose(posterior.step_sizes(), [sizes] * 4, rtol=1e-12)
  hot = _layer(4, tempering='fixed', initial_temperature=1.7)
  hot.build((None, 4))
  scale, _ = hot.distribution(tf.zeros([2, 6], tf.float64)).tempering()
  np.testing.assert_allclose(scale, 1.7, rtol=1e-7)
  free = _layer(4, tempering='free', alpha=0.8, step_size_per_step=True)
  free.build((None, 4))
  posterior = free.distribution(tf.zeros([2, 6], tf.float64))
  np.testing.assert_allclose(posterior.tempering().alphas, [0.8] * 4)
  assert free.raw_step_sizes.shape == (4, 3)


def test_mixed_precision_keeps_float32_step_sizes() -> None:
  base = layers.GaussianPosterior(3, dtype='mixed_bfloat16')
  layer = layers.HamiltonianPosterior(base, 2, tempering='fixed')
  posterior = layer.distribution(layer(tf.zeros([2, 4])))
  assert layer.raw_step_sizes.dtype == 'float32'
  assert posterior.dtype == tf.float32
  draw = posterior.sample_and_score(
    lambda z: -tf.reduce_sum(z**2, -1), 2, seed=1
  )
  assert draw.samples.dtype == tf.float32


def test_images_as_latents() -> None:
  """The features of the base may be the parameters themselves."""
  base = layers.GaussianPosterior()
  layer = layers.HamiltonianPosterior(base, 2)
  parameters = layer(tf.zeros([2, 3, 4, 6]))
  posterior = layer.distribution(parameters)
  assert layer.raw_step_sizes.shape == (3, 4, 3) == posterior.event_shape
  draw = posterior.sample_and_score(
    lambda z: -tf.reduce_sum(z**2, [-1, -2, -3]), 5, seed=1
  )
  assert draw.extras.log_q.shape == (5, 2)


def test_config_round_trip() -> None:
  layer = _layer(3, tempering='free', alpha=0.7, schedule='variance')
  again = layers.HamiltonianPosterior.from_config(layer.get_config())
  config, expected = again.get_config(), layer.get_config()
  for found in (config, expected):
    found['base_layer'] = found['base_layer']['config']['units']
  assert config == expected
  assert again.base_layer.units == 3
  assert again.variable_dtype == 'float64'


@pytest.mark.parametrize(
  ('options', 'message'),
  [
    ({'num_steps': -1}, 'num_steps'),
    ({'step_size': 0.0}, r'`step_size`.*\(0, 0.5\).*0\.0'),
    ({'step_size': 0.5}, r'`step_size`.*\(0, 0.5\)'),
    ({'max_step_size': -1.0}, '`max_step_size`'),
    ({'initial_temperature': 1.0}, r'`initial_temperature`.*\(1, inf\)'),
    ({'alpha': 1.0}, '`alpha`'),
    ({'tempering': 'warm'}, "'warm'"),
    ({'schedule': 'warm'}, "'warm'"),
    ({'recompute': 1}, 'recompute'),
    ({'step_size_per_step': 'yes'}, 'step_size_per_step'),
  ],
)
def test_options(options: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    _layer(**options)


def test_a_base_that_is_no_posterior_layer() -> None:
  with pytest.raises(ValueError, match='`base_layer`.*Dense'):
    layers.HamiltonianPosterior(keras.layers.Dense(3), 2)
