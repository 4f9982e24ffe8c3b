"""Reads encoders and decoders as users write them: networks and heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.layers.heads import head as head_lib


class Conditional(NamedTuple):
  """One conditional distribution: a network that ends in a head."""

  network: Any  # Keras model or layer; None if the head stands alone
  head: head_lib.DenseHead
  joined: bool  # whether the network's output is already the head's

  def parameters(self, inputs: tf.Tensor, **kwargs: Any) -> tf.Tensor:
    """Returns the parameter tensor, `[N, ...]`, for inputs `[N, ...]`."""
    if self.network is not None:
      inputs = self.network(inputs, **kwargs)
    return inputs if self.joined else self.head(inputs)

  def distribution(self, samples: tf.Tensor, **kwargs: Any) -> tfd.Distribution:
    """Returns the distribution given samples `[K, B, ...]`, batch `[K, B]`.

    The samples are one batch to the network, which therefore sees rank two
    for vectors, and four for images.
    """
    flat = tf.reshape(samples, tf.concat([[-1], tf.shape(samples)[2:]], 0))
    flat = tf.ensure_shape(flat, [None, *samples.shape[2:]])
    parameters = self.parameters(flat, **kwargs)
    static = [*samples.shape[:2], *parameters.shape[1:]]
    shape = tf.concat([tf.shape(samples)[:2], tf.shape(parameters)[1:]], 0)
    parameters = tf.ensure_shape(tf.reshape(parameters, shape), static)
    return self.head.distribution(parameters)


def parse(name: str, spec: Any) -> tuple[Conditional, ...]:
  """Returns the stages of an encoder or a decoder.

  Args:
    name: 'encoder' or 'decoder', for messages.
    spec: a Keras layer with `.distribution`; a Keras model that ends in one;
      a pair (network, such a layer); or a list of those, one for each
      stochastic layer.
  Raises:
    ValueError: for anything else.
  """
  specs = list(spec) if isinstance(spec, list) else [spec]
  if not specs:
    raise ValueError(f'`{name}` is an empty list of stochastic layers.')
  return tuple(_parse_one(name, one) for one in specs)


def layers(spec: Any) -> list[keras.layers.Layer]:
  """Returns the Keras layers in a specification, for tracking."""
  found: list[keras.layers.Layer] = []
  for one in spec if isinstance(spec, list) else [spec]:
    found.extend(one if isinstance(one, tuple) else [one])
  return found


def _parse_one(name: str, spec: Any) -> Conditional:
  if isinstance(spec, tuple) and len(spec) == 2 and _is_head(spec[1]):
    return Conditional(network=spec[0], head=spec[1], joined=False)
  if _is_head(spec):
    return Conditional(network=None, head=spec, joined=False)
  if isinstance(spec, keras.layers.Layer):
    last = _last_layer(spec)
    if _is_head(last):
      return Conditional(network=spec, head=last, joined=True)
  raise ValueError(
    f'`{name}` must be a Keras model that ends in a layer of '
    'tf_mco.layers with a `.distribution`, such a layer, or a pair '
    '(network, layer); a list of them is a chain of stochastic layers. '
    f'Received: {spec!r}'
  )


def is_random(network: keras.layers.Layer) -> bool:
  """Returns whether a layer in a network draws random numbers."""
  return any(
    hasattr(layer, 'seed_generator') for layer in network._flatten_layers()
  )


def _is_head(layer: Any) -> bool:
  return isinstance(layer, keras.layers.Layer) and hasattr(
    layer, 'distribution'
  )


def _last_layer(layer: keras.layers.Layer) -> Any:
  """Returns the layer that made a model's output, however deep it lies."""
  while isinstance(layer, keras.Model) and not _is_head(layer):
    if isinstance(layer, keras.Sequential) and layer.layers:
      layer = layer.layers[-1]
    elif hasattr(layer, 'outputs') and layer.outputs:
      layer = layer.outputs[0]._keras_history.operation
    else:
      return None
  return layer


def sequence_config(spec: Any) -> dict[str, Any]:
  """Returns a specification as a configuration that keeps its structure."""
  serialize = keras.saving.serialize_keras_object
  entries: Sequence = spec if isinstance(spec, list) else [spec]
  return {
    'chain': isinstance(spec, list),
    'stages': [
      [serialize(layer) for layer in one]
      if isinstance(one, tuple)
      else serialize(one)
      for one in entries
    ],
  }


def from_sequence_config(config: dict[str, Any]) -> Any:
  """Returns the specification that `sequence_config` described."""
  deserialize = keras.saving.deserialize_keras_object
  entries = [
    tuple(deserialize(layer) for layer in one)
    if isinstance(one, list)
    else deserialize(one)
    for one in config['stages']
  ]
  return entries if config['chain'] else entries[0]
