"""log p(x, z) of a batch, its gradients, and draws from the model itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special
import scipy.stats
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers

_X = tiny.binary_images(5).astype('float64')


def _path(num_layers: int, num_samples: int = 2) -> list[np.ndarray]:
  rng = np.random.default_rng(2)
  return [
    rng.integers(0, 2, (num_samples, len(_X), width)).astype('float64')
    for width in tiny.LATENTS[:num_layers]
  ]


def _objective(num_layers: int, **options: Any) -> layers.MonteCarloObjective:
  model = tiny.model(num_layers=num_layers, dtype='float64', **options)
  return model.objective


def test_log_joint_differentiates_into_model_and_prior() -> None:
  objective = _objective(2)
  path = tuple(map(tf.constant, _path(2)))
  with tf.GradientTape() as tape:
    log_p = objective.encode_batch(_X).log_joint(path)
  groups = objective.parameter_groups()
  gradients = tape.gradient(log_p, groups)
  assert [len(groups[name]) for name in groups] == [4, 4, 1]
  assert all(gradient is None for gradient in gradients['encoder'])
  numbers = tiny.numbers(objective)
  residual = path[1].numpy() - special.expit(numbers.prior)
  np.testing.assert_allclose(gradients['prior'][0], residual.sum((0, 1)))
  kernel, bias = numbers.decoder[0]
  residual = _X - special.expit(path[0].numpy() @ kernel + bias)
  np.testing.assert_allclose(gradients['decoder'][1], residual.sum((0, 1)))


def test_dreams_have_the_probabilities_of_the_model() -> None:
  """A chi-square test of x and z together; a false alarm in a million seeds."""
  num = 1 << 16
  objective = tiny.model(dtype='float64').objective
  numbers = tiny.numbers(objective)
  x = tf.zeros([num, tiny.PIXELS], tf.float64)
  image, (z,) = objective.encode_batch(x).log_joint.dream(seed=5)
  assert (image.shape, z.shape) == ((num, tiny.PIXELS), (1, num, 3))
  states = tiny.all_states(tiny.PIXELS + 3)
  images, codes = states[:, : tiny.PIXELS], states[None, :, tiny.PIXELS :]
  expected = num * np.exp(tiny.log_joint(numbers, images, codes)[0])
  powers = 2 ** np.arange(tiny.PIXELS + 3)[::-1]
  drawn = np.concatenate([image, z[0]], -1) @ powers
  observed = np.bincount(drawn.astype(int), minlength=len(states))
  # States of few dreams are counted together.
  rare = expected < 8
  observed = [*observed[~rare], observed[rare].sum()]
  expected = [*expected[~rare], expected[rare].sum()]
  assert scipy.stats.chisquare(observed, expected).pvalue > 1e-6


@pytest.mark.parametrize('num_layers', [1, 2])
def test_log_q_of_a_dream(num_layers: int) -> None:
  """The dream is scored by the posterior of its own x; it has no gradient."""
  objective = _objective(num_layers)
  log_joint = objective.encode_batch(_X).log_joint
  with tf.GradientTape() as tape:
    x, path = log_joint.dream(seed=3)
    log_q = log_joint.log_q_of_dream((x, path))
    total = tf.reduce_sum(x) + tf.add_n([tf.reduce_sum(z) for z in path])
  expected = tiny.log_posterior(
    tiny.numbers(objective), x.numpy(), *(z.numpy() for z in path)
  )
  np.testing.assert_allclose(log_q, expected[0])
  variables = objective.trainable_variables
  assert all(g is None for g in tape.gradient(total, variables))
