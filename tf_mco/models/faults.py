"""Stops a run at its first bad value, before a checkpoint is written.

A compiled step cannot raise an error. It records the first faults in a variable
instead, and a callback reads the variable after every execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from tf_mco.distributions import supports
from tf_mco.layers.objective import array_checks

_NONE = (-1, -1)  # the record of a run without a fault


class FaultyModel(Protocol):
  """What a fault of a model is told by."""

  fault: keras.Variable | None
  compiled: bool
  optimizer: keras.optimizers.Optimizer
  trainable_variables: list[keras.Variable]

  @property
  def step(self) -> keras.Variable | None:
    """The number of training steps so far."""

  @property
  def support(self) -> str | None:
    """The support of the likelihood."""

  def state_variables(self) -> list[keras.Variable]:
    """Returns what training updates without a gradient."""

  def expected_observations(self) -> str:
    """Returns what the model takes, in words."""

  def describe_fault(self) -> str:
    """Returns the heads' notes."""


def record_first(
  record: tf.Tensor,
  place: tf.Tensor,
  bad_data: tf.Tensor | None,
  bad_bound: tf.Tensor,
) -> tf.Tensor:
  """Returns the record, with this place in it if it is the first bad one.

  Args:
    record: `[2]` int64, the first place with bad data and the first place whose
      bound or gradient is bad; -1 if there was none.
    place: The present step, or the number of examples before in an evaluation.
    bad_data: A boolean scalar, or None if the data cannot be bad.
    bad_bound: A boolean scalar.
  """
  if bad_data is None:
    bad_data = tf.zeros_like(bad_bound)
  bad = tf.stack([bad_data, bad_bound])
  return tf.where(bad & (record < 0), place, record)


def is_no_bound(bound: tf.Tensor) -> tf.Tensor:
  """Returns whether any bound is NaN or +inf, a boolean scalar.

  A bound of -inf passes, because the probability of an example may be 0 under a
  model, and because -inf is seen in any mean.
  """
  return ~tf.reduce_all(bound < np.inf)


def forget(model: FaultyModel) -> None:
  """Empties the record of a model that is built."""
  if model.fault is not None:
    model.fault.assign(_NONE)


def raise_of_training(
  model: FaultyModel, first_step: int, data: np.ndarray | None
) -> None:
  """Raises ValueError if a training step has recorded a fault.

  Args:
    model: The model.
    first_step: The step at which this call began.
    data: The data that were looked at before, if any, to be described.
  """
  bad_data, bad_bound = np.asarray(model.fault)
  if bad_data >= 0:
    raise ValueError(
      f'Bad values in the data of training step {bad_data}: expected '
      f'observations to be {model.expected_observations()}. Training has '
      'stopped; checkpoints written before this step are good.'
    )
  if bad_bound < 0:
    return
  if bad_bound == first_step:
    cure = (
      ' This step is the first one, so that no update is to blame. The usual '
      f'causes are the scale of the observations{_described(model, data)}, the '
      'initial variances and concentrations of the distributions, and samples '
      'of small concentrations, which underflow.'
    )
  else:
    cure = ' A lower learning rate is the usual cure.'
  raise ValueError(
    f'The bound or its gradient at training step {bad_bound} is not finite. '
    'Training has stopped; checkpoints written before this step are good.'
    + cure
    + model.describe_fault()
  )


def _described(model: FaultyModel, data: np.ndarray | None) -> str:
  """Returns the range of the data in brackets, or nothing."""
  if data is None:
    return ''
  mean = np.mean(data, dtype=np.float64)
  ends = ''
  if model.support == supports.UNIT_INTERVAL:
    ends = (
      '; a Beta density at exactly 0 or 1 is 0 or infinite, which '
      'pixel_range=(-1, 256) avoids for bytes'
    )
  return f' ({array_checks.summary(data)}, mean {mean:.6g}{ends})'


def raise_of_evaluation(model: FaultyModel) -> None:
  """Raises ValueError if an evaluation step has recorded a fault."""
  bad_data, bad_bound = np.asarray(model.fault)
  if bad_data >= 0:
    raise ValueError(
      'Bad values in the evaluated data, in the batch that begins with example '
      f'{bad_data}: expected observations to be {model.expected_observations()}'
    )
  if bad_bound >= 0:
    raise ValueError(
      'The bound of the evaluated data is NaN or +inf, in the batch that '
      f'begins with example {bad_bound}.' + _blamed(model)
    )


def require_bounds(
  model: FaultyModel, bounds: np.ndarray, offset: int = 0
) -> None:
  """Raises ValueError if the bound of an example is NaN or +inf.

  Args:
    model: The model whose bounds these are.
    bounds: `[N]`, in nats. -inf passes; see `is_no_bound`.
    offset: The number of examples before them.
  """
  bad = ~(bounds < np.inf)
  if bad.any():
    first = int(np.argmax(bad))
    raise ValueError(
      f'The bound of example {offset + first} is {bounds[first]}. Expected '
      f'observations to be {model.expected_observations()}, and finite weights.'
      + _blamed(model)
    )


def require_finite_weights(model: FaultyModel) -> None:
  """Raises ValueError if a fault has spoilt the weights of a model."""
  for variable in _spoilt(model):
    raise ValueError(
      f'The values of {variable.path} are not finite, as a fault in an earlier '
      'step leaves them. Expected finite weights: load the weights of a '
      'checkpoint, set them (`set_weights`), or make the model anew; `compile` '
      'the model again to reset the state of the optimizer.'
    )


def _blamed(model: FaultyModel) -> str:
  """Returns a sentence about weights that are not finite, or ''."""
  for variable in _spoilt(model):
    return f' The values of {variable.path} are not finite.'
  return ''


def _spoilt(model: FaultyModel) -> Iterator[keras.Variable]:
  """Yields the variables whose values a fault has spoilt."""
  trained = list(model.trainable_variables)
  if model.compiled:
    # The scalars are rates and counts, which no gradient has spoilt.
    trained += [v for v in model.optimizer.variables if len(v.shape)]
  for variable in trained:
    value = tf.convert_to_tensor(variable)
    if value.dtype.is_floating and not tf.reduce_all(tf.math.is_finite(value)):
      yield variable
  # A constant may be infinite on purpose, but it is never NaN.
  for variable in model.state_variables():
    value = tf.convert_to_tensor(variable)
    if value.dtype.is_floating and tf.reduce_any(tf.math.is_nan(value)):
      yield variable


class StopAtFault(keras.callbacks.Callback):
  """A callback that raises ValueError if a compiled step recorded a fault.

  `LatentVariableModel.fit` and `evaluate` put this callback before all others,
  so that no checkpoint of a spoilt state is written.
  """

  def __init__(self, data: np.ndarray | None = None):
    """Makes the callback.

    Args:
      data: The data that were looked at before, if any, for the message.
    """
    super().__init__()
    self._data = data
    self._first_step = 0

  def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
    """Notes the first step."""
    del logs
    step = self.model.step
    self._first_step = 0 if step is None else int(step)

  def on_train_batch_end(
    self, batch: int, logs: Mapping[str, float] | None = None
  ) -> None:
    """Reads the record, once per execution."""
    del batch, logs
    raise_of_training(self.model, self._first_step, self._data)

  def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
    """Empties the record."""
    del logs
    forget(self.model)

  def on_test_batch_end(
    self, batch: int, logs: Mapping[str, float] | None = None
  ) -> None:
    """Reads the record, once per execution."""
    del batch, logs
    raise_of_evaluation(self.model)
