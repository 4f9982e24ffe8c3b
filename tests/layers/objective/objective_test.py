"""Tests of MonteCarloObjective, alone and in functional models."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
import tf_mco
from tf_mco import layers
from tf_mco import random
from tf_mco._tfp import tfd


def _objective(
  estimator: Any = 'reinforce_loo', *, num_layers: int = 1, **options: Any
) -> layers.MonteCarloObjective:
  parts = tiny.parts(num_layers)
  return layers.MonteCarloObjective(**parts, estimator=estimator, **options)


def _functional(
  objective: layers.MonteCarloObjective, dtype: str = 'float32'
) -> keras.Model:
  inputs = keras.Input((tiny.PIXELS,), dtype=dtype)
  return keras.Model(inputs, objective(inputs))


@pytest.mark.parametrize('dtype', ['uint8', 'float32'])
@pytest.mark.parametrize('num_layers', [1, 2])
def test_value_is_the_bound(dtype: str, num_layers: int) -> None:
  # One sample of the posterior: log p(x, z) - log q(z | x) for some z.
  objective = _objective('reinforce', num_layers=num_layers)
  model = _functional(objective, dtype)
  white = 255 if dtype == 'uint8' else 1
  binary = tiny.binary_images(6)
  bound = model((binary * white).astype(dtype)).numpy()
  assert (bound.shape, bound.dtype, model.output.shape) == (
    (6,),
    'float32',
    (None,),
  )
  numbers = tiny.numbers(objective)
  states = [tiny.all_states(width) for width in tiny.LATENTS[:num_layers]]
  grid = np.meshgrid(*map(range, map(len, states)), indexing='ij')
  path = [
    np.repeat(s[g.ravel()][:, np.newaxis], 6, axis=1)
    for s, g in zip(states, grid, strict=True)
  ]
  possible = tiny.log_joint(numbers, binary, *path) - tiny.log_posterior(
    numbers, binary, *path
  )
  assert np.abs(possible - bound).min(0).max() < 1e-5


def test_loss_is_minus_the_mean_bound() -> None:
  objective = _objective()
  model = _functional(objective)
  x = tiny.images(6, dtype='float32')
  for training in (False, True, True):
    bound = model(x, training=training)
    (loss,) = model.losses
    np.testing.assert_allclose(loss, -np.mean(bound), rtol=1e-6)
  assert int(objective.step) == 2
  model.compile('sgd', jit_compile=False)
  bound = model.predict(x, batch_size=6, verbose=0)
  loss = model.evaluate(x, batch_size=6, verbose=0)
  np.testing.assert_allclose(loss, -bound.mean(), rtol=1e-6)


def test_regularizers_enter_the_loss_once() -> None:
  losses = {}
  for regularizer in (None, keras.regularizers.L2(0.7)):
    dense = keras.layers.Dense(
      5, kernel_initializer='ones', kernel_regularizer=regularizer
    )
    parts = {**tiny.parts(), 'encoder': (dense, tiny.parts()['encoder'])}
    objective = layers.MonteCarloObjective(**parts, estimator='reinforce')
    model = _functional(objective)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    x = tiny.images(4, dtype='float32')
    history = model.fit(x, shuffle=False, verbose=0).history
    losses[regularizer is None] = history['loss'][0]
  assert losses[False] - losses[True] == pytest.approx(0.7 * 20, rel=1e-5)


@pytest.mark.parametrize('estimator', ['reinforce_loo', 'disarm', 'vimco'])
def test_gradient_is_that_of_estimate_at_the_same_seed(
  estimator: str,
) -> None:
  objective = _objective(estimator, seed=11)
  x = tiny.binary_images(5)
  objective(x, training=True)  # the step counts: this is the second
  variables = objective.trainable_variables
  with tf.GradientTape() as tape:
    objective(x, training=True)
    (loss,) = objective.losses
  gradients = tape.gradient(loss, variables)

  encoder, decoder, prior = objective.parts
  with tf.GradientTape() as tape:
    posterior = tfd.Independent(tfd.Bernoulli(encoder(x), dtype='float32'), 1)

    def log_joint(z: tf.Tensor) -> tf.Tensor:
      bernoulli = tfd.Bernoulli
      logits = decoder(tf.reshape(z, [-1, z.shape[-1]]))
      logits = tf.reshape(logits, [*z.shape[:2], -1])
      log_p = tf.reduce_sum(bernoulli(logits).log_prob(x), -1)
      p_z = bernoulli(tf.convert_to_tensor(prior.logits))
      return log_p + tf.reduce_sum(p_z.log_prob(z), -1)

    surrogate = tf_mco.estimate(
      objective.estimator,
      log_joint,
      posterior,
      seed=random.split(random.fold_in(11, 1), 2)[1],
    )
    expected_loss = tf.reduce_mean(surrogate.loss)
  np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
  for gradient, expected in zip(
    gradients, tape.gradient(expected_loss, variables), strict=True
  ):
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


def test_training_reaches_the_exact_optimum() -> None:
  # Half of the data are 0000 and half 1111: no model exceeds -log(2).
  x = np.repeat([[0.0] * 4, [1.0] * 4], 8, axis=0).astype('float32')
  objective = _objective('disarm')
  model = _functional(objective)
  model.compile(
    keras.optimizers.Adam(0.1), jit_compile=True, steps_per_execution=50
  )
  data = tf.data.Dataset.from_tensors(x).repeat()
  history = model.fit(data, steps_per_epoch=50, epochs=8, verbose=0).history
  exact = tiny.log_likelihood(tiny.numbers(objective), x).mean()
  assert history['loss'][0] > 1.2
  assert exact <= -np.log(2) + 1e-6
  assert exact > -np.log(2) - 0.05
  bound = model.predict(np.repeat(x, 100, axis=0), verbose=0).mean()
  assert exact - 0.1 < bound < exact + 0.02


def test_saving_and_loading_a_functional_model(
  tmp_path: pathlib.Path,
) -> None:
  estimator = tf_mco.get_estimator('vimco', num_samples=3)
  objective = _objective(estimator, num_layers=2, seed=5, pixel_range=(0, 255))
  model = _functional(objective, 'uint8')
  model.compile('adam', jit_compile=False)
  x = tiny.images(8)
  model.fit(x, batch_size=4, verbose=0)
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  configs = [o.get_config() for o in (loaded.layers[-1], objective)]
  assert json.dumps(configs[0]) == json.dumps(configs[1])
  assert loaded.layers[-1].estimator == estimator
  np.testing.assert_array_equal(
    loaded.predict(x, verbose=0), model.predict(x, verbose=0)
  )
  for one in (model, loaded):
    one.fit(x, batch_size=4, shuffle=False, verbose=0)
  tiny.assert_same_state(loaded, model)


def test_integers_that_nobody_could_look_at_are_refused() -> None:
  model = _functional(_objective(), 'uint8')
  model.compile('adam', jit_compile=False)
  with pytest.raises(ValueError, match='may be bits or pixels'):
    model.fit(tiny.images(4), verbose=0)


def test_bytes_for_a_floating_input_do_not_pass_for_white() -> None:
  # Keras casts them to 0.0 .. 255.0 before the layer sees them.
  model = _functional(_objective(), 'float32')
  assert np.isnan(model.predict(tiny.images(4) | 2, verbose=0)).all()
