"""Tests that an exported model serves without this library."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import models

_SEED = (3, 4)
_SERVE = """
import sys
import numpy as np
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1])
signatures = served.signatures
results = {'signatures': np.array(sorted(signatures))}
seed = tf.constant([3, 4])
for batch in (1, 7):
  x = np.load(sys.argv[2])[:batch]
  codes = signatures['encode'](x=tf.constant(x))['mean']
  results[f'encode{batch}'] = codes
  results[f'decode{batch}'] = signatures['decode'](z=codes)['mean']
  count = tf.constant(batch)
  sample = signatures['sample'](num_samples=count, seed=seed)
  results[f'sample{batch}'] = sample['mean']
  bound = signatures['bound'](x=tf.constant(x), seed=seed)
  results[f'bound{batch}'] = bound['bound']
  results[f'function{batch}'] = served.encode(tf.constant(x))['mean']
for module in ('tf_mco', 'tensorflow_probability', 'tf_keras'):
  assert module not in sys.modules, module
np.savez(sys.argv[3], **results)
"""


class _Served(NamedTuple):
  model: models.LatentVariableModel
  x: np.ndarray
  folder: pathlib.Path
  results: Any


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> _Served:
  """Returns a trained model, and what its export served elsewhere."""
  folder = tmp_path_factory.mktemp('export')
  x = tiny.images(7, dtype='float32')
  np.save(folder / 'x.npy', x)
  trained = tiny.model('disarm', num_layers=2, built=False)
  trained.compile('adam', jit_compile=False)
  trained.fit(tiny.images(8), batch_size=4, verbose=0)
  trained.save(folder / 'model.keras')
  model = keras.models.load_model(folder / 'model.keras')
  model.export(folder / 'saved', num_samples=60)
  arguments = [folder / name for name in ('saved', 'x.npy', 'results.npz')]
  subprocess.run(
    [sys.executable, '-c', _SERVE, *map(str, arguments)],
    check=True,
    cwd=folder,  # the library is not to be found there
  )
  return _Served(model, x, folder, np.load(folder / 'results.npz'))


def test_signatures(served: _Served) -> None:
  names = set(served.results['signatures'])
  assert names >= {'encode', 'decode', 'sample', 'bound'}


@pytest.mark.parametrize('batch', [1, 7])
def test_values_are_those_of_the_model(served: _Served, batch: int) -> None:
  model, x, results = served.model, served.x[:batch], served.results
  codes = model.encode(x)
  for name, expected in {
    'encode': codes,
    'function': codes,
    'decode': model.decode(codes),
    'sample': model.sample(batch, seed=tf.constant(_SEED)),
    'bound': model.log_likelihood_bound(
      x, num_samples=60, seed=tf.constant(_SEED)
    ),
  }.items():
    result = results[f'{name}{batch}']
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-5, err_msg=name)


def test_what_cannot_be_scored_is_nan_there(served: _Served) -> None:
  signatures = tf.saved_model.load(served.folder / 'saved').signatures
  x = np.tile(served.x[:1], (4, 1))
  x[1:, 2] = [np.nan, -0.1, 200.0]
  x = tf.constant(x)
  codes = signatures['encode'](x=x)['mean']
  bound = signatures['bound'](x=x, seed=tf.constant(_SEED))['bound']
  bad = [False, True, True, True]
  assert np.isnan(bound).tolist() == bad
  assert np.isnan(codes).all(-1).tolist() == bad
  assert np.isfinite(codes[0]).all()
  np.testing.assert_allclose(codes[0], served.results['encode1'][0], rtol=1e-5)


def test_a_keras_layer_of_it(served: _Served) -> None:
  layer = keras.layers.TFSMLayer(served.folder / 'saved', 'encode')
  inputs = keras.Input((tiny.PIXELS,))
  model = keras.Model(inputs, layer(inputs))
  np.testing.assert_allclose(
    model.predict(served.x, verbose=0)['mean'], served.results['encode7']
  )


def test_a_model_without_weights_is_an_error(tmp_path: pathlib.Path) -> None:
  with pytest.raises(ValueError, match='no weights yet'):
    tiny.model(built=False).export(tmp_path / 'saved')
  assert not (tmp_path / 'saved').exists()
