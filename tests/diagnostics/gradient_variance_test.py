"""Tests of the running estimate, against a recursion in NumPy."""

from __future__ import annotations

import functools
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import small_model
from tf_mco import diagnostics
from tf_mco import types


@functools.cache
def _gradients() -> dict[str, list[np.ndarray]]:
  """Returns the gradients of 20 steps by group, flat, from our own loop."""
  # In float64, as all that is compared with it: see `small_model.make`.
  model = small_model.compiled(dtype='float64')
  variables = model.trainable_variables
  model.check_observations(small_model.IMAGES)

  @tf.function
  def gradient(x: tf.Tensor, seed: types.Seed) -> Any:
    with tf.GradientTape() as tape:
      result = model.objective.surrogate(x, training=True, seed=seed)
      loss = tf.reduce_mean(result.loss)
    return tape.gradient(loss, variables)

  found: dict[str, list] = {'encoder': [], 'decoder': []}
  for _ in range(2):
    for x in small_model.BATCHES:
      gradients = gradient(x, model.objective.next_seed())
      model.optimizer.apply(gradients, variables)
      by_id = {
        id(v): g.numpy().ravel()
        for v, g in zip(variables, gradients, strict=True)
      }
      for group, flat in found.items():
        members = model.parameter_groups()[group]
        flat.append(np.concatenate([by_id[id(v)] for v in members]))
  return found


def _recursion(gradients: list[np.ndarray], decay: float) -> float:
  """Returns the corrected EMA[g^2] - EMA[g]^2, averaged over entries."""
  mean = square = 0
  for g in np.asarray(gradients, np.float64):
    mean = decay * mean + (1 - decay) * g
    square = decay * square + (1 - decay) * g**2
  total = 1 - decay ** len(gradients)
  return np.mean(square / total - (mean / total) ** 2)


@pytest.mark.parametrize(
  ('steps_per_execution', 'decay', 'every'),
  [
    (1, 0.9, 3),
    (5, 0.999, 1),
  ],
)
def test_recursion(steps_per_execution: int, decay: float, every: int) -> None:
  model = small_model.compiled(
    dtype='float64',
    jit_compile=False,
    steps_per_execution=steps_per_execution,
  )
  callback = diagnostics.GradientVariance(
    decay, every, groups=('encoder', 'decoder')
  )
  history = model.fit(
    small_model.BATCHES, epochs=2, verbose=0, callbacks=[callback]
  )
  for group, gradients in _gradients().items():
    logged = history.history[f'gradient_variance/{group}']
    expected = [
      _recursion(gradients[:10:every], decay),
      _recursion(gradients[::every], decay),
    ]
    np.testing.assert_allclose(logged, expected, rtol=1e-9)
  assert int(callback.state.steps) == 20


def test_eager_step() -> None:
  model = small_model.compiled(dtype='float64', run_eagerly=True)
  callback = diagnostics.GradientVariance(0.9)
  model.fit(small_model.BATCHES, verbose=0, callbacks=[callback])
  expected = _recursion(_gradients()['encoder'][:10], 0.9)
  assert callback.state.result()['encoder'] == pytest.approx(expected, rel=1e-9)


def test_training_is_the_same_and_the_callback_leaves() -> None:
  # Without XLA, which fuses the two steps differently, and may round so.
  plain, watched = (small_model.compiled(jit_compile=False) for _ in range(2))
  plain.fit(small_model.BATCHES, verbose=0)
  callback = diagnostics.GradientVariance()
  watched.fit(small_model.BATCHES, verbose=0, callbacks=[callback])
  for one, other in zip(plain.variables, watched.variables, strict=True):
    np.testing.assert_array_equal(one.numpy(), other.numpy())
  assert watched.gradient_observer is None
  watched.fit(small_model.BATCHES, verbose=0)
  assert int(callback.state.steps) == 10
  # Into a step that was compiled without it.
  watched.fit(small_model.BATCHES, verbose=0, callbacks=[callback])
  assert int(callback.state.steps) == 20


def _checkpoint(model, callback) -> tf.train.Checkpoint:
  return tf.train.Checkpoint(
    model=model, optimizer=model.optimizer, variance=callback.state
  )


def _state(callback) -> list[np.ndarray]:
  state = callback.state
  pairs = state.means['encoder'] + state.variances['encoder']
  return [variable.numpy() for variable in (state.steps, *pairs)]


def test_resume(tmp_path: pathlib.Path) -> None:
  straight, whole = small_model.compiled(), diagnostics.GradientVariance()
  straight.fit(small_model.BATCHES, epochs=2, verbose=0, callbacks=[whole])
  first, half = small_model.compiled(), diagnostics.GradientVariance()
  first.fit(small_model.BATCHES, verbose=0, callbacks=[half])
  path = _checkpoint(first, half).save(str(tmp_path / 'checkpoint'))

  for built_first in (True, False):
    second, rest = small_model.compiled(), diagnostics.GradientVariance()
    if built_first:
      rest.state.build({'encoder': second.parameter_groups()['encoder']})
    status = _checkpoint(second, rest).restore(path)
    second.fit(small_model.BATCHES, verbose=0, callbacks=[rest])
    status.assert_existing_objects_matched()
    for one, other in zip(_state(whole), _state(rest), strict=True):
      np.testing.assert_array_equal(one, other)


def test_two_fits_continue_one_estimate() -> None:
  model = small_model.compiled(dtype='float64')
  callback = diagnostics.GradientVariance(0.9)
  for _ in range(2):
    model.fit(small_model.BATCHES, verbose=0, callbacks=[callback])
  expected = _recursion(_gradients()['encoder'], 0.9)
  assert callback.state.result()['encoder'] == pytest.approx(expected, rel=1e-9)


def test_state_is_no_part_of_the_model() -> None:
  model, callback = small_model.compiled(), diagnostics.GradientVariance()
  before = len(model.variables)
  callback.set_model(model)
  assert model.gradient_observer is callback
  assert len(model.variables) == before


def test_errors() -> None:
  for decay in (0, 1, 1.5):
    with pytest.raises(ValueError, match='decay'):
      diagnostics.GradientVariance(decay)
  with pytest.raises(ValueError, match='every=0'):
    diagnostics.GradientVariance(every=0)
  model = small_model.compiled()
  two = [diagnostics.GradientVariance(), diagnostics.GradientVariance()]
  with pytest.raises(ValueError, match='One GradientVariance at a time'):
    model.fit(small_model.BATCHES, verbose=0, callbacks=two)
  model.fit(
    small_model.BATCHES, verbose=0, callbacks=[diagnostics.GradientVariance()]
  )
  with pytest.raises(ValueError, match="groups=.'control'"):
    model.fit(
      small_model.BATCHES,
      verbose=0,
      callbacks=[diagnostics.GradientVariance(groups=['control'])],
    )
  used = two[0]
  with pytest.raises(ValueError, match='belongs to variables of shapes'):
    used.state.build({'encoder': [tf.Variable([0.0])]})
  scaled = small_model.compiled()
  scaled.compile(keras.optimizers.Adam(loss_scale_factor=8.0))
  with pytest.raises(ValueError, match='not scaled'):
    scaled.fit(
      small_model.BATCHES, verbose=0, callbacks=[diagnostics.GradientVariance()]
    )
  other = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
  with pytest.raises(ValueError, match='needs a LatentVariableModel'):
    diagnostics.GradientVariance().set_model(other)
