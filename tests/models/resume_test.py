"""Tests that a resumed run equals an uninterrupted one, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny

_EPOCHS = 2


def _groups() -> dict[str, keras.optimizers.Optimizer]:
  return {
    'encoder': keras.optimizers.Adam(0.1),
    'decoder': keras.optimizers.Adam(0.05),
    'prior': keras.optimizers.SGD(0.1, momentum=0.9),
  }


def _compiled(optimizer: Callable, num_layers: int = 2) -> keras.Model:
  model = tiny.model('disarm', num_layers=num_layers, built=False)
  model.compile(optimizer(), jit_compile=False)
  return model


def _train(model: keras.Model, epochs: int, **options: Any) -> None:
  x = tiny.images(8)
  model.fit(x, batch_size=4, epochs=epochs, shuffle=False, verbose=0, **options)


@pytest.fixture(
  scope='module',
  params=[lambda: keras.optimizers.Adam(0.1), _groups],
  ids=['one', 'groups'],
)
def runs(request: pytest.FixtureRequest) -> tuple[Callable, keras.Model, Any]:
  """Returns an optimizer, an uninterrupted run of it, and half a run."""
  whole, half = _compiled(request.param), _compiled(request.param)
  _train(whole, _EPOCHS)
  _train(half, _EPOCHS // 2)
  return request.param, whole, half


def test_two_uninterrupted_runs_are_equal(runs: Any) -> None:
  optimizer, whole, _ = runs
  again = _compiled(optimizer)
  _train(again, _EPOCHS)
  tiny.assert_same_state(again, whole)
  assert int(whole.optimizer.iterations) == 4
  assert int(whole.objective.step) == 4


def test_keras_file(runs: Any, tmp_path: pathlib.Path) -> None:
  _, whole, half = runs
  half.save(tmp_path / 'half.keras')
  loaded = keras.models.load_model(tmp_path / 'half.keras')
  tiny.assert_same_state(loaded, half)
  configs = [json.dumps(m.get_config()) for m in (loaded, half)]
  assert configs[0] == configs[1]
  _train(loaded, _EPOCHS // 2)
  tiny.assert_same_state(loaded, whole)
  frozen = keras.models.load_model(tmp_path / 'half.keras', compile=False)
  x = tiny.images(6)
  # Keras predicts with XLA where a model is not compiled, and XLA rounds
  # otherwise than the graph of the compiled model.
  np.testing.assert_allclose(
    frozen.predict(x, verbose=0), half.predict(x, verbose=0), rtol=1e-5
  )


@pytest.mark.parametrize('built', [False, True])
def test_tf_checkpoint(runs: Any, built: bool, tmp_path: pathlib.Path) -> None:
  optimizer, whole, half = runs
  checkpoint = tf.train.Checkpoint(model=half, optimizer=half.optimizer)
  path = checkpoint.save(str(tmp_path / 'half'))
  resumed = _compiled(optimizer)
  if built:
    resumed.build((None, tiny.PIXELS))
    resumed.optimizer.build(resumed.trainable_variables)
  checkpoint = tf.train.Checkpoint(model=resumed, optimizer=resumed.optimizer)
  status = checkpoint.restore(path)
  if built:
    status.assert_consumed()
    tiny.assert_same_state(resumed, half)
  _train(resumed, _EPOCHS // 2)
  tiny.assert_same_state(resumed, whole)


class _Kill(keras.callbacks.Callback):
  """A callback that ends the run at the beginning of an epoch."""

  def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
    """Raises at half time."""
    if epoch == _EPOCHS // 2:
      raise KeyboardInterrupt


def test_backup_and_restore(runs: Any, tmp_path: pathlib.Path) -> None:
  optimizer, whole, _ = runs
  backup = [keras.callbacks.BackupAndRestore(tmp_path / 'backup')]
  killed = _compiled(optimizer)
  with pytest.raises(KeyboardInterrupt):
    _train(killed, _EPOCHS, callbacks=[*backup, _Kill()])
  resumed, batches = _compiled(optimizer), tiny.Batches()
  _train(resumed, _EPOCHS, callbacks=[*backup, batches])
  assert len(batches.seen) == 2  # of 4: the first half was not repeated
  tiny.assert_same_state(resumed, whole)


def test_model_checkpoint_keeps_the_best_by_bound(
  tmp_path: pathlib.Path,
) -> None:
  # The learning rate turns negative: the first epochs are the best.
  model = _compiled(lambda: keras.optimizers.SGD(0.1), num_layers=1)
  path = tmp_path / 'best.keras'
  checkpoint = keras.callbacks.ModelCheckpoint(
    path, monitor='val_bound', mode='max', save_best_only=True
  )
  rates = keras.callbacks.LearningRateScheduler(lambda e: -50.0 * (e > 1))
  x = tiny.images(8)
  history = model.fit(
    x,
    batch_size=4,
    epochs=4,
    shuffle=False,
    validation_data=x,
    callbacks=[checkpoint, rates],
    verbose=0,
  ).history
  best = max(history['val_bound'])
  assert best == history['val_bound'][0] > history['val_bound'][-1] + 1
  loaded = keras.models.load_model(path)
  assert int(loaded.objective.step) == 2
  bound = loaded.evaluate(x, batch_size=4, verbose=0, return_dict=True)
  assert bound['bound'] == pytest.approx(best)
