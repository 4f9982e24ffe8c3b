"""Inputs that would bias a gradient are ValueErrors.

The message says what was expected and what was received. Every estimator is
given one wrong input of each kind. The other wrong inputs of a kind reach the
same lines of code, and so one estimator is enough for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import table
import tf_mco
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd

Wrong: TypeAlias = Callable[[tf.Tensor], tf.Tensor]

# Four samples or pairs of five examples: no two axes have one size.
_K = 4
_LOGITS = tf.constant(np.random.default_rng(0).normal(size=(5, 2)))

every_row = pytest.mark.parametrize(
  'row', [row for row in table.ROWS if row.draws != 'noise'], ids=str
)
every_path = pytest.mark.parametrize(
  'row', [row for row in table.ROWS if row.draws == 'path'], ids=str
)
one_of_each_draw = pytest.mark.parametrize(
  'row',
  [table.BY_NAME[n] for n in ('vimco-geometric', 'disarm', 'dreg')],
  ids=str,
)


def _bernoulli(logits: tf.Tensor = _LOGITS) -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=logits.dtype), 1)


def _normal(loc: tf.Tensor = _LOGITS) -> tfd.Distribution:
  return tfd.Independent(tfd.Normal(loc, tf.ones_like(loc)), 1)


def _posterior(row: table.Row, logits: tf.Tensor = _LOGITS) -> Any:
  return _normal(logits) if row.draws == 'path' else _bernoulli(logits)


def _log_joint(samples: types.Samples) -> tf.Tensor:
  return tf.add_n([tf.reduce_sum(-(z**2), -1) for z in types.as_path(samples)])


# From the right answer, `[K, B]`.
_WRONG_SHAPES: dict[str, Wrong] = {
  'B': lambda x: tf.reduce_mean(x, 0),
  'K': lambda x: tf.reduce_mean(x, 1),
  'B_K': tf.transpose,
  'K_1': lambda x: x[:, :1],
  'K_B_1': lambda x: x[..., tf.newaxis],
  'K_B_D': lambda x: tf.stack([x, x], -1),
  'nothing': tf.reduce_sum,
  'twice': lambda x: tf.concat([x, x], 0),
}


def _check_shape(row: table.Row, wrong: str) -> None:
  received = []

  def log_joint(z: types.Samples) -> tf.Tensor:
    received.append(_WRONG_SHAPES[wrong](_log_joint(z)))
    return received[0]

  with pytest.raises(ValueError, match=r'to \[K, B\].*Received') as info:
    tf_mco.estimate(row.make(_K), log_joint, _posterior(row), seed=0)
  assert f'shape {received[0].shape}' in str(info.value)


@every_row
def test_transposed_log_joint(row: table.Row) -> None:
  _check_shape(row, 'B_K')


@pytest.mark.parametrize('wrong', _WRONG_SHAPES)
@one_of_each_draw
def test_shape_of_log_joint(row: table.Row, wrong: str) -> None:
  _check_shape(row, wrong)


@pytest.mark.parametrize('wrong', ['K_1', 'one example'])
@one_of_each_draw
def test_shape_of_log_joint_of_unknown_batch_size(
  row: table.Row, wrong: str
) -> None:
  """A shape of [1, K] against [K, 1] would broadcast, if nobody checked it."""

  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def step(logits: tf.Tensor) -> tf.Tensor:
    change = _WRONG_SHAPES.get(wrong, tf.transpose)
    return tf_mco.estimate(
      row.make(_K),
      lambda z: change(_log_joint(z)),
      _posterior(row, logits),
      seed=0,
    ).loss

  if wrong == 'one example':
    with pytest.raises(tf.errors.InvalidArgumentError):
      step(_LOGITS[:1])
    return
  with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
    step(_LOGITS)


@every_row
def test_dtype_of_log_joint(row: table.Row) -> None:
  with pytest.raises(ValueError, match='dtype, float64.*Received: float32'):
    tf_mco.estimate(
      row.make(_K),
      lambda z: tf.cast(_log_joint(z), tf.float32),
      _posterior(row),
      seed=0,
    )


@every_row
def test_batch_shape_of_the_posterior(row: table.Row) -> None:
  make = tfd.Bernoulli if row.draws != 'path' else lambda x: tfd.Normal(x, 1.0)
  for logits in (tf.zeros([5, 2]), tf.zeros([])):
    posterior = make(logits)
    with pytest.raises(
      ValueError, match=r'batch shape \[B\].*Independent'
    ) as e:
      tf_mco.estimate(row.make(_K), _log_joint, posterior, seed=0)
    assert f'batch_shape={posterior.batch_shape}' in str(e.value)


@every_row
def test_what_is_no_posterior(row: table.Row) -> None:
  for posterior in (None, 'bernoulli', _LOGITS):
    with pytest.raises(ValueError, match='must be a tfd.Distr.*Received') as e:
      tf_mco.estimate(row.make(_K), _log_joint, posterior, seed=0)
    assert repr(posterior)[:20] in str(e.value)


@every_row
def test_seed(row: table.Row) -> None:
  """Every other bad seed is in `tests/random_test.py`."""
  for seed in (None, tf.constant([1, 2, 3])):
    with pytest.raises(ValueError, match='`seed` must be an integer.*Received'):
      tf_mco.estimate(row.make(_K), _log_joint, _posterior(row), seed=seed)


# Posteriors without a path.


def _mixture(loc: tf.Tensor = _LOGITS) -> tfd.Distribution:
  """Returns a continuous distribution whose samples carry no gradient."""
  components = tfd.Independent(
    tfd.Normal(tf.stack([loc, loc + 1], 1), tf.ones([], loc.dtype)), 1
  )
  weights = tfd.Categorical(logits=tf.zeros([len(loc), 2], loc.dtype))
  return tfd.MixtureSameFamily(weights, components)


# Posterior, the stochastic layer at fault, and what is received.
_NOT_REPARAMETERIZED: dict[str, tuple[Callable[[], Any], int, str]] = {
  'bernoulli': (_bernoulli, 0, 'Bernoulli'),
  'mixture': (_mixture, 0, 'MixtureSameFamily'),
  'poisson': (
    lambda: tfd.Independent(tfd.Poisson(log_rate=_LOGITS), 1),
    0,
    'Poisson',
  ),
  'first_layer': (
    lambda: posteriors.Chain([_bernoulli(), _normal]),
    0,
    'Bernoulli',
  ),
  'second_layer': (
    lambda: posteriors.Chain([_normal(), _bernoulli]),
    1,
    'Bernoulli',
  ),
  'third_layer': (
    lambda: posteriors.Chain(
      [_normal(), _normal, lambda z1, z2: _bernoulli(z1 + z2)]
    ),
    2,
    'Bernoulli',
  ),
}


def _check_path(row: table.Row, name: str) -> None:
  posterior, layer, received = _NOT_REPARAMETERIZED[name]
  message = (
    'needs a reparameterized posterior.*(reinforce_loo|vimco|rws).*'
    rf'Received: .*{received}.* in stochastic layer {layer}'
  )
  with pytest.raises(ValueError, match=message):
    tf_mco.estimate(row.make(_K), _log_joint, posterior(), seed=0)


@every_path
def test_path_estimators_refuse_binary_variables(row: table.Row) -> None:
  _check_path(row, 'bernoulli')
  _check_path(row, 'second_layer')


@pytest.mark.parametrize('name', _NOT_REPARAMETERIZED)
def test_posterior_without_a_path(name: str) -> None:
  _check_path(table.BY_NAME['dreg'], name)


def test_draw_alone_checks() -> None:
  """A user who calls the two halves himself is told, also in a graph."""

  @tf.function
  def draw() -> Any:
    estimator = tf_mco.estimators.Dreg(_K)
    return estimator.draw(_log_joint, _bernoulli(), seed=0).samples

  with pytest.raises(ValueError, match='needs a reparameterized posterior'):
    draw()


@pytest.mark.parametrize('posterior', ['bernoulli', 'mixture', 'second_layer'])
@pytest.mark.parametrize('name', ['rws', 'aisle-chi2-score'])
def test_scores_need_no_path(name: str, posterior: str) -> None:
  with tf.GradientTape() as tape:
    tape.watch(_LOGITS)
    made = {
      'bernoulli': _bernoulli,
      'mixture': _mixture,
      'second_layer': lambda x: posteriors.Chain([_normal(x), _bernoulli]),
    }[posterior](_LOGITS)
    estimator = table.BY_NAME[name].make(_K)
    loss = tf_mco.estimate(estimator, _log_joint, made, seed=0).loss
  assert tf.reduce_all(tape.gradient(loss, _LOGITS) != 0)


@pytest.mark.parametrize(
  'row', [row for row in table.ROWS if row.draws == 'noise'], ids=str
)
def test_noise_is_that_of_gamma_variables(row: table.Row) -> None:
  with pytest.raises(ValueError, match='Gamma and Dirichlet.*Received'):
    tf_mco.estimate(row.make(1), _log_joint, _normal(), seed=0)
