"""Draws of an estimator's own pass; `tests/bad_inputs` has the others."""

from __future__ import annotations

import pytest
import tensorflow as tf

import tf_mco
from tf_mco import types
from tf_mco.ops import draw_checks

_Z = tf.zeros([3, 5, 2])


def test_draws_of_the_right_size() -> None:
  draw_checks.samples(types.Draw(_Z), 3)
  draw_checks.samples(types.Draw((_Z, tf.zeros([3, 5]))), 3)
  draw_checks.noise(types.Draw(_Z, extras=_Z), 3)
  pair = types.Pair((_Z, _Z), (_Z, _Z), _Z)
  draw_checks.pairs(types.Draw(_Z, (pair, pair)), 3, 2)


@pytest.mark.parametrize('size', [1, 2, 6])
def test_a_layer_of_another_size(size: int) -> None:
  message = r'must have 3 samples.*Received: samples of shape\(s\) .*5, 2\)'
  with pytest.raises(ValueError, match=message):
    draw_checks.samples(types.Draw((_Z, tf.zeros([size, 5, 2]))), 3)


@pytest.mark.parametrize('layers', [1, 3])
def test_pairs_of_another_number_of_layers(layers: int) -> None:
  pair = types.Pair((_Z, _Z), (_Z, _Z), _Z)
  message = rf'3 antithetic pair\(s\) for each of {layers} stochastic layer'
  with pytest.raises(ValueError, match=message):
    draw_checks.pairs(types.Draw(_Z, (pair, pair)), 3, layers)


def test_sizes_that_are_not_known_pass() -> None:
  @tf.function(
    input_signature=[tf.TensorSpec([None, None, 2]), tf.TensorSpec(None)]
  )
  def check(z: tf.Tensor, any_rank: tf.Tensor) -> tf.Tensor:
    draw_checks.samples(tf_mco.Draw((z, any_rank)), 3)
    return z

  check(_Z, _Z)
