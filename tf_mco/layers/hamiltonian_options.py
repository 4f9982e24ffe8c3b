"""What a Hamiltonian layer needs to know of its options and of its base."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


def check_base(base_layer: Any) -> None:
  """Raises ValueError unless it is a layer that makes a distribution."""
  if not isinstance(base_layer, keras.layers.Layer) or not hasattr(
    base_layer, 'distribution'
  ):
    raise ValueError(
      '`base_layer` must be a posterior layer of tf_mco.layers, with a '
      f'`.distribution`. Received: {base_layer!r}'
    )


def event_shape(base_layer: Any, input_shape: Any) -> tuple:
  """Returns the shape of a sample of one example.

  Args:
    base_layer: built.
    input_shape: of its features, with the axis of examples.
  Raises:
    ValueError: if it is not known.
  """
  output = base_layer.compute_output_shape(input_shape)
  if None in output[1:]:
    raise ValueError(
      'Step sizes for each dimension need features of a known shape. '
      f'Received: {tuple(input_shape)}'
    )
  with tf.init_scope():
    example = tf.zeros([1, *output[1:]], base_layer.compute_dtype)
    return tuple(base_layer.distribution(example).event_shape)


def logit(probability: float) -> float:
  """Returns what a sigmoid maps to `probability`."""
  return math.log(probability) - math.log1p(-probability)


def check_between(name: str, value: Any, low: float, high: float) -> None:
  """Raises ValueError unless `value` is a number in (low, high)."""
  number = isinstance(value, (int, float)) and not isinstance(value, bool)
  if not number or not low < value < high:
    raise ValueError(
      f'`{name}` must be a number in ({low:g}, {high:g}). Received: '
      f'{name}={value!r}'
    )
