"""Writes a SavedModel that needs TensorFlow alone."""

from __future__ import annotations

import os
from typing import Protocol

import keras
import tensorflow as tf

from tf_mco import types


class Exportable(Protocol):
  """The methods of a `LatentVariableModel` that become signatures."""

  built: bool

  @property
  def log_dtype(self) -> str:
    """The dtype of observations and log-weights."""

  @property
  def observation_shape(self) -> tuple[int | None, ...]:
    """The shape of one observation."""

  def encode(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the mean of q(z1 | x)."""

  def decode(self, z: tf.Tensor) -> tf.Tensor:
    """Returns the mean of p(x | z1)."""

  def sample(
    self, num_samples: int | tf.Tensor, *, seed: types.Seed
  ) -> tf.Tensor:
    """Returns the means of p(x | z1) at samples from the prior."""

  def log_likelihood_bound(
    self, x: tf.Tensor, *, num_samples: int, seed: types.Seed
  ) -> tf.Tensor:
    """Returns the K-sample bound of log p(x)."""


def export(
  model: Exportable,
  filepath: str | os.PathLike,
  *,
  num_samples: int = 100,
  verbose: bool = False,
) -> None:
  """Writes a SavedModel with four signatures, for batches of any size.

  - encode(x): the `mean` of q(z1 | x).
  - decode(z): the `mean` of p(x | z1).
  - sample(num_samples, seed): the `mean` of p(x | z1) at samples from the
    prior.
  - bound(x, seed): the K-sample `bound` of log p(x), `[B]`, in nats.

  The observations x are floating, and mean what they mean to `fit`: pixels are
  in [0, 1] unless the model has a `pixel_range`. A served function cannot raise
  an error, therefore the `mean` and the `bound` of an example are NaN if the
  likelihood cannot score the example, such as bytes of pixels where [0, 1] is
  expected.

  The result loads with `tf.saved_model.load`, `hub.load` and
  `keras.layers.TFSMLayer(path, call_endpoint='encode')`.

  Args:
    model: A built `LatentVariableModel`.
    filepath: The folder to write.
    num_samples: K of the bound.
    verbose: Whether Keras prints the signatures.
  Raises:
    ValueError: If the model has not been built.
  """
  if not model.built:
    raise ValueError(
      'The model has no weights yet: call `fit`, or `build` with the shape '
      'of the data, before `export`. Received: a model without weights'
    )
  dtype, observation_shape = model.log_dtype, model.observation_shape
  x = tf.TensorSpec([None, *observation_shape], dtype, name='x')
  code = model.encode(tf.zeros([1, *observation_shape], dtype))
  z = tf.TensorSpec([None, *code.shape[1:]], dtype, name='z')
  seed = tf.TensorSpec([2], tf.int32, name='seed')
  count = tf.TensorSpec([], tf.int32, name='num_samples')

  def encode(x: tf.Tensor) -> dict[str, tf.Tensor]:
    return {'mean': model.encode(x)}

  def decode(z: tf.Tensor) -> dict[str, tf.Tensor]:
    return {'mean': model.decode(z)}

  def sample(num_samples: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    return {'mean': model.sample(num_samples, seed=seed)}

  def bound(x: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    value = model.log_likelihood_bound(x, num_samples=num_samples, seed=seed)
    return {'bound': value}

  archive = keras.export.ExportArchive()
  archive.track(model)
  archive.add_endpoint('encode', encode, [x])
  archive.add_endpoint('decode', decode, [z])
  archive.add_endpoint('sample', sample, [count, seed])
  archive.add_endpoint('bound', bound, [x, seed])
  archive.write_out(os.fspath(filepath), verbose=verbose)
