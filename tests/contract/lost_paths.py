"""A log-joint without a gradient in the samples is an error, where it counts.

An estimator that differentiates through samples would drop the path without a
word. The other estimators take any function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tests.contract import table
import tf_mco
from tf_mco import types


def _stopped(fn: types.LogJoint, layer: int) -> types.LogJoint:
  """Returns `fn` with the path cut at the samples of one layer."""

  def cut(samples: types.Samples) -> tf.Tensor:
    path = list(types.as_path(samples))
    path[layer] = tf.stop_gradient(path[layer])
    return fn(tuple(path) if isinstance(samples, tuple) else path[0])

  return cut


def _in_numpy(fn: types.LogJoint, num_layers: int) -> types.LogJoint:
  """Returns `fn`, computed where TensorFlow sees no gradient at all."""

  def cut(samples: types.Samples) -> tf.Tensor:
    path = types.as_path(samples)

    def value(*arrays: np.ndarray) -> np.ndarray:
      tensors = tuple(map(tf.constant, arrays))
      return fn(tensors if num_layers > 1 else tensors[0]).numpy()

    result = tf.numpy_function(value, path, path[0].dtype)
    return tf.ensure_shape(result, path[0].shape[:2])

  return cut


def _cuts(fn: types.LogJoint, num_layers: int) -> Iterator[tuple]:
  """Yields functions whose path is cut, and the layers where."""
  for layer in range(num_layers):
    yield _stopped(fn, layer), (layer,)
  yield _in_numpy(fn, num_layers), tuple(range(num_layers))


def check_lost_path(case: table.Case) -> None:
  """A path that is cut anywhere is an error, eagerly and in a graph.

  An estimator that needs no path gives the value that it gives without a cut.
  """
  problem, estimator = case.problem, case.estimator
  parameters, layers = problem.rows(), case.oracle.num_layers
  posterior = problem.posterior(parameters)
  log_joint = problem.log_joint(parameters)
  whole = tf_mco.estimate(estimator, log_joint, posterior, seed=2)

  def estimate(fn: types.LogJoint) -> tf.Tensor:
    return tf_mco.estimate(estimator, fn, posterior, seed=2).loss

  for cut, where in _cuts(log_joint, layers):
    if case.row.differentiates:
      graph = tf.function(lambda cut=cut: estimate(cut), autograph=False)
      _assert_lost(lambda cut=cut: estimate(cut), where)
      _assert_lost(graph, where)
    else:
      np.testing.assert_allclose(estimate(cut), whole.loss, rtol=1e-12)


def check_lost_path_of_a_mean(case: table.Case) -> None:
  """A function may ignore a layer, but not all, if the path counts."""
  problem, estimator = case.problem, case.estimator
  parameters, layers = problem.rows(), case.oracle.num_layers
  posterior = problem.posterior(parameters)
  fn = problem.log_joint(parameters)
  whole = tf_mco.expectation(estimator, fn, posterior, seed=2)
  for cut, where in _cuts(fn, layers):
    if case.row.differentiates and len(where) == layers:
      _assert_lost(
        lambda cut=cut: tf_mco.expectation(estimator, cut, posterior, seed=2),
        where,
      )
    else:
      try:
        found = tf_mco.expectation(estimator, cut, posterior, seed=2)
      except ValueError as error:
        raise AssertionError('a function may ignore a layer') from error
      np.testing.assert_allclose(found, whole, rtol=1e-12)


def _assert_lost(
  estimate: Callable[[], tf.Tensor], where: tuple[int, ...]
) -> None:
  """Asserts that a ValueError names the function and the layers."""
  try:
    estimate()
  except ValueError as error:
    message = str(error)
  else:
    raise AssertionError('a path was dropped without a word')
  for words in ('`cut` has no gradient', 'Expected', 'Received', 'reinforce'):
    assert words in message, message
  layers = message.split('stochastic layer ')[1]
  for layer in where:
    assert f'{layer} (shape' in layers, message
