"""Encoders and decoders as users write them: networks that end in heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.layers.heads import head as head_lib

# A head; a Keras model that ends in one; or a pair (network, head).
Spec: TypeAlias = keras.layers.Layer | tuple[keras.layers.Layer, head_lib.Head]
# One such specification, or a list of them, one per stochastic layer.
Specs: TypeAlias = Spec | list[Spec]


class Conditional(NamedTuple):
  """One conditional distribution: a network that ends in a head."""

  network: keras.layers.Layer | None  # None if the head stands alone
  head: head_lib.Head
  joined: bool  # whether the network's output is already the head's
  # Maps samples to what the network sees of them; None for observations.
  embed: Callable[[tf.Tensor], tf.Tensor] | None = None

  def parameters(
    self, inputs: tf.Tensor, *, training: bool = False
  ) -> tf.Tensor:
    """Returns the parameter tensor, `[N, ...]`, for inputs `[N, ...]`.

    Args:
      inputs: one row per distribution.
      training: passed to the network.
    """
    if self.network is not None:
      inputs = self.network(inputs, training=training)
    return inputs if self.joined else self.head(inputs)

  def distribution(
    self, samples: tf.Tensor, *, training: bool = False
  ) -> tfd.Distribution:
    """Returns the distribution given samples `[K, B, ...]`, batch `[K, B]`.

    The samples are one batch to the network. Vectors therefore reach the
    network with rank two, and images with rank four.

    Args:
      samples: `[K, B, ...]`.
      training: passed to the network.
    """
    flat = tf.reshape(samples, tf.concat([[-1], tf.shape(samples)[2:]], 0))
    flat = tf.ensure_shape(flat, [None, *samples.shape[2:]])
    if self.embed is not None:
      flat = self.embed(flat)
    parameters = self.parameters(flat, training=training)
    static = [*samples.shape[:2], *parameters.shape[1:]]
    shape = tf.concat([tf.shape(samples)[:2], tf.shape(parameters)[1:]], 0)
    parameters = tf.ensure_shape(tf.reshape(parameters, shape), static)
    return self.head.distribution(parameters)


def parse(name: str, specs: Specs) -> tuple[Conditional, ...]:
  """Returns the conditional distributions of an encoder or a decoder.

  Args:
    name: 'encoder' or 'decoder', for messages.
    specs: a head; a Keras model that ends in a head; a pair (network, head); or
      a list of those, one for each stochastic layer.
  Raises:
    ValueError: for anything else.
  """
  entries = list(specs) if isinstance(specs, list) else [specs]
  if not entries:
    raise ValueError(
      f'`{name}` must have at least one stochastic layer. Received: an empty '
      'list'
    )
  return tuple(_parse_one(name, entry) for entry in entries)


def given(
  conditionals: Sequence[Conditional], heads: Sequence[head_lib.Head]
) -> tuple[Conditional, ...]:
  """Returns conditionals whose networks see samples of the heads, embedded.

  Args:
    conditionals: each is given samples of the head at its place.
    heads: the heads of the posterior that draw the samples.
  """
  return tuple(
    conditional._replace(embed=head.embed)
    for conditional, head in zip(conditionals, heads, strict=True)
  )


def layers(specs: Specs) -> list[keras.layers.Layer]:
  """Returns the Keras layers in a specification, for tracking."""
  result: list[keras.layers.Layer] = []
  for entry in specs if isinstance(specs, list) else [specs]:
    result.extend(entry if isinstance(entry, tuple) else [entry])
  return result


def _parse_one(name: str, spec: Spec) -> Conditional:
  if isinstance(spec, tuple) and len(spec) == 2:
    network, head = spec
    of_keras = isinstance(network, keras.layers.Layer)
    if isinstance(head, head_lib.Head) and of_keras:
      return Conditional(network=network, head=head, joined=False)
  elif isinstance(spec, head_lib.Head):
    return Conditional(network=None, head=spec, joined=False)
  elif isinstance(spec, keras.layers.Layer):
    last = _last_layer(spec)
    if isinstance(last, head_lib.Head):
      return Conditional(network=spec, head=last, joined=True)
  raise ValueError(
    f'`{name}` must be a Keras model that ends in a layer of '
    'tf_mco.layers with a `.distribution`, such a layer, or a pair '
    '(network, layer); a list of them is a chain of stochastic layers. A layer '
    f'of your own extends tf_mco.layers.Head. Received: {spec!r}'
  )


def is_random(network: keras.layers.Layer) -> bool:
  """Returns whether a layer in a network draws random numbers."""
  # Keras gives a layer this attribute if, and only if, the layer is random.
  return any(
    hasattr(layer, 'seed_generator') for layer in network._flatten_layers()
  )


def _last_layer(layer: keras.layers.Layer) -> keras.layers.Layer | None:
  """Returns the layer that made a model's output, however deep it lies."""
  while isinstance(layer, keras.Model):
    if isinstance(layer, keras.Sequential) and layer.layers:
      layer = layer.layers[-1]
    elif getattr(layer, 'outputs', None):  # a functional model has outputs
      layer = layer.outputs[0]._keras_history.operation
    else:
      return None
  return layer


def specs_config(specs: Specs) -> dict[str, object]:
  """Returns a specification as a configuration that keeps its structure."""
  serialize = keras.saving.serialize_keras_object
  return {
    'chain': isinstance(specs, list),
    'stages': [
      [serialize(layer) for layer in entry]
      if isinstance(entry, tuple)
      else serialize(entry)
      for entry in (specs if isinstance(specs, list) else [specs])
    ],
  }


def specs_from_config(config: dict) -> Specs:
  """Returns the specification that `specs_config` described."""
  deserialize = keras.saving.deserialize_keras_object
  entries = [
    tuple(deserialize(layer) for layer in entry)
    if isinstance(entry, list)
    else deserialize(entry)
    for entry in config['stages']
  ]
  return entries if config['chain'] else entries[0]
