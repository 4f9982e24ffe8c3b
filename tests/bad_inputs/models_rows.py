"""Bad inputs of models: data, options of training, and uses of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.bad_inputs import row
from tests.support import tiny
import tf_mco

_X = tiny.binary_images(8)


@functools.cache
def _model() -> tf_mco.models.LatentVariableModel:
  """Returns a compiled model of 4 binary pixels, which no row trains."""
  model = tiny.model()
  model.compile('sgd', run_eagerly=True)
  return model


def _new() -> tf_mco.models.LatentVariableModel:
  return tiny.model(built=False)


def _fit(x: Any = _X, **options: Any) -> Any:
  return _model().fit(x, verbose=0, **options)


class _Nothing(keras.utils.PyDataset):
  """A sequence of no batches."""

  def __len__(self) -> int:
    return 0

  def __getitem__(self, index: int) -> np.ndarray:
    raise IndexError(index)


def _with(value: float) -> np.ndarray:
  x = _X.copy()
  x[3, 2] = value
  return x


_BATCHES = tf.data.Dataset.from_tensor_slices(_X).batch(4)
_NO_DATA: Mapping[str, Any] = {
  'none': None,
  'empty': np.zeros([0, 4], np.float32),
  'empty_tensor': tf.zeros([0, 4]),
  'empty_list': [],
  'empty_tuple': (),
  'empty_dict': {},
  'empty_stream': _BATCHES.take(0),
  'empty_sequence': _Nothing(),
}
_OTHER_DATA: Mapping[str, Any] = {
  'dict': {'x': _X},
  'dict_of_two': {'image': _X, 'label': np.zeros(8)},
  'stream_of_dicts': tf.data.Dataset.from_tensor_slices({'x': _X}).batch(4),
  'text': 'mnist',
  'texts': np.full([8, 4], 'a'),
  'bytes': b'images',
  'number': 3.0,
  'scalar': np.float32(1.0),
  'objects': np.array([[None] * 4] * 8),
  'complex': _X.astype(np.complex64),
  'dates': np.zeros([8, 4], 'datetime64[s]'),
  'function': lambda: _X,
  'class': np.ndarray,
  'ragged': tf.ragged.constant([[0.0, 1.0], [1.0]]),
  'sparse': tf.sparse.from_dense(_X),
  'masked': np.ma.masked_array(_X, _X > 0),
  'model': keras.Sequential(),
}
# What the values of an array are checked for.
_CHECKED = ('texts', 'objects', 'complex', 'dates', 'masked')
_VALUES: Mapping[str, Any] = {
  'nan': _with(np.nan),
  'infinite': _with(np.inf),
  'negative': _with(-0.5),
  'above': _with(1.5),
  'negative_pixels': np.full([8, 4], -1, np.int32),
  'large_pixels': np.full([8, 4], 256, np.int32),
}
_SHAPES: Mapping[str, Any] = {
  'no_pixels': np.zeros([8, 0], np.float32),
  'wide': np.zeros([8, 5], np.float32),
  'narrow': np.zeros([8, 3], np.float32),
  'images': np.zeros([8, 2, 2], np.float32),
  'one_axis': np.zeros([8], np.float32),
  'no_axis': np.zeros([], np.float32),
  'stream_unbatched': tf.data.Dataset.from_tensor_slices(_X),
  'stream_wide': tf.data.Dataset.from_tensors(np.zeros([8, 5], np.float32)),
}
_DOORS: Mapping[str, Callable[[Any], Any]] = {
  'fit': _fit,
  'validation': lambda v: _fit(validation_data=v),
  'evaluate': lambda v: _model().evaluate(v, verbose=0),
  'predict': lambda v: _model().predict(v, verbose=0),
}

ROWS: list[row.Row] = []
for _name, _call in _DOORS.items():
  _of_nothing = dict(_NO_DATA)
  if _name == 'validation':
    del _of_nothing['none']
  where = r'as the (training |validation )?data, \[N, ...\]'
  ROWS += row.each(f'{_name}-data', _call, _of_nothing, where)
  _kinds = {k: v for k, v in _OTHER_DATA.items() if k not in _CHECKED}
  ROWS += row.each(f'{_name}-kind', _call, _kinds, where)
  _kinds = {k: v for k, v in _OTHER_DATA.items() if k in _CHECKED}
  ROWS += row.each(f'{_name}-kind', _call, _kinds, 'Bad values|no masks')
  ROWS += row.each(f'{_name}-value', _call, _VALUES, 'Bad values in')
  ROWS += row.each(
    f'{_name}-shape',
    _call,
    _SHAPES,
    r'Expected batches of shape \[B, 4\]|number',
  )
ROWS += [
  *row.each(
    'fit-stream',
    _fit,
    {
      'filtered': _BATCHES.filter(lambda x: False),
      'generator': (batch for batch in ()),
    },
    'Expected a stream with batches as the training data',
  ),
  *row.each(
    'fit-weights',
    lambda v: _fit(**v),
    {
      'of_samples': {'sample_weight': np.ones(8)},
      'of_classes': {'class_weight': {0: 1.0}},
    },
    'LatentVariableModel takes no (sample|class)_weight',
  ),
  *row.each(
    'fit-batch_size',
    lambda v: _fit(batch_size=v),
    {k: v for k, v in row.NOT_POSITIVE.items() if k != 'none'},
    '`batch_size` must be an integer of at least 1',
  ),
  *row.each(
    'fit-epochs',
    lambda v: _fit(epochs=v),
    row.NOT_POSITIVE,
    '`epochs` must be an integer of at least 1',
  ),
  *row.each(
    'compile-optimizer',
    lambda v: _new().compile(v),
    {
      'none': None,
      'number': 0.1,
      'text': 'adamm',
      'class': keras.optimizers.SGD,
      'empty': {},
      'unknown_group': {'encoder': 'sgd', 'network': 'sgd'},
      'list': ['sgd'],
    },
    '`optimizer`',
  ),
  *row.each(
    'compile-option',
    lambda v: _new().compile('sgd', **v),
    {
      'loss': {'loss': 'mse'},
      'metrics': {'metrics': ['mse']},
      'misspelt': {'jit': True},
    },
    "loss and the metrics are the objective's own",
  ),
  *row.each(
    'compile-steps_per_execution',
    lambda v: _new().compile('sgd', steps_per_execution=v),
    {k: v for k, v in row.NOT_POSITIVE.items() if k != 'none'},
    '`steps_per_execution` must be an integer of at least 1',
  ),
  *row.each(
    'sample-num_samples',
    lambda v: _model().sample(v),
    row.NOT_POSITIVE,
    '`num_samples` must be an integer of at least 1',
  ),
  *row.each(
    'sample-seed',
    lambda v: _model().sample(2, seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large')},
    '`seed` must be',
  ),
  *row.each(
    'reconstruct-seed',
    lambda v: _model().reconstruct(_X, seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large')},
    '`seed` must be',
  ),
  *row.each(
    'log_likelihood_bound-num_samples',
    lambda v: _model().log_likelihood_bound(_X, num_samples=v, seed=0),
    row.NOT_POSITIVE,
    '`num_samples` must be an integer of at least 1',
  ),
  *row.each(
    'surrogate-estimator',
    lambda v: _model().surrogate(_X, estimator=v, seed=0),
    {
      'class': tf_mco.estimators.Reinforce,
      'name': 'disarm',
      'number': 3,
    },
    'Expected an estimator, say',
  ),
  *row.each(
    'unbuilt',
    lambda v: v(_new()),
    {
      'shape': lambda model: model.observation_shape,
      'export': lambda model: model.export('/nonexistent', num_samples=2),
    },
    'call `fit`, or `build`',
  ),
]
