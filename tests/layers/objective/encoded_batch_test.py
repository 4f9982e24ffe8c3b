"""Tests of log-joint and posterior against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers
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
