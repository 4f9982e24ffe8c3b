"""Bad inputs of estimators: their names and options, and foreign draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tests.bad_inputs import row
import tf_mco
from tf_mco import estimators
from tf_mco._tfp import tfd

_NORMAL = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)
_BITS = tfd.Independent(
  tfd.Bernoulli(logits=tf.zeros([5, 2]), dtype='float32'), 1
)


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return -tf.reduce_sum(z**2, -1)


# Names and options of estimators.

_K_OF_ALL = {
  name: {'num_bounds': 0}
  if name in ('miwae', 'piwae')
  else {'num_pairs': 0}
  if 'arm' in name
  else {'num_samples': 0}
  for name in tf_mco.estimator_names()
}
ROWS = [
  *row.each(
    'get_estimator-name',
    tf_mco.get_estimator,
    {
      **row.NOT_NAMES,
      'case': 'DisARM',
      'empty': '',
      'class': estimators.Disarm,
      'instance': estimators.Disarm(),
    },
    'Unknown estimator. Expected one of aisle, arm',
  ),
  *row.each(
    'get_estimator-size',
    lambda v: tf_mco.get_estimator(v[0], **v[1]),
    {name: (name, options) for name, options in _K_OF_ALL.items()},
    '`num_(samples|pairs|bounds)` must be an integer of at least',
  ),
  *row.each(
    'get_estimator-option',
    lambda v: tf_mco.get_estimator(v[0], **v[1]),
    {
      'of_pairs': ('disarm', {'num_samples': 3}),
      'of_samples': ('vimco', {'num_pairs': 3}),
      'misspelt': ('iwae', {'num_sample': 3}),
      'seed': ('iwae', {'seed': 3}),
    },
    'Unknown option of estimator',
  ),
  *row.each(
    'num_samples',
    lambda v: estimators.Iwae(num_samples=v),
    row.NOT_POSITIVE,
    '`num_samples` must be an integer of at least 1',
  ),
  *row.each(
    'num_pairs',
    lambda v: estimators.Disarm(num_pairs=v),
    row.NOT_POSITIVE,
    '`num_pairs` must be an integer of at least 1',
  ),
  *row.each(
    'num_samples_per_bound',
    lambda v: estimators.Miwae(num_samples_per_bound=v),
    row.NOT_POSITIVE,
    '`num_samples_per_bound` must be an integer of at least 1',
  ),
  *row.each(
    'two-samples',
    lambda v: v(num_samples=1),
    {'vimco': estimators.Vimco, 'loo': estimators.ReinforceLoo},
    '`num_samples` must be an integer of at least 2',
  ),
  *row.each(
    'beta',
    lambda v: estimators.Ciwae(beta=v),
    {**row.NOT_NUMBERS, 'above': 1.01, 'below': -0.01},
    r'`beta` must be a number in \[0, 1\]',
  ),
  *row.each(
    'alpha',
    lambda v: estimators.Renyi(alpha=v),
    {**row.NOT_NUMBERS, 'one': 1.0, 'one_integer': 1, 'below': -0.5},
    r'`alpha` must be a number in \[0, 1\)',
  ),
  *row.each(
    'divergence',
    lambda v: estimators.Aisle(divergence=v),
    {**row.NOT_NUMBERS, 'unknown': 'nosuch', 'one': 1.0, 'half': 0.5},
    '`divergence` must be',
  ),
  *row.each(
    'reparameterized',
    lambda v: estimators.Aisle(reparameterized=v),
    row.NOT_BOOLEAN,
    '`reparameterized` must be True or False',
  ),
  *row.each(
    'symmetrized',
    lambda v: estimators.LocalDisarm(symmetrized=v),
    row.NOT_BOOLEAN,
    '`symmetrized` must be True or False',
  ),
  *row.each(
    'shared_randomness',
    lambda v: estimators.Arm(shared_randomness=v),
    row.NOT_BOOLEAN,
    '`shared_randomness` must be True or False',
  ),
  *row.each(
    'baseline',
    lambda v: estimators.Vimco(baseline=v),
    row.NOT_NAMES,
    "`baseline` must be one of 'geometric'",
  ),
  *row.each(
    'phase',
    lambda v: estimators.Rws(phase=v),
    row.NOT_NAMES,
    "`phase` must be one of 'wake'",
  ),
  *row.each(
    'defensive',
    lambda v: estimators.Rws(defensive=v),
    {**row.NOT_NUMBERS, 'one': 1.0, 'below': -0.1},
    r'`defensive` must be a number in \[0, 1\)',
  ),
  *row.each(
    'augmentation',
    lambda v: estimators.Rsvi(augmentation=v),
    {**row.NOT_INTEGERS, 'negative': -1},
    '`augmentation` must be an integer of at least 0',
  ),
]

# Draws that another estimator has made.

_PAIRED = ('arm', 'disarm', 'local_disarm')
_NOISY = ('rsvi', 'grep')
_GAMMA = tfd.Independent(tf_mco.distributions.Gamma(tf.ones([5, 2]), 1.0), 1)


def _sized(name: str, size: int) -> Any:
  """Returns an estimator, and a posterior that suits it."""
  option = 'num_pairs' if 'arm' in name else 'num_samples'
  if name in ('miwae', 'piwae'):
    option = 'num_samples_per_bound'
  return tf_mco.get_estimator(name, **{option: size})


def _surrogate(name: str, change: Callable[[Any], Any]) -> Any:
  """Returns the surrogate of a draw of 4 samples by an estimator of 2."""
  posterior = _BITS if 'arm' in name else _NORMAL
  if name in _NOISY:
    posterior = _GAMMA
  draw = _sized(name, 4).draw(_log_joint, posterior, seed=0)
  return _sized(name, 2).surrogate(_log_joint, posterior, change(draw))


ROWS += [
  *row.each(
    'draw-of-other-size',
    lambda v: _surrogate(v, lambda draw: draw),
    {name: name for name in tf_mco.estimator_names()},
    '`draw` must have (the noise of )?(2|4) (samples|antithetic pair)',
  ),
  *row.each(
    'draw-of-one-axis',
    lambda v: _surrogate(v, lambda draw: tf_mco.Draw(tf.zeros([2]))),
    {
      name: name
      for name in tf_mco.estimator_names()
      if name not in (*_PAIRED, *_NOISY)
    },
    '`draw` must have (2|4) samples',
  ),
  *row.each(
    'draw-without-pairs',
    lambda v: _surrogate(v, lambda draw: tf_mco.Draw(draw.samples[:2])),
    {name: name for name in _PAIRED},
    '`draw` must have 2 antithetic pair',
  ),
  *row.each(
    'draw-without-noise',
    lambda v: _surrogate(v, lambda draw: tf_mco.Draw(draw.samples[:2])),
    {name: name for name in _NOISY},
    '`draw` must have the noise of 2 samples',
  ),
  *row.each(
    'draw-kind',
    lambda v: estimators.Iwae(2).surrogate(_log_joint, _NORMAL, v),
    {'none': None, 'samples': tf.zeros([2, 5, 2]), 'tuple': (1, 2, 3)},
    '`draw` must be a tf_mco.Draw',
  ),
]
