"""An error says what was expected and what was received."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco.ops import checks

Loss: TypeAlias = Callable[..., tf.Tensor]

every_loss = pytest.mark.parametrize(
  'loss', [tf_mco.vimco_loss, tf_mco.reinforce_loo_loss]
)


@pytest.mark.parametrize(
  ('log_p', 'log_q'),
  [
    ([2, 3], [3, 2]),
    ([2, 3], [2]),
    ([2, 3], [2, 1]),
    ([2, 3], [1, 3]),
    ([3], [3]),
    ([2, 3, 1], [2, 3, 1]),
    ([], []),
  ],
)
@every_loss
def test_shapes_of_log_weights(
  loss: Loss, log_p: list[int], log_q: list[int]
) -> None:
  with pytest.raises(ValueError) as info:
    loss(tf.zeros(log_p), tf.zeros(log_q))
  message = str(info.value)
  assert 'same shape [K, B]' in message
  assert f'log_p.shape={tf.TensorShape(log_p)}' in message
  assert f'log_q.shape={tf.TensorShape(log_q)}' in message


@every_loss
def test_dtypes_of_log_weights(loss: Loss) -> None:
  with pytest.raises(ValueError, match='one dtype.*float64.*float32'):
    loss(tf.zeros([2, 3], tf.float64), tf.zeros([2, 3]))


@every_loss
def test_one_sample(loss: Loss) -> None:
  message = 'num_samples.*at least 2.*baseline.*Received: num_samples=1'
  with pytest.raises(ValueError, match=message):
    loss(tf.zeros([1, 3]), tf.zeros([1, 3]))


@every_loss
def test_unknown_number_of_samples(loss: Loss) -> None:
  @tf.function(input_signature=[tf.TensorSpec([None, 3])])
  def step(log_w: tf.Tensor) -> tf.Tensor:
    return loss(log_w, log_w)

  with pytest.raises(ValueError, match='must be static'):
    step(tf.zeros([2, 3]))


def test_unknown_baseline() -> None:
  message = "'geometric', 'arithmetic'.*Received: baseline='mean'"
  with pytest.raises(ValueError, match=message):
    tf_mco.vimco_loss(tf.zeros([2, 3]), tf.zeros([2, 3]), baseline='mean')


@every_loss
def test_arrays_are_accepted(loss: Loss) -> None:
  log_p = np.array([[0.5, 1.0], [2.0, 1.0]])
  assert loss(log_p, 0 * log_p).shape == (2,)


@pytest.mark.parametrize('value', [0, -1, 1.0, '1', None, True])
def test_at_least(value: object) -> None:
  with pytest.raises(ValueError, match='`n`.*at least 1.*Received: n='):
    checks.at_least('n', value, 1)


def test_at_least_accepts_the_minimum() -> None:
  checks.at_least('n', 2, 2)


@pytest.mark.parametrize('value', ['c', 0, None])
def test_one_of(value: object) -> None:
  with pytest.raises(ValueError, match=f"'a', 'b'.*Received: n={value!r}"):
    checks.one_of('n', value, ('a', 'b'))


@pytest.mark.parametrize('value', [0, 1, 'True', None])
def test_boolean(value: object) -> None:
  with pytest.raises(ValueError, match=f'True or False.*n={value!r}'):
    checks.boolean('n', value)
  checks.boolean('n', True)
