"""Batches of documents, dense, gathered from sparse counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse
import tensorflow as tf

from experiments.data import batches


def training_batches(
  documents: scipy.sparse.csr_matrix, *, batch_size: int, **schedule: int
) -> tf.data.Dataset:
  """Returns float32 batches `[batch_size, V]`, whose order the step decides.

  Memory holds the counts above zero alone. A batch becomes dense on its way to
  the training step.

  Args:
    documents: CSR `[N, V]`.
    batch_size: documents per batch.
    **schedule: see `batches.gathered_batches`.
  """
  return batches.gathered_batches(
    _dense_rows(documents, batch_size),
    documents.shape[0],
    batch_size=batch_size,
    **schedule,
  )


def evaluation_batches(
  documents: scipy.sparse.csr_matrix, batch_size: int
) -> Iterator[np.ndarray]:
  """Yields all documents in order, float32 `[batch_size, V]`.

  Empty documents fill up the last batch, so that all batches have one shape.
  """
  for start in range(0, documents.shape[0], batch_size):
    rows = documents[start : start + batch_size].toarray()
    missing = batch_size - len(rows)
    yield np.pad(rows, ((0, missing), (0, 0))).astype(np.float32)


def _dense_rows(
  documents: scipy.sparse.csr_matrix, batch_size: int
) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns a function from int64 `[batch_size]` rows to their counts."""
  # tf.data runs on the CPU. TensorFlow would put the constants on a GPU.
  with tf.device('CPU:0'):
    ends = tf.constant(documents.indptr, tf.int64)
    columns = tf.constant(documents.indices, tf.int64)
    counts = tf.constant(documents.data, tf.float32)
  width = documents.shape[1]

  def gather(rows: tf.Tensor) -> tf.Tensor:
    stored = tf.ragged.range(tf.gather(ends, rows), tf.gather(ends, rows + 1))
    cells = stored.value_rowids() * width + tf.gather(columns, stored.values)
    flat = tf.scatter_nd(
      cells[:, tf.newaxis],
      tf.gather(counts, stored.values),
      tf.constant([batch_size * width], tf.int64),
    )
    return tf.reshape(flat, [batch_size, width])

  return gather
