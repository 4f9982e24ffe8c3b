"""Bad inputs of evaluations and diagnostics."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tests.bad_inputs import row
from tests.support import tiny
import tf_mco
from tf_mco import diagnostics
from tf_mco import evaluation
from tf_mco._tfp import tfd

_LOG_W = tf.zeros([3, 5])
_NORMAL = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)
_X = tiny.binary_images(8)
_NOT_LOG_WEIGHTS = {
  'none': None,
  'text': 'weights',
  'vector': tf.zeros([3]),
  'scalar': 0.0,
  'three_axes': tf.zeros([3, 5, 2]),
  'integers': tf.zeros([3, 5], tf.int32),
  'ragged': [[1.0], [1.0, 2.0]],
  'no_samples': tf.zeros([0, 5]),
}


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return -tf.reduce_sum(z**2, -1)


@functools.cache
def _model() -> tf_mco.models.LatentVariableModel:
  model = tiny.model()
  model.compile('sgd')
  return model


def _bound(**changes: Any) -> Any:
  options = {
    'log_joint': _log_joint,
    'posterior': _NORMAL,
    'num_samples': 4,
    'chunk_size': 2,
    'seed': 0,
  } | changes
  return evaluation.importance_bound(
    options.pop('log_joint'), options.pop('posterior'), **options
  )


def _bounds(x: Any = _X, **options: Any) -> Any:
  options = {'num_samples': 2, 'jit_compile': False} | options
  return evaluation.log_likelihood_bounds(_model(), x, **options)


ROWS: list[row.Row] = []
for _name, _function in {
  'cubo': lambda v: evaluation.cubo(v, 2.0),
  'jackknife': lambda v: evaluation.jackknife(v, 1),
  'tvo': lambda v: evaluation.tvo(v, [0.0, 1.0]),
  'effective_sample_size': evaluation.effective_sample_size,
}.items():
  ROWS += row.each(
    f'{_name}-log_w', _function, _NOT_LOG_WEIGHTS, '`log_w` must'
  )
ROWS += [
  *row.each(
    'cubo-n',
    lambda v: evaluation.cubo(_LOG_W, v),
    {**row.NOT_NUMBERS, 'one': 1, 'half': 0.5, 'negative': -1},
    r'`n` must be a number in \(1, inf\)',
  ),
  *row.each(
    'jackknife-order',
    lambda v: evaluation.jackknife(_LOG_W, v),
    {**row.NOT_INTEGERS, 'negative': -1, 'as_many': 3},
    r'`order` must be an integer in \[0, K\)',
  ),
  *row.each(
    'tvo-betas',
    lambda v: evaluation.tvo(_LOG_W, v),
    {
      'none': None,
      'empty': [],
      'number': 0.5,
      'text': 'ab',
      'one': [0.0],
      'from_above_0': [0.1, 1.0],
      'below_1': [0.0, 0.9],
      'falling': [0.0, 0.6, 0.5, 1.0],
      'twice': [0.0, 0.5, 0.5, 1.0],
      'nan': [0.0, float('nan'), 1.0],
    },
    '`betas` must increase from 0 to 1',
  ),
  *row.each(
    'tvo-rule',
    lambda v: evaluation.tvo(_LOG_W, [0.0, 1.0], v),
    row.NOT_NAMES,
    "`rule` must be one of 'left'",
  ),
  *row.each(
    'importance_bound-num_samples',
    lambda v: _bound(num_samples=v),
    row.NOT_POSITIVE,
    '`num_samples` must be an integer of at least 1',
  ),
  *row.each(
    'importance_bound-chunk_size',
    lambda v: _bound(chunk_size=v),
    row.NOT_POSITIVE,
    '`chunk_size` must be an integer of at least 1',
  ),
  *row.each(
    'importance_bound-posterior',
    lambda v: _bound(posterior=v),
    {'none': None, 'class': tfd.Normal, 'joint': tfd.Normal(0.0, 1.0)},
    'posterior must',
  ),
  *row.each(
    'importance_bound-log_joint',
    lambda v: _bound(log_joint=v),
    {'none': None, 'tensor': tf.zeros([4, 5])},
    '`log_joint` must be a function',
  ),
  *row.each(
    'importance_bound-result',
    lambda v: _bound(log_joint=v),
    {
      'none': lambda z: None,
      'of_examples': lambda z: _log_joint(z)[0],
      'double': lambda z: tf.cast(_log_joint(z), tf.float64),
    },
    '`<lambda>` must',
  ),
  *row.each(
    'importance_bound-seed',
    lambda v: _bound(seed=v),
    row.NOT_SEEDS,
    '`seed` must be',
  ),
  *row.each(
    'Evaluator-model',
    lambda v: evaluation.Evaluator(v, num_samples=2),
    {
      'none': None,
      'class': tf_mco.models.LatentVariableModel,
      'head': tf_mco.layers.BernoulliPosterior(2),
      'distribution': _NORMAL,
      'text': 'model',
    },
    '`model` must be a LatentVariableModel',
  ),
  *row.each(
    'Evaluator-num_samples',
    lambda v: evaluation.Evaluator(_model(), num_samples=v),
    row.NOT_POSITIVE,
    '`num_samples` must be an integer of at least 1',
  ),
  *row.each(
    'Evaluator-jit_compile',
    lambda v: evaluation.Evaluator(_model(), num_samples=2, jit_compile=v),
    {k: v for k, v in row.NOT_BOOLEAN.items() if k != 'none'},
    '`jit_compile` must be True or False',
  ),
  *row.each(
    'bounds-batch_size',
    lambda v: _bounds(batch_size=v),
    row.NOT_POSITIVE,
    '`batch_size` must be an integer of at least 1',
  ),
  *row.each(
    'bounds-seed', lambda v: _bounds(seed=v), row.NOT_SEEDS, '`seed` must be'
  ),
  *row.each(
    'unit_variances-seed',
    lambda v: evaluation.unit_variances(_model(), _X, seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large')},
    '`seed` must be',
  ),
  *row.each(
    'active_units',
    evaluation.active_units,
    {
      'none': None,
      'array': np.array([0.5, 0.001]),
      'text': 'ab',
      'nan': [np.array([0.5, np.nan])],
      'negative': [np.array([0.5, -0.5])],
      'matrix': [np.zeros([2, 2])],
    },
    r'`variances` must be',
  ),
]

# Diagnostics.

_V = tf.Variable([1.0, 2.0])


def _source(**changes: Any) -> diagnostics.GradientSource:
  options = {
    'loss': lambda seed: tf.reduce_sum(_V) * tf.ones([3]),
    'groups': {'all': [_V]},
  } | changes
  return diagnostics.GradientSource(**options)


def _statistics(source: Any = None, **options: Any) -> Any:
  options = {'num_draws': 40, 'jit_compile': False, 'seed': 0} | options
  source = _source() if source is None else source
  return diagnostics.gradient_statistics(source, **options)


def _bias(second: Any = None, **options: Any) -> Any:
  options = {'num_draws': 100, 'jit_compile': False, 'seed': 0} | options
  return diagnostics.bias_check(_source(), second or _source(), **options)


ROWS += [
  *row.each(
    'gradient_statistics-source',
    lambda v: _statistics(_source(**v)),
    {
      'no_group': {'groups': {}},
      'empty_group': {'groups': {'all': []}},
      'scalar_loss': {'loss': lambda seed: tf.reduce_sum(_V)},
      'other_variable': {'loss': lambda seed: tf.zeros([3])},
    },
    '',
  ),
  *row.each(
    'gradient_statistics-kind',
    lambda v: diagnostics.gradient_statistics(v, seed=0),
    {'none': None, 'function': _log_joint, 'model': 'model', 'tuple': (1, 2)},
    '`gradient_source` must be a GradientSource',
  ),
  *row.each(
    'gradient_statistics-num_draws',
    lambda v: _statistics(num_draws=v),
    {**row.NOT_POSITIVE, 'few': 39},
    '`num_draws` must be an integer of at least 40',
  ),
  *row.each(
    'gradient_statistics-num_batches',
    lambda v: _statistics(num_batches=v),
    {**row.NOT_POSITIVE, 'one': 1},
    '`num_batches` must be an integer of at least 2',
  ),
  *row.each(
    'gradient_statistics-seed',
    lambda v: _statistics(seed=v),
    row.NOT_SEEDS,
    '`seed` must be',
  ),
  *row.each(
    'bias_check-num_draws',
    lambda v: _bias(num_draws=v),
    {**row.NOT_POSITIVE, 'few': 99},
    '`num_draws` must be an integer of at least 100',
  ),
  *row.each(
    'bias_check-rate',
    lambda v: _bias(false_alarm_rate=v),
    {**row.NOT_NUMBERS, 'zero': 0.0, 'one': 1.0, 'negative': -0.1},
    '`false_alarm_rate` must',
  ),
  *row.each(
    'bias_check-second',
    _bias,
    {
      'other_groups': {'none': [np.zeros(2)]},
      'other_number': {'all': [np.zeros(2), np.zeros(2)]},
      'other_shape': {'all': [np.zeros(3)]},
      'function': _log_joint,
      'text': 'iwae',
    },
    '',
  ),
  *row.each(
    'model_source-model',
    lambda v: diagnostics.model_source(v, _X),
    {
      'none': None,
      'class': tf_mco.models.LatentVariableModel,
      'head': tf_mco.layers.BernoulliPosterior(2),
    },
    '`model` must be a LatentVariableModel',
  ),
  *row.each(
    'model_source-estimator',
    lambda v: diagnostics.model_source(_model(), _X, estimator=v),
    {'class': tf_mco.estimators.Disarm, 'unknown': 'disram', 'number': 3},
    '(Expected an|Unknown) estimator',
  ),
  *row.each(
    'model_source-groups',
    lambda v: diagnostics.model_source(_model(), _X, groups=v),
    {'unknown': ['network'], 'empty': [], 'text': 'encoder', 'number': 3},
    '`groups` must|Expected groups with trainable variables',
  ),
  *row.each(
    'at_equal_evaluations',
    lambda v: diagnostics.at_equal_evaluations(*v),
    {
      'class': ([tf_mco.estimators.Disarm], 4),
      'unknown': (['disram'], 4),
      'none': ([None], 4),
      'uneven': (['disarm'], 3),
      'zero': (['disarm'], 0),
      'text': ('disarm', 4),
      'no_estimator': ([], 4),
      'number': (3, 4),
      'twice': (['disarm', 'disarm'], 4),
    },
    '',
  ),
  *row.each(
    'GradientVariance-decay',
    lambda v: diagnostics.GradientVariance(decay=v),
    {**row.NOT_NUMBERS, 'zero': 0.0, 'one': 1.0},
    r'`decay` must be a number in \(0, 1\)',
  ),
  *row.each(
    'GradientVariance-every',
    lambda v: diagnostics.GradientVariance(every=v),
    row.NOT_POSITIVE,
    '`every` must be an integer of at least 1',
  ),
  *row.each(
    'EstimatorComparison',
    lambda v: diagnostics.EstimatorComparison(['disarm'], _X, **v),
    {
      'every_epochs': {'every_epochs': 0},
      'num_draws': {'num_draws': 3},
      'seed': {'seed': None},
      'groups': {'groups': 'encoder'},
      'jit_compile': {'jit_compile': 'yes'},
      'include_data_noise': {'include_data_noise': 1},
    },
    r'`\w+` must be',
  ),
]
