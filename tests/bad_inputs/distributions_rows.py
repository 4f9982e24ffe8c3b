"""Bad inputs of distributions, and of what samples and scores them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.bad_inputs import row
from tf_mco import distributions
from tf_mco._tfp import tfd

_NAN, _INF = float('nan'), float('inf')
_NOT_POSITIVE = {
  'zero': 0.0,
  'negative': -1.0,
  'nan': _NAN,
  'infinite': _INF,
  'one_of_several': [1.0, -1.0],
  'array': np.array([1.0, 0.0]),
  'tensor': tf.constant([1.0, _NAN]),
}
_NOT_FINITE = {'nan': _NAN, 'infinite': -_INF, 'array': np.array([0.0, _INF])}
_NO_NUMBERS = {
  'none': None,
  'text': 'one',
  'dict': {'a': 1.0},
  'distribution': tfd.Normal(0.0, 1.0),
  'ragged': [[1.0], [1.0, 2.0]],
}
# The constructors, a right value of every parameter, and what each may not be.
_POSITIVE: dict[str, tuple[Any, dict[str, Any]]] = {
  'Gamma': (distributions.Gamma, {'concentration': 1.0, 'rate': 1.0}),
  'InverseGamma': (
    distributions.InverseGamma,
    {'concentration': 1.0, 'scale': 1.0},
  ),
  'Beta': (
    distributions.Beta,
    {'concentration1': 1.0, 'concentration0': 1.0},
  ),
  'Dirichlet': (distributions.Dirichlet, {'concentration': [1.0, 1.0]}),
  'StudentT': (
    distributions.StudentT,
    {'df': 3.0, 'loc': 0.0, 'scale': 1.0},
  ),
  'TruncatedNormal': (
    distributions.TruncatedNormal,
    {'loc': 0.0, 'scale': 1.0, 'low': -1.0, 'high': 1.0},
  ),
  'VonMises': (distributions.VonMises, {'loc': 0.0, 'concentration': 1.0}),
}
_REAL = ('loc',)
_BOUNDS = ('low', 'high')


def _rows_of(owner: str) -> list[row.Row]:
  make, right = _POSITIVE[owner]
  rows = []
  for name in right:
    if name in _BOUNDS:
      continue
    values = _NOT_FINITE if name in _REAL else _NOT_POSITIVE
    words = rf'`{name}` of {owner} must be (finite|positive and finite|non-neg)'
    if owner == 'VonMises' and name == 'concentration':
      values = {k: v for k, v in values.items() if k != 'zero'}
      values['array'] = np.array([1.0, -1.0])
    if owner == 'Dirichlet':
      values = {k: v for k, v in values.items() if not isinstance(v, float)}
      values |= {'zero': [0.0, 1.0], 'infinite': [_INF, 1.0]}
    rows += row.each(
      f'{owner}-{name}',
      lambda v, name=name: make(**{**right, name: v}),
      values,
      words,
    )
    others = dict(_NO_NUMBERS)
    if (owner, name) == ('Gamma', 'rate'):
      del others['none']
    rows += row.each(
      f'{owner}-{name}-number',
      lambda v, name=name: make(**{**right, name: v}),
      others,
      rf'`{name}` of {owner} must be numbers',
    )
  return rows


ROWS = [line for owner in _POSITIVE for line in _rows_of(owner)]
ROWS += [
  *row.each(
    'TruncatedNormal-bounds',
    lambda v: distributions.TruncatedNormal(0.0, 1.0, *v),
    {
      'equal': (1.0, 1.0),
      'exchanged': (1.0, -1.0),
      'nan': (_NAN, 1.0),
      'one_of_several': ([0.0, 2.0], [1.0, 1.0]),
    },
    '`low` of TruncatedNormal must be less than `high`',
  ),
  *row.each(
    'gradient',
    lambda v: distributions.Beta(1.0, 1.0, gradient=v),
    row.NOT_NAMES,
    "`gradient` must be one of 'ratio'",
  ),
  *row.each(
    'Gamma-rates',
    lambda v: distributions.Gamma(1.0, **v),
    {'both': {'rate': 1.0, 'log_rate': 0.0}, 'neither': {}},
    'Gamma takes either `rate` or `log_rate`',
  ),
  *row.each(
    'Bernoulli',
    lambda v: distributions.Bernoulli(v),
    {**_NO_NUMBERS, 'integers': [0, 1], 'bits': np.array([True])},
    '`logits` of Bernoulli must be',
  ),
  *row.each(
    'WordCounts',
    lambda v: distributions.WordCounts(v),
    {
      **_NO_NUMBERS,
      'integers': [0, 1],
      'negative': [-0.5, 1.5],
      'nan': [_NAN, 1.0],
      'scalar': 1.0,
    },
    '`probs` of WordCounts must be',
  ),
]

# Distributions that are made of others.

_WEIGHTS = tfd.Categorical(logits=tf.zeros([2]))
_NORMALS = tfd.Normal(tf.zeros([2]), 1.0)
ROWS += [
  *row.each(
    'MixtureSameFamily-components',
    lambda v: distributions.MixtureSameFamily(_WEIGHTS, v),
    {
      'none': None,
      'class': tfd.Normal,
      'list': [_NORMALS, _NORMALS],
      'multivariate': tfd.MultivariateNormalDiag(tf.zeros([2, 3])),
      'discrete': tfd.Poisson([1.0, 2.0]),
      'tensor': tf.zeros([2]),
    },
    'components(_distribution`| of a reparameterized mixture) must be',
  ),
  *row.each(
    'MixtureSameFamily-weights',
    lambda v: distributions.MixtureSameFamily(v, _NORMALS),
    {
      'none': None,
      'numbers': [0.5, 0.5],
      'class': tfd.Categorical,
      'other': tfd.Normal(0.0, 1.0),
    },
    '`mixture_distribution` must be a tfd.Categorical',
  ),
  *row.each(
    'Autoregressive',
    distributions.Autoregressive,
    {
      'empty': [],
      'none': None,
      'distribution': tfd.Normal(0.0, 1.0),
      'distributions': [tfd.Normal(0.0, 1.0)],
      'function': lambda: tfd.Normal(0.0, 1.0),
      'returns_none': [lambda: None],
      'returns_vectors': [lambda: tfd.MultivariateNormalDiag(tf.zeros([2]))],
      'takes_an_argument': [lambda z: tfd.Normal(z, 1.0)],
    },
    '[Aa]utoregressive distribution',
  ),
  *row.each(
    'implicit',
    distributions.implicit,
    {
      'none': None,
      'class': tfd.Normal,
      'text': 'Normal',
      'empty': [],
      'layer': keras.layers.Dense(2),
      'discrete': tfd.Poisson(1.0),
      'bits': tfd.Bernoulli(logits=0.0),
      'multivariate': tfd.MultivariateNormalDiag(tf.zeros([2])),
      'joint': tfd.JointDistributionSequential([tfd.Normal(0.0, 1.0)]),
      'simplex': tfd.Dirichlet([1.0, 1.0]),
    },
    '(`implicit`|autoregressive|CDF|scalar|continuous)',
  ),
  *row.each(
    'sample-distribution',
    lambda v: distributions.sample(v, [2], seed=0),
    {
      'none': None,
      'class': tfd.Normal,
      'text': 'Normal',
      'tensor': tf.zeros([2]),
      'list': [tfd.Normal(0.0, 1.0)],
      'layer': keras.layers.Dense(2),
      'joint': tfd.JointDistributionSequential([tfd.Normal(0.0, 1.0)]),
    },
    '`distribution` must be a tfd.Distribution',
  ),
  *row.each(
    'sample-shape',
    lambda v: distributions.sample(tfd.Normal(0.0, 1.0), v, seed=0),
    {
      'none': None,
      'negative': [-1],
      'negative_number': -2,
      'float': [2.5],
      'text': 'many',
      'true': True,
    },
    '`sample_shape` must be',
  ),
  *row.each(
    'sample-seed',
    lambda v: distributions.sample(tfd.Normal(0.0, 1.0), [2], seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large', 'float')},
    '`seed` must be',
  ),
  *row.each(
    'log_prob',
    lambda v: distributions.log_prob(*v),
    {
      'none': (None, 1.0),
      'class': (tfd.Normal, 1.0),
      'samples_none': (tfd.Normal(0.0, 1.0), None),
      'samples_text': (tfd.Normal(0.0, 1.0), 'a'),
    },
    '`(distribution|samples)` (of log_prob )?must be',
  ),
  *row.each(
    'unwrap',
    distributions.unwrap,
    {'none': None, 'class': tfd.Normal},
    '`distribution` must be a tfd.Distribution',
  ),
  *row.each(
    'support_of',
    distributions.support_of,
    {'none': None, 'class': tfd.Normal},
    '`distribution` must be a tfd.Distribution',
  ),
]
