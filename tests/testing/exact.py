"""Bounds and their gradients as sums over all states, without tf_mco."""

from __future__ import annotations

from collections.abc import Callable
import itertools
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tests.testing import problems


class Exact(NamedTuple):
  """A quantity of each of N examples and its gradient."""

  value: np.ndarray  # `[N]`, nats
  gradient: dict[str, np.ndarray]  # name -> `[N, ...]`, of ascent


def elbo(problem: problems.Problem) -> Exact:
  """Returns E_q[log p(x, z) - log q(z | x)]."""

  def value(parameters: problems.Parameters) -> tf.Tensor:
    states = _states(problem)
    log_q = _log_q(problem, parameters, states)
    log_w = problem.function(parameters, states) - log_q
    return tf.reduce_sum(tf.exp(log_q) * log_w, 0)

  return _differentiate(problem, value)


def iwae(problem: problems.Problem, num_samples: int) -> Exact:
  """Returns L_K, a sum over all sets of K states."""

  def value(parameters: problems.Parameters) -> tf.Tensor:
    states = _states(problem)
    log_q = _log_q(problem, parameters, states)
    log_w = problem.function(parameters, states) - log_q
    indices = range(states[0].shape[0])
    sets = tf.constant(list(itertools.product(indices, repeat=num_samples)))
    bound = tf.reduce_logsumexp(tf.gather(log_w, sets), 1)
    probability = tf.exp(tf.reduce_sum(tf.gather(log_q, sets), 1))
    return tf.reduce_sum(probability * (bound - math.log(num_samples)), 0)

  return _differentiate(problem, value)


def expectation(
  problem: problems.Problem, function: problems.Function
) -> Exact:
  """Returns E_q[function(z)]."""

  def value(parameters: problems.Parameters) -> tf.Tensor:
    states = _states(problem)
    log_q = _log_q(problem, parameters, states)
    return tf.reduce_sum(tf.exp(log_q) * function(parameters, states), 0)

  return _differentiate(problem, value)


def _states(problem: problems.Problem) -> tuple[tf.Tensor, ...]:
  """Returns all S paths, `[S, N, D]` per layer."""
  bits = np.array(
    list(itertools.product([0.0, 1.0], repeat=sum(problem.sizes)))
  )
  bits = np.repeat(bits[:, None], problem.num_examples, 1)
  return tuple(tf.split(tf.constant(bits), problem.sizes, -1))


def _log_q(
  problem: problems.Problem,
  parameters: problems.Parameters,
  states: tuple[tf.Tensor, ...],
) -> tf.Tensor:
  log_q = tf.zeros([], tf.float64)
  for layer, z in enumerate(states):
    logits = problem.logits(parameters, states[:layer])
    log_q += tf.reduce_sum(tf.math.log_sigmoid((2 * z - 1) * logits), -1)
  return log_q


def _differentiate(
  problem: problems.Problem,
  value_fn: Callable[[problems.Parameters], tf.Tensor],
) -> Exact:
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    value = value_fn(parameters)
  gradient = tape.gradient(value, parameters, unconnected_gradients='zero')
  return Exact(value.numpy(), {k: g.numpy() for k, g in gradient.items()})
