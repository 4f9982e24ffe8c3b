"""Bad inputs of posteriors: chains and Hamiltonian trajectories."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tests.bad_inputs import row
import tf_mco
from tf_mco import posteriors
from tf_mco._tfp import tfd

_NORMAL = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)
_CHAIN = posteriors.Chain(
  [_NORMAL, lambda z: tfd.Independent(tfd.Normal(z, 1.0), 1)]
)


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return -tf.reduce_sum(z**2, -1)


def _hamiltonian(**changes: Any) -> posteriors.Hamiltonian:
  options = {'num_steps': 2, 'step_size': 0.1} | changes
  return posteriors.Hamiltonian(options.pop('base', _NORMAL), **options)


def _second(result: Any) -> Any:
  """Draws from a chain whose second layer is what a function returned."""
  return posteriors.Chain([_NORMAL, lambda z: result]).sample(3, seed=0)


_SIZES = {
  **{k: v for k, v in row.NOT_POSITIVE.items() if k != 'true'},
  'true': True,
}

ROWS = [
  *row.each(
    'Chain',
    posteriors.Chain,
    {
      'none': None,
      'empty': [],
      'distribution': _NORMAL,
      'function': lambda: _NORMAL,
      'text': 'normal',
      'dict': {'z1': _NORMAL},
    },
    '(Chain|chain)',
  ),
  *row.each(
    'Chain-conditional',
    lambda v: posteriors.Chain([_NORMAL, v]),
    {
      'none': None,
      'distribution': _NORMAL,
      'no_argument': lambda: _NORMAL,
      'two_arguments': lambda z1, z2: _NORMAL,
      'class': tfd.MultivariateNormalDiag,
      'tensor': tf.zeros([5, 2]),
    },
    'Conditional 1 of a Chain must be',
  ),
  *row.each(
    'Chain-first',
    lambda v: posteriors.Chain([v]),
    {
      'one_argument': lambda z: _NORMAL,
      'tensor': tf.zeros([5, 2]),
      'none': None,
      'factors': tfd.Normal(tf.zeros([5, 2]), 1.0),
      'one_example': tfd.MultivariateNormalDiag(tf.zeros([2])),
      'joint': tfd.JointDistributionSequential([_NORMAL]),
    },
    'Conditional 0 of a Chain must',
  ),
  *row.each(
    'Chain-second',
    _second,
    {
      'none': None,
      'tensor': tf.zeros([3, 5]),
      'tuple': (_NORMAL, _NORMAL),
      'one_batch_axis': _NORMAL,
      'factors': tfd.Normal(tf.zeros([3, 5, 2]), 1.0),
      'joint': tfd.JointDistributionSequential([_NORMAL]),
    },
    'Conditional 1 of a Chain must',
  ),
  *row.each(
    'Chain-sample',
    lambda v: _CHAIN.sample(v, seed=0),
    row.NOT_POSITIVE,
    '`num_samples` must be',
  ),
  *row.each(
    'Chain-seed',
    lambda v: _CHAIN.sample(2, seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large')},
    '`seed` must be',
  ),
  *row.each(
    'Chain-log_prob',
    _CHAIN.log_prob,
    {
      'one_layer': tf.zeros([3, 5, 2]),
      'one_of_two': (tf.zeros([3, 5, 2]),),
      'three': (tf.zeros([3, 5, 2]),) * 3,
      'empty': (),
      'none': None,
    },
    r'path of this posterior has 2 layer\(s\)',
  ),
  *row.each(
    'as_posterior',
    posteriors.as_posterior,
    {
      'none': None,
      'class': tfd.Normal,
      'class_of_posterior': posteriors.Chain,
      'tensor': tf.zeros([5]),
      'list': [_NORMAL],
    },
    'posterior must be a tfd.Distribution or one of',
  ),
  *row.each(
    'Hamiltonian-base',
    lambda v: _hamiltonian(base=v),
    {
      'none': None,
      'class': tfd.Normal,
      'text': 'normal',
      'chain': _CHAIN,
      'hamiltonian': _hamiltonian(),
      'head': tf_mco.layers.GaussianPosterior(2),
      'discrete': tfd.Independent(tfd.Poisson(tf.ones([5, 2])), 1),
      'positive': tfd.Independent(tfd.LogNormal(tf.zeros([5, 2]), 1.0), 1),
      'simplex': tf_mco.distributions.Dirichlet(tf.ones([5, 2])),
      'one_example': tfd.MultivariateNormalDiag(tf.zeros([2])),
      'factors': tfd.Normal(tf.zeros([5, 2]), 1.0),
      'joint': tfd.JointDistributionSequential([_NORMAL]),
    },
    '',
  ),
  *row.each(
    'Hamiltonian-num_steps',
    lambda v: _hamiltonian(num_steps=v),
    {**row.NOT_INTEGERS, 'negative': -1},
    '`num_steps` must be an integer of at least 0',
  ),
  *row.each(
    'Hamiltonian-step_size',
    lambda v: _hamiltonian(step_size=v),
    {
      'none': None,
      'text': '0.1',
      'zero': 0.0,
      'negative': -0.1,
      'nan': float('nan'),
      'infinite': float('inf'),
      'of_three_steps': np.full([3, 1], 0.1),
      'of_three_dimensions': np.full([3], 0.1),
      'ragged': [[0.1], [0.1, 0.1]],
    },
    '`step_size`',
  ),
  *row.each(
    'Hamiltonian-tempering',
    lambda v: _hamiltonian(tempering=v),
    row.NOT_NAMES,
    "`tempering` must be one of 'none'",
  ),
  *row.each(
    'Hamiltonian-schedule',
    lambda v: _hamiltonian(tempering='fixed', schedule=v),
    row.NOT_NAMES,
    '`schedule` must be one of',
  ),
  *row.each(
    'Hamiltonian-temperature',
    lambda v: _hamiltonian(tempering='fixed', initial_temperature=v),
    {
      'none': None,
      'text': '1.5',
      'below': 0.9,
      'nan': float('nan'),
      'infinite': float('inf'),
      'two_axes': [[1.5]],
    },
    '`initial_temperature`',
  ),
  *row.each(
    'Hamiltonian-alphas',
    lambda v: _hamiltonian(tempering='free', alphas=v),
    {
      'text': 'free',
      'number': 0.9,
      'three': [0.9, 0.9, 0.9],
      'zero': [0.9, 0.0],
      'above': [0.9, 1.1],
      'nan': [0.9, float('nan')],
    },
    '`alphas`',
  ),
  *row.each(
    'Hamiltonian-recompute',
    lambda v: _hamiltonian(recompute=v),
    row.NOT_BOOLEAN,
    '`recompute` must be True or False',
  ),
  *row.each(
    'Hamiltonian-estimator',
    lambda v: tf_mco.estimate(
      tf_mco.get_estimator(v), _log_joint, _hamiltonian(), seed=0
    ),
    {name: name for name in ('dreg', 'stl', 'vimco', 'rws', 'piwae', 'disarm')},
    'scores only the samples that it draws itself',
  ),
  *row.each(
    'Hamiltonian-draw',
    lambda v: v.surrogate(
      _log_joint, _hamiltonian(), tf_mco.Draw(tf.zeros([2, 5, 2]))
    ),
    {
      'iwae': tf_mco.estimators.Iwae(2),
      'elbo': tf_mco.estimators.Elbo(2),
    },
    'must be a draw of this posterior',
  ),
  *row.each(
    'Hamiltonian-log_joint',
    lambda v: tf_mco.estimate(
      tf_mco.get_estimator('elbo'), v, _hamiltonian(), seed=0
    ),
    {
      'none': lambda z: None,
      'of_examples': lambda z: _log_joint(z)[0],
      'double': lambda z: tf.cast(_log_joint(z), tf.float64),
    },
    '`<lambda>` must',
  ),
]
