"""Tests of the optimizer and the learning rates of the IWAE paper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.iwae import optimizer as iwae_optimizer

_BETA_1, _BETA_2, _EPSILON = 0.99, 0.999, 1e-4


def _gradients(steps):
  rng = np.random.default_rng(0)
  scale = np.array([1e-3, 0.1, 1.0, 30.0])
  return rng.normal(0.2, 1.0, [steps, 4]) * scale


def _recursion(x, gradients, rates, scale):
  """Returns the path of the original, whose step uses the moments before it."""
  first, second = np.zeros_like(x), np.ones_like(x)
  path = []
  for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
    alpha = rate * np.sqrt(1 - _BETA_2**t) / (1 - _BETA_1**t)
    x = x - alpha * first / (np.sqrt(second) + _EPSILON)
    first = _BETA_1 * first + (1 - _BETA_1) * scale * gradient
    second = _BETA_2 * second + (1 - _BETA_2) * (scale * gradient) ** 2
    path.append(x)
  return np.array(path)


def _path(optimizer, x, gradients, *, jit_compile=False):
  variable = keras.Variable(x, dtype='float64')
  optimizer.build([variable])

  @tf.function(jit_compile=jit_compile)
  def step(gradient):
    optimizer.apply([gradient], [variable])

  path = []
  for gradient in tf.constant(gradients):
    step(gradient)
    path.append(variable.numpy())
  return np.array(path)


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('scale', [1.0, 20.0])
def test_steps_are_those_of_the_recursion(scale, jit_compile):
  x, gradients = np.array([1.0, -2.0, 0.5, 0.0]), _gradients(60)
  optimizer = iwae_optimizer.BurdaAdam(1e-3, gradient_scale=scale)
  path = _path(optimizer, x, gradients, jit_compile=jit_compile)
  expected = _recursion(x, gradients, [1e-3] * 60, scale)
  # The rate is a float32 variable in Keras.
  np.testing.assert_allclose(path - x, expected - x, rtol=1e-6, atol=1e-12)
  np.testing.assert_array_equal(path[0], x)
  assert np.all(path[1] != x)


def test_rates_of_the_phases_are_the_papers():
  published = [10.0, 7.2, 5.2, 3.7, 2.7, 1.9, 1.4, 1.0]
  np.testing.assert_allclose(
    np.array(iwae_optimizer.phase_rates()) * 1e4, published
  )
  np.testing.assert_allclose(
    np.array(iwae_optimizer.phase_rates(3e-3)) * 1e4, 3 * np.array(published)
  )


def test_phases_are_powers_of_three():
  ends = iwae_optimizer.phase_ends(10, 3.0)
  assert ends == [10, 40, 130, 400, 1210, 3640, 10930, 32800]
  assert iwae_optimizer.phase_ends(5, 1.0) == [5, 10, 15, 20, 25, 30, 35, 40]


def test_a_phase_lasts_as_many_steps_as_it_should():
  rate = iwae_optimizer.phased_rate(1e-3, 2, 3.0)
  # Step 0 is the first; the last phase goes on for ever.
  steps = [0, 1, 2, 7, 8, 25, 26, 2 * 3280 - 1, 10**7]
  phases = [1, 1, 2, 2, 3, 3, 4, 8, 8]
  rates = iwae_optimizer.phase_rates()
  np.testing.assert_allclose(
    [float(rate(step)) for step in steps],
    [rates[phase - 1] for phase in phases],
    rtol=1e-6,
  )


def test_the_optimizer_follows_the_phases():
  gradients = _gradients(12)
  optimizer = iwae_optimizer.BurdaAdam(iwae_optimizer.phased_rate(1e-3, 2, 1.0))
  path = _path(optimizer, np.zeros(4), gradients)
  rates = [iwae_optimizer.phase_rates()[step // 2] for step in range(12)]
  expected = _recursion(np.zeros(4), gradients, rates, 1.0)
  np.testing.assert_allclose(path, expected, rtol=1e-6, atol=1e-12)


def test_survives_serialisation():
  optimizer = iwae_optimizer.BurdaAdam(2e-4, gradient_scale=20.0, beta_1=0.9)
  config = keras.optimizers.serialize(optimizer)
  again = keras.optimizers.deserialize(config)
  assert isinstance(again, iwae_optimizer.BurdaAdam)
  assert again.get_config() == optimizer.get_config()
