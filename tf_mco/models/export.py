"""A SavedModel that serves with TensorFlow alone."""

from __future__ import annotations

import os
from typing import Any

import keras
import tensorflow as tf


def export(
  model: Any,
  filepath: str | os.PathLike,
  *,
  num_samples: int = 100,
  verbose: bool = False,
) -> None:
  """Writes a SavedModel with four signatures; the batch size is dynamic.

  encode(x): `mean` of q(z1 | x), for floating data in [0, 1].
  decode(z): `mean` of p(x | z1).
  sample(num_samples, seed): `mean` of p(x | z1) at samples from the prior.
  bound(x, seed): the K-sample `bound` of log p(x), nats, `[B]`.

  It loads with `tf.saved_model.load`, `hub.load` and
  `keras.layers.TFSMLayer(path, call_endpoint='encode')`.

  Args:
    model: a built `LatentVariableModel`.
    filepath: the folder to write.
    num_samples: K of the bound.
    verbose: whether Keras prints the endpoints.
  Raises:
    ValueError: if the model has not been built.
  """
  if not model.built:
    raise ValueError(
      'The model has no weights yet: call `fit`, or `build` with the shape '
      'of the data, before `export`.'
    )
  dtype = model.objective.log_dtype
  data_shape = model._build_shapes_dict['input_shape'][1:]
  x = tf.TensorSpec([None, *data_shape], dtype, name='x')
  probe = model.encode(tf.zeros([1, *data_shape], dtype))
  z = tf.TensorSpec([None, *probe.shape[1:]], dtype, name='z')
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
