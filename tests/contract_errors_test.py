"""What would bias a gradient is a ValueError, for every estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import rows
import tf_mco
from tf_mco._tfp import tfd

Wrong: TypeAlias = Callable[[tf.Tensor], tf.Tensor]

_LOGITS = tf.constant(np.random.default_rng(0).normal(size=(5, 2)))

small_case = pytest.mark.parametrize('case', rows.SMALL_CASES, ids=str)


def _posterior(logits: tf.Tensor = _LOGITS) -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=logits.dtype), 1)


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return tf.reduce_sum(z, -1)


# Three samples or pairs of five examples: no two axes have one size.
_ESTIMATORS = [rows.Case(row, 3, (2,)).estimator for row in rows.ROWS]

every_row = pytest.mark.parametrize('estimator', _ESTIMATORS, ids=repr)

# From the right answer, `[K, B]`.
_WRONG_SHAPES: dict[str, Wrong] = {
  'B': lambda x: tf.reduce_mean(x, 0),
  'K': lambda x: tf.reduce_mean(x, 1),
  'B_K': tf.transpose,
  'K_1': lambda x: x[:, :1],
  'K_B_1': lambda x: x[..., tf.newaxis],
  'K_B_D': lambda x: tf.stack([x, x], -1),
  'nothing': tf.reduce_sum,
}


@pytest.mark.parametrize('wrong', _WRONG_SHAPES)
@every_row
def test_shape_of_log_joint(estimator: Any, wrong: str) -> None:
  received = []

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    received.append(_WRONG_SHAPES[wrong](_log_joint(z)))
    return received[0]

  with pytest.raises(ValueError, match=r'to \[K, B\]') as info:
    tf_mco.estimate(estimator, log_joint, _posterior(), seed=0)
  assert f'shape {received[0].shape}' in str(info.value)


@small_case
def test_one_sample_too_few_from_log_joint(case: rows.Case) -> None:
  parameters = case.problem.rows()
  right = case.problem.log_joint(parameters)
  posterior = case.problem.posterior(parameters)
  with pytest.raises(ValueError, match=r'to \[K, B\].*Received'):
    tf_mco.estimate(
      case.estimator,
      lambda z: tf.concat([right(z)] * 2, 0),
      posterior,
      seed=0,
    )


@pytest.mark.parametrize('wrong', ['K_1', 'B_K'])
@every_row
def test_shape_of_log_joint_of_unknown_batch_size(
  estimator: Any, wrong: str
) -> None:
  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def step(logits: tf.Tensor) -> tf.Tensor:
    return tf_mco.estimate(
      estimator,
      lambda z: _WRONG_SHAPES[wrong](_log_joint(z)),
      _posterior(logits),
      seed=0,
    ).loss

  with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
    step(_LOGITS)


@every_row
def test_transposed_log_joint_of_one_example(estimator: Any) -> None:
  """[B, K] = [1, K] against [K, 1] would broadcast, were it not checked."""

  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def step(logits: tf.Tensor) -> tf.Tensor:
    log_joint = lambda z: tf.transpose(_log_joint(z))  # noqa: E731
    return tf_mco.estimate(
      estimator, log_joint, _posterior(logits), seed=0
    ).loss

  with pytest.raises(tf.errors.InvalidArgumentError):
    step(_LOGITS[:1])


@every_row
def test_dtype_of_log_joint(estimator: Any) -> None:
  with pytest.raises(ValueError, match='dtype, float64.*Received: float32'):
    tf_mco.estimate(
      estimator,
      lambda z: tf.cast(_log_joint(z), tf.float32),
      _posterior(),
      seed=0,
    )


@pytest.mark.parametrize(
  'posterior',
  [tfd.Bernoulli(logits=_LOGITS), tfd.Bernoulli(logits=_LOGITS[0, 0])],
  ids=['B_D', 'none'],
)
@every_row
def test_batch_shape_of_the_posterior(estimator: Any, posterior: Any) -> None:
  with pytest.raises(ValueError, match=r'batch shape \[B\].*Independent') as e:
    tf_mco.estimate(estimator, _log_joint, posterior, seed=0)
  assert f'batch_shape={posterior.batch_shape}' in str(e.value)


@pytest.mark.parametrize('posterior', [None, 'bernoulli', _LOGITS], ids=type)
@every_row
def test_what_is_no_posterior(estimator: Any, posterior: Any) -> None:
  with pytest.raises(ValueError, match='must be a tfd.Distribution.*Received'):
    tf_mco.estimate(estimator, _log_joint, posterior, seed=0)


@pytest.mark.parametrize(
  'other',
  [
    lambda x: tfd.Independent(tfd.Normal(x, tf.ones_like(x)), 1),
    lambda x: tfd.OneHotCategorical(logits=x),
    lambda x: tfd.Independent(tfd.ContinuousBernoulli(logits=x), 1),
    lambda x: tfd.Independent(tfd.RelaxedBernoulli(0.5, logits=x), 1),
  ],
  ids=['normal', 'one_hot', 'continuous', 'relaxed'],
)
@pytest.mark.parametrize('layers', [1, 2])
@pytest.mark.parametrize('name', [row.name for row in rows.ROWS if row.pairs])
def test_other_variables_in_pairs(
  name: str, layers: int, other: Callable[[tf.Tensor], tfd.Distribution]
) -> None:
  posterior: Any = other(_LOGITS)
  if layers == 2:
    posterior = tf_mco.posteriors.Chain(
      [_posterior(), lambda z: other(_LOGITS + tf.zeros_like(z))]
    )
  with pytest.raises(ValueError, match='Bernoulli variables.*Received') as e:
    estimator = tf_mco.get_estimator(name)
    tf_mco.estimate(estimator, _log_joint, posterior, seed=0)
  assert repr(other(_LOGITS))[:20] in str(e.value)


@pytest.mark.parametrize('name', ['arm', 'disarm', 'local_disarm'])
def test_saturated_probability(name: str) -> None:
  probs = tf.sigmoid(tf.constant([[20.0, 0.0]]))  # 1 in float32
  posterior = tfd.Independent(tfd.Bernoulli(probs=probs), 1)
  estimator = tf_mco.get_estimator(name)
  surrogate = tf_mco.estimate(estimator, _log_joint, posterior, seed=0)
  np.testing.assert_array_equal(surrogate.loss, -surrogate.bound)


@pytest.mark.parametrize(
  'seed', [None, 1.5, True, 'a', tf.constant(3), tf.constant([1, 2, 3])]
)
@every_row
def test_seed(estimator: Any, seed: Any) -> None:
  with pytest.raises(ValueError, match='`seed` must be an integer.*Received'):
    tf_mco.estimate(estimator, _log_joint, _posterior(), seed=seed)
