"""Bad inputs of the functional API: estimates, expectations and losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tests.bad_inputs import row
import tf_mco
from tf_mco import estimators
from tf_mco._tfp import tfb
from tf_mco._tfp import tfd

_NORMAL = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return -tf.reduce_sum(z**2, -1)


def _estimate(**changes: Any) -> Any:
  arguments = {
    'estimator': estimators.Dreg(3),
    'log_joint': _log_joint,
    'posterior': _NORMAL,
    'seed': 0,
  } | changes
  return tf_mco.estimate(
    arguments['estimator'],
    arguments['log_joint'],
    arguments['posterior'],
    seed=arguments['seed'],
  )


def _expectation(**changes: Any) -> Any:
  arguments = {
    'estimator': estimators.Elbo(3),
    'fn': _log_joint,
    'posterior': _NORMAL,
    'seed': 0,
  } | changes
  return tf_mco.expectation(
    arguments['estimator'],
    arguments['fn'],
    arguments['posterior'],
    seed=arguments['seed'],
  )


_NOT_ESTIMATORS = {
  'class': estimators.Dreg,
  'class_of_mean': estimators.Elbo,
  'name': 'dreg',
  'none': None,
  'function': tf_mco.iwae_loss,
  'dict': {'name': 'dreg'},
  'list': [estimators.Dreg(3)],
}
_NOT_FUNCTIONS = {'none': None, 'text': 'log_joint', 'tensor': tf.zeros([3, 5])}
_NOT_POSTERIORS = {
  'none': None,
  'text': 'normal',
  'tensor': tf.zeros([5, 2]),
  'class': tfd.Normal,
  'list': [_NORMAL],
  'dict': {'z': _NORMAL},
  'head': tf_mco.layers.GaussianPosterior(2),
  'keras_layer': keras.layers.Dense(2),
  'bijector': tfb.Exp(),
  'function': lambda: _NORMAL,
}
_JOINT = {
  'sequential': tfd.JointDistributionSequential([_NORMAL, _NORMAL]),
  'named': tfd.JointDistributionNamed({'a': _NORMAL}),
  'coroutine': tfd.JointDistributionCoroutineAutoBatched(
    lambda: (yield tfd.Normal(0.0, 1.0))
  ),
}
_OTHER_BATCHES = {
  'one_example': tfd.Independent(tfd.Normal(tf.zeros([2]), 1.0), 1),
  'scalar': tfd.Normal(0.0, 1.0),
  'full_covariance': tfd.MultivariateNormalDiag(tf.zeros([2])),
  'factors': tfd.Normal(tf.zeros([5, 2]), 1.0),
}
_WRONG_RESULTS: dict[str, Callable[[tf.Tensor], Any]] = {
  'none': lambda z: None,
  'text': lambda z: 'a',
  'ragged': lambda z: [[1.0], [1.0, 2.0]],
  'number': lambda z: 1.0,
  'mean': lambda z: tf.reduce_mean(_log_joint(z)),
  'of_examples': lambda z: _log_joint(z)[0],
  'of_samples': lambda z: _log_joint(z)[:, 0],
  'of_dimensions': lambda z: -(z**2),
  'transposed': lambda z: tf.transpose(_log_joint(z)),
  'half': lambda z: tf.cast(_log_joint(z), tf.float16),
  'double': lambda z: tf.cast(_log_joint(z), tf.float64),
  'integers': lambda z: tf.cast(_log_joint(z), tf.int32),
  'tuple': lambda z: (_log_joint(z), _log_joint(z)),
  'dict': lambda z: {'log_p': _log_joint(z)},
  'distribution': lambda z: tfd.Normal(z, 1.0),
}

_POSTERIOR = 'posterior must be a tfd.Distribution or one of'
_BATCH = r'posterior must have the batch shape \[B\]'
_RESULT = r'`<lambda>` must (map samples .* to \[K, B\]|return)'

ROWS = [
  *row.each(
    'estimate-estimator',
    lambda v: _estimate(estimator=v),
    _NOT_ESTIMATORS,
    'Expected an estimator, say',
  ),
  *row.each(
    'expectation-estimator',
    lambda v: _expectation(estimator=v),
    _NOT_ESTIMATORS,
    'Expected an estimator, say',
  ),
  *row.each(
    'expectation-bound',
    lambda v: _expectation(estimator=tf_mco.get_estimator(v)),
    {name: name for name in ('iwae', 'vimco', 'miwae', 'renyi', 'stl')},
    '`expectation` needs an estimator of a mean',
  ),
  *row.each(
    'estimate-log_joint',
    lambda v: _estimate(log_joint=v),
    _NOT_FUNCTIONS,
    '`log_joint` must be a function of the samples',
  ),
  *row.each(
    'expectation-fn',
    lambda v: _expectation(fn=v),
    _NOT_FUNCTIONS,
    '`fn` must be a function of the samples',
  ),
  *row.each(
    'estimate-posterior',
    lambda v: _estimate(posterior=v),
    _NOT_POSTERIORS,
    _POSTERIOR,
  ),
  *row.each(
    'expectation-posterior',
    lambda v: _expectation(posterior=v),
    {k: _NOT_POSTERIORS[k] for k in ('none', 'class')},
    _POSTERIOR,
  ),
  *row.each(
    'estimate-joint',
    lambda v: _estimate(posterior=v),
    _JOINT,
    'several layers are a tf_mco.posteriors.Chain',
  ),
  *row.each(
    'estimate-batch',
    lambda v: _estimate(posterior=v),
    _OTHER_BATCHES,
    _BATCH,
  ),
  *row.each(
    'estimate-result',
    lambda v: _estimate(log_joint=v),
    _WRONG_RESULTS,
    _RESULT,
  ),
  *row.each(
    'expectation-result',
    lambda v: _expectation(fn=v),
    {k: _WRONG_RESULTS[k] for k in ('none', 'of_examples', 'integers')},
    _RESULT,
  ),
  *row.each(
    'estimate-seed',
    lambda v: _estimate(seed=v),
    row.NOT_SEEDS,
    '`seed` must be',
  ),
  *row.each(
    'expectation-seed',
    lambda v: _expectation(seed=v),
    {k: row.NOT_SEEDS[k] for k in ('none', 'large')},
    '`seed` must be',
  ),
]

# Losses and gradients that are pure functions.

_P = tf.zeros([3, 5])
_PAIRS = {
  'transposed': (_P, tf.zeros([5, 3])),
  'one_sample': (_P, tf.zeros([1, 5])),
  'vectors': (tf.zeros([3]), tf.zeros([3])),
  'scalars': (0.0, 0.0),
  'three_axes': (tf.zeros([3, 5, 2]), tf.zeros([3, 5, 2])),
  'dtypes': (_P, tf.zeros([3, 5], tf.float64)),
  'integers': (tf.zeros([3, 5], tf.int32), tf.zeros([3, 5], tf.int32)),
  'text': ('a', 'b'),
  'none': (None, _P),
  'ragged': ([[1.0], [1.0, 2.0]], _P),
}
_LOSSES = {
  'vimco_loss': tf_mco.vimco_loss,
  'iwae_loss': tf_mco.iwae_loss,
  'reinforce_loo_loss': tf_mco.reinforce_loo_loss,
  'rws_loss': tf_mco.rws_loss,
}
for _name, _loss in _LOSSES.items():
  ROWS += row.each(
    _name, lambda v, loss=_loss: loss(*v), _PAIRS, '`log_p` and `log_q` must'
  )
_GRADIENT = {
  'f': tf.zeros([3, 5]),
  'f_tilde': tf.zeros([3, 5]),
  'b': tf.zeros([3, 5, 2]),
  'b_tilde': tf.zeros([3, 5, 2]),
  'logits': tf.zeros([5, 2]),
}
ROWS += [
  *row.each(
    'vimco_loss-one-sample',
    lambda v: tf_mco.vimco_loss(v, v),
    {'k': tf.zeros([1, 5])},
    '`num_samples` must be an integer of at least 2',
  ),
  *row.each(
    'vimco_loss-baseline',
    lambda v: tf_mco.vimco_loss(_P, _P, baseline=v),
    row.NOT_NAMES,
    "`baseline` must be one of 'geometric'",
  ),
  *row.each(
    'disarm_gradient',
    lambda v: tf_mco.disarm_gradient(**{**_GRADIENT, **v}),
    {
      'f_of_other_shape': {'f': tf.zeros([3, 4])},
      'f_transposed': {'f': tf.zeros([5, 3]), 'f_tilde': tf.zeros([5, 3])},
      'f_of_dimensions': {'f': tf.zeros([3, 5, 2])},
      'f_of_examples': {'f': tf.zeros([5]), 'f_tilde': tf.zeros([5])},
      'b_of_other_shape': {'b': tf.zeros([3, 5, 3])},
      'b_tilde_of_examples': {'b_tilde': tf.zeros([5, 2])},
      'logits_transposed': {'logits': tf.zeros([2, 5])},
      'logits_of_other_width': {'logits': tf.zeros([5, 3])},
      'integers': {'b': tf.zeros([3, 5, 2], tf.int32)},
      'none': {'f': None},
    },
    '`disarm_gradient` takes',
  ),
  *row.each(
    'arm_gradient',
    lambda v: tf_mco.arm_gradient(
      **{'f': _P, 'f_tilde': _P, 'u': tf.zeros([3, 5, 2]), **v}
    ),
    {
      'f_of_other_shape': {'f': tf.zeros([3, 4])},
      'f_transposed': {'f': tf.zeros([5, 3]), 'f_tilde': tf.zeros([5, 3])},
      'u_of_examples': {'u': tf.zeros([5, 2])},
      'u_of_one_example': {'u': tf.zeros([3, 1, 2])},
      'dtypes': {'u': tf.zeros([3, 5, 2], tf.float64)},
      'none': {'u': None},
    },
    '`arm_gradient` takes',
  ),
]
