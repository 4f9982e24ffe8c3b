"""Gradients of estimators of continuous variables, one row at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tests.testing import gaussian_problems
from tests.testing import quadrature
import tf_mco
from tf_mco import types

Gradient = dict[str, np.ndarray]


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
  log_joint = problem.log_joint(parameters)
  received: list[Any] = []

  def recording(samples: types.Samples) -> tf.Tensor:
    received.append(samples)
    return log_joint(samples)

  with tf.GradientTape() as tape:
    tape.watch(parameters)
    posterior = problem.posterior(parameters)
    surrogate = tf_mco.estimate(estimator, recording, posterior, seed=seed)
    value = -surrogate.loss
  gradient = tape.gradient(value, parameters, unconnected_gradients='zero')
  named = {name: gradient[name].numpy() for name in quadrature.names(problem)}
  return Drawn(surrogate, named, noise_of(problem, received[0]))


def noise_of(problem: gaussian_problems.Problem, samples: Any) -> np.ndarray:
  """Returns the standard normal variables `[K, N, E]` behind samples."""
  v = problem.values
  z = samples[0] if isinstance(samples, tuple) else samples
  z = z.numpy()[..., None] if problem.kind == 'scalar' else z.numpy()
  noise = (z - v['loc']) * np.exp(-v['log_scale'])
  if problem.kind == 'tril':
    below = v['corner'] * noise[..., 0] * np.exp(-v['log_scale'][:, 1])
    noise[..., 1] -= below
  if problem.kind == 'chain':
    mean = v['weight'] * z + v['bias']
    second = (samples[1].numpy() - mean) * np.exp(-v['log_scale2'])
    noise = np.concatenate([noise, second], -1)
  return noise


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
  result = quadrature.per_row(estimator, problem, every, noise, stopped=stopped)
  return Drawn(*result, noise)


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
  """Asserts that all gradients agree; relative where they exceed 1."""
  assert found.keys() == expected.keys()
  for name, value in found.items():
    np.testing.assert_allclose(
      value, expected[name], rtol=tolerance, atol=tolerance, err_msg=name
    )
