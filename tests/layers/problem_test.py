"""Tests of log-joint and posterior against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers
from tf_mco import models
from tf_mco import posteriors

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


@pytest.mark.parametrize('num_layers', [1, 2])
def test_log_joint_and_log_posterior_agree_with_numpy(num_layers: int) -> None:
  objective = _objective(num_layers)
  problem, numbers = objective.encode_batch(_X), tiny.numbers(objective)
  path = _path(num_layers)
  samples: Any = tuple(map(tf.constant, path))
  assert isinstance(problem.posterior, posteriors.Chain) == (num_layers == 2)
  if num_layers == 1:
    samples = samples[0]
  log_p = problem.log_joint(samples)
  log_q = problem.posterior.log_prob(samples)
  assert log_p.shape == log_q.shape == (2, 5)
  np.testing.assert_allclose(log_p, tiny.log_joint(numbers, _X, *path))
  np.testing.assert_allclose(log_q, tiny.log_posterior(numbers, _X, *path))
  kernel, bias = numbers.decoder[0]
  np.testing.assert_allclose(
    problem.log_likelihood(samples),
    tiny.log_bernoulli(_X, path[0] @ kernel + bias),
  )


def test_a_list_of_one_is_a_chain_of_one() -> None:
  plain = _objective(1)
  chain = layers.MonteCarloObjective(
    [plain.encoder], [plain.decoder], plain.prior, 'vimco', dtype='float64'
  )
  (z,) = _path(1)
  problem = chain.encode_batch(_X)
  assert isinstance(problem.posterior, posteriors.Chain)
  np.testing.assert_array_equal(
    problem.log_joint((tf.constant(z),)),
    plain.encode_batch(_X).log_joint(tf.constant(z)),
  )


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


def test_samples_from_the_prior_have_the_exact_mean() -> None:
  # |z| < 4 for four pixels: a false alarm in 4,000 changes of the seed.
  num = 100_000
  model = tiny.model(num_layers=2, dtype='float64')
  (first, second), prior = tiny.numbers(model.objective)[1:]
  means = model.sample(num, seed=1).numpy()
  assert means.shape == (num, tiny.PIXELS)
  mean, square = np.zeros(tiny.PIXELS), np.zeros(tiny.PIXELS)
  for z2 in tiny.all_states(2):
    p2 = np.exp(tiny.log_bernoulli(z2, prior))
    for z1 in tiny.all_states(3):
      p1 = np.exp(tiny.log_bernoulli(z1, z2 @ second[0] + second[1]))
      pixel = special.expit(z1 @ first[0] + first[1])
      mean += p2 * p1 * pixel
      square += p2 * p1 * pixel**2
  z = (means.mean(0) - mean) / np.sqrt((square - mean**2) / num)
  assert np.all(np.abs(z) < 4), z


def test_encode_decode_reconstruct() -> None:
  model = tiny.model(dtype='float64')
  numbers = tiny.numbers(model.objective)
  (kernel, bias), (out, out_bias) = numbers.encoder[0], numbers.decoder[0]
  codes = model.encode(_X)
  np.testing.assert_allclose(codes, special.expit(_X @ kernel + bias))
  pixels = special.expit(codes @ out + out_bias)
  np.testing.assert_allclose(model.decode(codes), pixels)
  possible = special.expit(tiny.all_states(3) @ out + out_bias)
  for row in model.reconstruct(_X, seed=4).numpy():
    assert np.isclose(possible, row).all(1).any()


@pytest.mark.parametrize(
  ('encoder', 'decoder', 'prior'),
  [
    ([3], [4], 1),  # would broadcast, and train another model
    ([3], [1], 3),
    ([3, 2], [4, 1], 2),
    ([3], [4], 2),
    ([3], [5], 3),
    ([3, 2], [4, 4], 2),
  ],
)
def test_parts_that_do_not_fit_are_an_error(
  encoder: list[int], decoder: list[int], prior: int
) -> None:
  model = models.LatentVariableModel(
    [layers.BernoulliPosterior(units) for units in encoder],
    [layers.BernoulliLikelihood(units) for units in decoder],
    layers.BernoulliPrior(prior),
    'vimco',
  )
  with pytest.raises(ValueError, match='shape'):
    model.build((None, tiny.PIXELS))
