"""Stops a run at the first bad value, before a checkpoint is written."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

BAD_DATA, BAD_BOUND = 0, 1


def first_steps(
  record: tf.Tensor, step: tf.Tensor, bad_data: Any, bad_bound: tf.Tensor
) -> tf.Tensor:
  """Returns the record with this step in it, where it is the first bad one.

  Args:
    record: `[2]` int64, the first step with bad data and the first with a
      bound that is not finite; -1 for none.
    step: the present step.
    bad_data: boolean scalar, or None where the data cannot be bad.
    bad_bound: boolean scalar.
  """
  if bad_data is None:
    bad_data = tf.zeros_like(bad_bound)
  bad = tf.stack([bad_data, bad_bound])
  return tf.where(bad & (record < 0), step, record)


class StopAtFault(keras.callbacks.Callback):
  """Raises when the compiled step has recorded a fault.

  `LatentVariableModel.fit` puts it before all other callbacks, so that no
  checkpoint of a spoilt state is written.
  """

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    """Reads the record, once per execution."""
    del batch, logs
    bad_data, bad_bound = np.asarray(self.model.fault)
    if bad_data >= 0:
      raise ValueError(
        f'Bad values in the data of training step {bad_data}: expected '
        'pixels in [0, 1] (floating) or 0..255 (integers) for binary data, '
        'finite values otherwise. Training has stopped; checkpoints written '
        'before this step are good.'
      )
    if bad_bound >= 0:
      raise ValueError(
        f'The bound or its gradient at training step {bad_bound} is not '
        'finite. Training has stopped; checkpoints written before this step '
        'are good. A lower learning rate is the usual cure.'
        + self.model.objective.describe_fault()
      )
