"""Estimates of Gaussian models from given or drawn noise, one row at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
import tf_mco
from tf_mco import types

Gradient = oracle.Gradient


class Drawn(NamedTuple):
  """One estimate of each example."""

  surrogate: types.Surrogate
  gradient: Gradient  # name -> `[N, ...]`, of ascent
  noise: np.ndarray  # `[K, N, E]`, behind the samples


def drawn(
  estimator: tf_mco.Estimator,
  problem: gaussian_problems.Problem,
  *,
  seed: int = 3,
) -> Drawn:
  """Returns an estimate whose samples the estimator draws itself."""
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    posterior = problem.posterior(parameters)
    log_joint = problem.log_joint(parameters)
    draw = estimator.draw(log_joint, posterior, seed=seed)
    surrogate = estimator.surrogate(log_joint, posterior, draw)
    value = -surrogate.loss
  gradient = tape.gradient(value, parameters, unconnected_gradients='zero')
  named = {name: gradient[name].numpy() for name in problem.names}
  return Drawn(surrogate, named, problem.source(draw))


def some_noise(
  problem: gaussian_problems.Problem, num_samples: int, seed: int = 0
) -> np.ndarray:
  """Returns noise of K samples of every example, `[K, N, E]`."""
  shape = (num_samples, problem.num_examples, problem.noise_size)
  return np.random.default_rng(seed).standard_normal(shape)


def given(
  estimator: tf_mco.Estimator,
  problem: gaussian_problems.Problem,
  noise: np.ndarray,
  *,
  stopped: bool = False,
) -> Drawn:
  """Returns the estimate of every example from given noise `[K, N, E]`."""
  every = np.arange(problem.num_examples)
  outcomes = oracle.Outcomes(every, np.ones(len(every)), noise)
  surrogate, estimates = oracle.surrogate_of(
    estimator, problem, outcomes, stopped=stopped
  )
  return Drawn(surrogate, estimates.gradient, noise)


def posterior(
  problem: gaussian_problems.Problem, gradient: Gradient
) -> np.ndarray:
  """Returns the gradients in all of the posterior's parameters, `[N, P]`."""
  return group(problem, gradient, 'posterior')


def model(problem: gaussian_problems.Problem, gradient: Gradient) -> np.ndarray:
  """Returns the gradients in all parameters of model and prior, `[N, P]`."""
  both = [group(problem, gradient, name) for name in ('model', 'prior')]
  return np.concatenate(both, -1)


def group(
  problem: gaussian_problems.Problem, gradient: Mapping[str, Any], name: str
) -> np.ndarray:
  """Returns the gradients of one group, `[N, P]`."""
  parts = [np.asarray(gradient[key]) for key in problem.groups[name]]
  return np.concatenate([part.reshape(len(part), -1) for part in parts], -1)


def assert_close(found: Any, expected: Any, tolerance: float = 1e-12) -> None:
  """Asserts that all gradients agree, relatively where they exceed 1."""
  assert found.keys() == expected.keys()
  for name, value in found.items():
    np.testing.assert_allclose(
      value, expected[name], rtol=tolerance, atol=tolerance, err_msg=name
    )
