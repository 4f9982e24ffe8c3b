"""Stops a training run at its first bad value, before a checkpoint is written.

A compiled step cannot raise an error. It records the first faults in a variable
instead, and a callback reads the variable after every execution.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf


def record_first(
  record: tf.Tensor,
  step: tf.Tensor,
  bad_data: tf.Tensor | None,
  bad_bound: tf.Tensor,
) -> tf.Tensor:
  """Returns the record, with this step in it if it is the first bad one.

  Args:
    record: `[2]` int64, the first step with bad data and the first step whose
      bound or gradient is not finite; -1 if there was none.
    step: The present step.
    bad_data: A boolean scalar, or None if the data cannot be bad.
    bad_bound: A boolean scalar.
  """
  if bad_data is None:
    bad_data = tf.zeros_like(bad_bound)
  bad = tf.stack([bad_data, bad_bound])
  return tf.where(bad & (record < 0), step, record)


class StopAtFault(keras.callbacks.Callback):
  """A callback that raises ValueError if the compiled step recorded a fault.

  `LatentVariableModel.fit` puts this callback before all others, so that no
  checkpoint of a spoilt state is written.
  """

  def on_train_batch_end(
    self, batch: int, logs: Mapping[str, float] | None = None
  ) -> None:
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
        + self.model.describe_fault()
      )
