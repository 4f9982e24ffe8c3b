"""Bad inputs of Keras layers: heads, priors and the objective."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.bad_inputs import row
import tf_mco
from tf_mco import layers
from tf_mco._tfp import tfd

_HEADS = {
  'BernoulliPosterior': layers.BernoulliPosterior,
  'BernoulliLikelihood': layers.BernoulliLikelihood,
  'BetaPosterior': layers.BetaPosterior,
  'DirichletPosterior': layers.DirichletPosterior,
  'GammaPosterior': layers.GammaPosterior,
  'GaussianPosterior': layers.GaussianPosterior,
  'LogisticLikelihood': layers.LogisticLikelihood,
  'VonMisesPosterior': layers.VonMisesPosterior,
}
_WITH_UNITS = {
  'BagOfWordsLikelihood': layers.BagOfWordsLikelihood,
  'BernoulliPrior': layers.BernoulliPrior,
  'BetaPrior': layers.BetaPrior,
  'DirichletPrior': layers.DirichletPrior,
  'GammaPrior': layers.GammaPrior,
  'GaussianPrior': layers.GaussianPrior,
  'VonMisesPrior': layers.VonMisesPrior,
}
_FEW = {k: row.NOT_POSITIVE[k] for k in ('zero', 'float', 'true', 'text')}
_NOT_CLIPS = {
  'number': 1.0,
  'one': (1.0,),
  'three': (0.1, 1.0, 2.0),
  'exchanged': (2.0, 1.0),
  'zero': (0.0, 1.0),
  'nan': (float('nan'), 1.0),
  'infinite': (1.0, float('inf')),
  'text': 'ab',
  'bits': (True, 2.0),
}
_NOT_PARAMETERS = {
  'zero': 0.0,
  'negative': -1.0,
  'nan': float('nan'),
  'infinite': float('inf'),
  'three_of_two': [1.0, 1.0, 1.0],
  'text': 'one',
  'none': None,
  'ragged': [[1.0], [1.0, 2.0]],
}

ROWS: list[row.Row] = []
for _name, _head in _HEADS.items():
  ROWS += row.each(
    f'{_name}-units',
    lambda v, make=_head: make(v),
    _FEW,
    '`units` must be an integer of at least',
  )
for _name, _layer in _WITH_UNITS.items():
  ROWS += row.each(
    f'{_name}-units',
    lambda v, make=_layer: make(v),
    {**_FEW, 'none': None},
    '`units` must be an integer of at least',
  )
ROWS += [
  *row.each(
    'GaussianPosterior-units-all',
    layers.GaussianPosterior,
    {k: v for k, v in row.NOT_POSITIVE.items() if k not in (*_FEW, 'none')},
    '`units` must be an integer of at least 1',
  ),
  *row.each(
    'scale',
    lambda v: layers.GaussianPosterior(2, scale=v),
    row.NOT_NAMES,
    "`scale` must be one of 'exp', 'softplus'",
  ),
  *row.each(
    'minimum_scale',
    lambda v: layers.GaussianLikelihood(2, minimum_scale=v),
    {**row.NOT_NUMBERS, 'negative': -0.1},
    r'`minimum_scale` must be a number in \[0, inf\)',
  ),
  *row.each(
    'minimum',
    lambda v: layers.GammaPosterior(2, minimum=v),
    {**row.NOT_NUMBERS, 'negative': -0.1, 'zero': 0.0},
    '`minimum` must be',
  ),
  *row.each(
    'clip',
    lambda v: layers.GammaPosterior(2, clip=v),
    _NOT_CLIPS,
    '`clip` must be a pair of numbers',
  ),
  *row.each(
    'gradient',
    lambda v: layers.DirichletPosterior(2, gradient=v),
    row.NOT_NAMES,
    "`gradient` must be one of 'ratio'",
  ),
  *row.each(
    'location',
    lambda v: layers.VonMisesPosterior(2, location=v),
    row.NOT_NAMES,
    "`location` must be one of 'direction'",
  ),
  *row.each(
    'embedding',
    lambda v: layers.VonMisesPosterior(2, embedding=v),
    row.NOT_NAMES,
    "`embedding` must be one of 'circle'",
  ),
  *row.each(
    'mean',
    lambda v: layers.BernoulliLikelihood(2, mean=v),
    {
      'three_of_two': [0.5, 0.5, 0.5],
      'above': [0.5, 1.5],
      'negative': [0.5, -0.5],
      'nan': [0.5, float('nan')],
      'empty': [],
      'text': 'half',
      'dict': {'mean': 0.5},
      'pixels': np.array([0, 255], np.uint8),
    },
    '`mean` must be 2 numbers',
  ),
  *row.each(
    'mean-without-units',
    lambda v: layers.BernoulliLikelihood(mean=v),
    {'array': [0.5]},
    '`mean` must be None numbers|`mean` needs `units`',
  ),
  *row.each(
    'learned',
    lambda v: layers.GaussianPrior(2, learned=v),
    row.NOT_BOOLEAN,
    '`learned` must be True or False',
  ),
  *row.each(
    'concentration',
    lambda v: layers.GammaPrior(2, concentration=v),
    _NOT_PARAMETERS,
    '`concentration` must be a positive and finite number',
  ),
  *row.each(
    'loc',
    lambda v: layers.VonMisesPrior(2, loc=v),
    {k: _NOT_PARAMETERS[k] for k in ('nan', 'infinite', 'text', 'none')},
    '`loc` must be a finite number',
  ),
  *row.each(
    'learned-uniform',
    lambda v: layers.VonMisesPrior(2, concentration=v, learned=True),
    {'zero': 0.0, 'integer': 0},
    '`concentration` must be positive to be learned',
  ),
  *row.each(
    'dirichlet-of-one',
    lambda v: v(1),
    {'posterior': layers.DirichletPosterior, 'prior': layers.DirichletPrior},
    '`units` must be an integer of at least 2',
  ),
]

# The posterior of Hamiltonian trajectories.


def _hamiltonian(**options: Any) -> Any:
  arguments = {'num_steps': 2} | options
  base = arguments.pop('base_layer', None) or layers.GaussianPosterior(2)
  return layers.HamiltonianPosterior(base, **arguments)


ROWS += [
  *row.each(
    'HamiltonianPosterior-base',
    lambda v: layers.HamiltonianPosterior(v, 2),
    {
      'none': None,
      'dense': keras.layers.Dense(2),
      'class': layers.GaussianPosterior,
      'distribution': tfd.Normal(0.0, 1.0),
      'bits': layers.BernoulliPosterior(2),
      'positive': layers.GammaPosterior(2),
      'simplex': layers.DirichletPosterior(2),
      'hamiltonian': _hamiltonian(),
    },
    '',
  ),
  *row.each(
    'HamiltonianPosterior-num_steps',
    lambda v: _hamiltonian(num_steps=v),
    {**row.NOT_INTEGERS, 'negative': -1},
    '`num_steps` must be an integer of at least 0',
  ),
]
for _option, _others in {
  'step_size': {'zero': 0.0, 'at_most': 0.5},
  'max_step_size': {'zero': 0.0, 'negative': -1.0},
  'initial_temperature': {'one': 1.0, 'below': 0.5},
  'alpha': {'zero': 0.0, 'one': 1.0},
}.items():
  ROWS += row.each(
    f'HamiltonianPosterior-{_option}',
    lambda v, name=_option: _hamiltonian(**{name: v}),
    {**row.NOT_NUMBERS, **_others},
    f'`{_option}` must be a number in',
  )

# The objective.


def _objective(**changes: Any) -> layers.MonteCarloObjective:
  arguments = {
    'encoder': layers.BernoulliPosterior(2),
    'decoder': layers.BernoulliLikelihood(4),
    'prior': layers.BernoulliPrior(2),
    'estimator': 'disarm',
  } | changes
  return layers.MonteCarloObjective(**arguments)


_HEAD = layers.BernoulliPosterior(2)
_NETWORK = keras.layers.Dense(3)
_NOT_SPECS = {
  'none': None,
  'text': 'encoder',
  'dense': _NETWORK,
  'class': layers.BernoulliPosterior,
  'sequential_without_head': keras.Sequential([keras.layers.Dense(2)]),
  'empty_sequential': keras.Sequential([]),
  'distribution': tfd.Bernoulli(logits=[0.0]),
  'function': lambda x: x,
  'dict': {'network': _NETWORK, 'head': _HEAD},
  'empty_list': [],
  'empty_tuple': (),
  'tuple_of_one': (_HEAD,),
  'exchanged': (_HEAD, _NETWORK),
  'two_networks': (_NETWORK, _NETWORK),
  'three': (_NETWORK, _NETWORK, _HEAD),
  'network_none': (None, _HEAD),
  'network_class': (keras.layers.Dense, _HEAD),
  'network_text': ('dense', _HEAD),
  'list_with_dense': [_HEAD, _NETWORK],
  'list_with_none': [_HEAD, None],
}
ROWS += [
  *row.each(
    'objective-encoder',
    lambda v: _objective(encoder=v),
    _NOT_SPECS,
    '`encoder`',
  ),
  *row.each(
    'objective-decoder',
    lambda v: _objective(decoder=v),
    _NOT_SPECS,
    '`decoder`',
  ),
  *row.each(
    'objective-prior',
    lambda v: _objective(prior=v),
    {
      'none': None,
      'text': 'normal',
      'dense': _NETWORK,
      'head': layers.BernoulliPosterior(2),
      'class': layers.BernoulliPrior,
      'distribution': tfd.Bernoulli(logits=[0.0, 0.0]),
      'list': [layers.BernoulliPrior(2)],
    },
    '`prior` must be a Keras layer',
  ),
  *row.each(
    'objective-estimator',
    lambda v: _objective(estimator=v),
    {
      'none': None,
      'class': tf_mco.estimators.Disarm,
      'unknown': 'disram',
      'loss': tf_mco.vimco_loss,
      'optimizer': keras.optimizers.SGD(),
      'config': {'name': 'disarm', 'options': {}},
    },
    '(Expected an|Unknown) estimator',
  ),
  *row.each(
    'objective-binarization',
    lambda v: _objective(binarization=v),
    {**row.NOT_NAMES, 'true': True},
    '`binarization` must be one of',
  ),
  *row.each(
    'objective-analytic_kl',
    lambda v: _objective(analytic_kl=v),
    row.NOT_BOOLEAN,
    '`analytic_kl` must be True or False',
  ),
  *row.each(
    'objective-analytic_kl-estimator',
    lambda v: _objective(analytic_kl=True, estimator=v),
    {name: name for name in ('vimco', 'rws', 'local_disarm')},
    '`analytic_kl` needs an estimator of a mean',
  ),
  *row.each(
    'objective-seed',
    lambda v: _objective(seed=v),
    {**row.NOT_SEEDS, 'tensor': tf.constant([1, 2]), 'words': [1, 2]},
    '`seed` must be',
  ),
  *row.each(
    'objective-layers',
    lambda v: _objective(**v),
    {
      'one_decoder_of_two': {
        'encoder': [layers.BernoulliPosterior(3), layers.BernoulliPosterior(2)]
      },
      'one_encoder_of_two': {
        'decoder': [
          layers.BernoulliLikelihood(4),
          layers.BernoulliLikelihood(3),
        ]
      },
    },
    '',
  ),
  *row.each(
    'objective-supports',
    lambda v: _objective(**v),
    {
      'real_prior': {'prior': layers.GaussianPrior(2)},
      'real_posterior': {'encoder': layers.GaussianPosterior(2)},
      'three_of_two': {'prior': layers.BernoulliPrior(3)},
    },
    '',
  ),
]
