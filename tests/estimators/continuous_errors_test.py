"""What would bias a gradient is a ValueError: expected, and received."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.testing import continuous_rows
import tf_mco
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd

_PATH = [row for row in continuous_rows.ROWS if not row.stopped]
_SCORE = [row for row in continuous_rows.ROWS if row.stopped]
_LOGITS = tf.zeros([3, 2])


def _normal(loc: tf.Tensor = _LOGITS) -> tfd.Distribution:
  return tfd.Independent(tfd.Normal(loc, 1.0), 1)


def _bernoulli(logits: tf.Tensor = _LOGITS) -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits, dtype=tf.float32), 1)


def _log_joint(samples: types.Samples) -> tf.Tensor:
  path = samples if isinstance(samples, tuple) else (samples,)
  return tf.add_n([tf.reduce_sum(-(z**2), -1) for z in path])


def _mixture(loc: tf.Tensor = _LOGITS) -> tfd.Distribution:
  """Continuous, and its samples carry no gradient."""
  components = tfd.Independent(tfd.Normal(tf.stack([loc, loc + 1], 1), 1.0), 1)
  return tfd.MixtureSameFamily(
    tfd.Categorical(logits=tf.zeros([3, 2])), components
  )


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


@pytest.mark.parametrize('name', _NOT_REPARAMETERIZED)
@pytest.mark.parametrize('row', _PATH, ids=str)
def test_posterior_without_a_path(row: continuous_rows.Row, name: str) -> None:
  posterior, layer, received = _NOT_REPARAMETERIZED[name]
  message = (
    'needs a reparameterized posterior.*(reinforce_loo|vimco|rws).*'
    rf'Received: .*{received}.* in stochastic layer {layer}'
  )
  with pytest.raises(ValueError, match=message):
    tf_mco.estimate(row.make(4), _log_joint, posterior(), seed=0)


@pytest.mark.parametrize('row', _PATH, ids=str)
def test_draw_alone_checks(row: continuous_rows.Row) -> None:
  """As in code that calls the two halves itself; in a graph too."""

  @tf.function
  def draw() -> Any:
    return row.make(4).draw(_log_joint, _bernoulli(), seed=0).samples

  with pytest.raises(ValueError, match='needs a reparameterized posterior'):
    draw()


@pytest.mark.parametrize('name', ['bernoulli', 'mixture', 'second_layer'])
@pytest.mark.parametrize('row', _SCORE, ids=str)
def test_scores_need_no_path(row: continuous_rows.Row, name: str) -> None:
  logits = tf.constant([[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1]])
  with tf.GradientTape() as tape:
    tape.watch(logits)
    posterior = {
      'bernoulli': _bernoulli,
      'mixture': _mixture,
      'second_layer': lambda x: posteriors.Chain([_normal(x), _bernoulli]),
    }[name](logits)
    loss = tf_mco.estimate(row.make(4), _log_joint, posterior, seed=0).loss
  assert tf.reduce_all(tape.gradient(loss, logits) != 0)


@pytest.mark.parametrize('wrong', ['B', 'K_1', 'B_K'])
@pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)
def test_shape_of_log_joint(row: continuous_rows.Row, wrong: str) -> None:
  change = {
    'B': lambda x: tf.reduce_mean(x, 0),
    'K_1': lambda x: x[:, :1],
    'B_K': tf.transpose,
  }[wrong]
  with pytest.raises(ValueError, match=r'to \[K, B\] = \(4, 3\).*Received'):
    tf_mco.estimate(
      row.make(4), lambda z: change(_log_joint(z)), _normal(), seed=0
    )


@pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)
def test_batch_shape(row: continuous_rows.Row) -> None:
  with pytest.raises(ValueError, match=r'batch shape \[B\].*Received'):
    tf_mco.estimate(row.make(4), _log_joint, tfd.Normal(_LOGITS, 1.0), seed=0)


@pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)
def test_expectation_is_for_means(row: continuous_rows.Row) -> None:
  """Of these the ELBO alone; with its gradient, of a closed form."""
  if row.name != 'elbo':
    with pytest.raises(ValueError, match='needs an estimator of a mean'):
      tf_mco.expectation(row.make(4), _log_joint, _normal(), seed=0)
    return
  loc = tf.constant([[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1]])
  with tf.GradientTape() as tape:
    tape.watch(loc)
    value = tf_mco.expectation(row.make(4), _log_joint, _normal(loc), seed=0)
  drawn = row.make(4).draw(_log_joint, _normal(loc), seed=0).samples
  tf.debugging.assert_near(value, tf.reduce_mean(_log_joint(drawn), 0))
  slope = tf.reduce_mean(-2 * drawn, 0)
  tf.debugging.assert_near(tape.gradient(value, loc), slope)
