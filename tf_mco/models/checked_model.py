"""A Keras model that checks its data before work, and its results after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco.models import data_kinds
from tf_mco.models import example_counter
from tf_mco.models import faults
from tf_mco.models import observations
from tf_mco.models.array_training import execution as execution_lib
from tf_mco.models.array_training import fitting

_Logs = float | list[float] | Mapping[str, float]


class CheckedModel(keras.Model):
  """The doors of a model, through which data come in.

  A bad value in an array, or in the first batch of a stream, is an error before
  work starts. Later in a stream it is an error at the first execution that
  meets the value.
  """

  fault: keras.Variable | None
  examples: example_counter.ExampleCounter
  train_function: Callable | None
  # The compiled executions of training on arrays.
  execution: execution_lib.Execution | None = None
  # What stands for Keras' own function while `fit` trains on an array.
  array_function: Callable | None = None
  # Whether the number of steps of such an execution follows from their speed.
  automatic_length = True

  def known_observation_shape(self) -> data_kinds.Shape | None:
    """Returns the shape of one observation, or None if it is not known."""
    raise NotImplementedError

  @property
  def step(self) -> keras.Variable:
    """The number of training steps so far."""
    raise NotImplementedError

  @property
  def order_seed(self) -> types.Seed:
    """The seed of the order in which training visits the examples of arrays."""
    raise NotImplementedError

  def make_train_function(self, force: bool = False) -> None:
    """Makes what `fit` calls for each execution."""
    if self.array_function is None:
      super().make_train_function(force)
    else:
      self.train_function = self.array_function

  def fit(
    self,
    x: observations.Data | None = None,
    y: observations.Array | None = None,
    **kwargs: Any,
  ) -> keras.callbacks.History:
    """Trains the model; see `keras.Model.fit`.

    The observations are checked before training starts.

    An array stays in the memory of the device, and the order of its examples
    follows from the seed of the model and from the steps so far; see
    `array_training.order.Order`. If the model is compiled with `jit_compile`,
    an execution of `steps_per_execution` steps is one compiled program. Pass a
    `tf.data.Dataset` of batches for data that do not fit into memory.

    Raises:
      ValueError: For values that the likelihood cannot score. In arrays and in
        the first batch of a stream they are found before training, later in a
        stream at the first execution that meets them. Also if a bound or a
        gradient is not finite, and for weights that such a fault has spoilt.
    """
    observations.refuse_weights(kwargs)
    kwargs = data_kinds.checked_options(kwargs)
    x, looked_at = observations.admit(self, x, 'the training data')
    if fitting.serves(x):
      x, kwargs = fitting.split(x, y, kwargs)
    if kwargs.get('validation_data') is not None:
      kwargs['validation_data'], _ = observations.admit(
        self, kwargs['validation_data'], 'the validation data'
      )
    faults.require_finite_weights(self)
    faults.forget(self)
    stop = faults.StopAtFault(looked_at)
    kwargs['callbacks'] = [stop, *_callbacks(kwargs.get('callbacks'))]
    if not fitting.serves(x):
      return super().fit(x, y, **kwargs)
    with fitting.arguments(self, x, kwargs) as arguments:
      return super().fit(**arguments)

  def evaluate(
    self,
    x: observations.Data | None = None,
    y: observations.Array | None = None,
    **kwargs: Any,
  ) -> _Logs:
    """Evaluates the estimator's own bound; see `keras.Model.evaluate`.

    The same data give the same numbers every time.

    Raises:
      ValueError: For values that the likelihood cannot score, and for a bound
        that is NaN or +inf. A bound of -inf is none of these, because the
        probability of an example may be 0.
    """
    observations.refuse_weights(kwargs)
    kwargs = data_kinds.checked_options(kwargs)
    # Within `fit`, Keras passes its own callbacks, which stop at a fault, and
    # data that `fit` has checked.
    if not kwargs.get('_use_cached_eval_dataset'):
      x, _ = observations.admit(self, x, 'the data')
      stop = faults.StopAtFault()
      kwargs['callbacks'] = [stop, *_callbacks(kwargs.get('callbacks'))]
    return super().evaluate(x, y, **kwargs)

  def predict(self, x: observations.Data, **kwargs: Any) -> np.ndarray:
    """Returns the estimator's bound of each example, `[N]`, in nats.

    Each batch has noise of its own, and the same data in batches of the same
    size give the same numbers every time. They are those that `evaluate`
    averages.

    Raises:
      ValueError: As `evaluate` does.
    """
    kwargs = data_kinds.checked_options(kwargs)
    x, _ = observations.admit(self, x, 'the data')
    self._start_prediction()
    bounds = super().predict(x, **kwargs)
    faults.require_bounds(self, bounds)
    return bounds

  def train_on_batch(
    self,
    x: observations.Array,
    y: observations.Array | None = None,
    **kwargs: Any,
  ) -> _Logs:
    """Makes one step of training; see `keras.Model.train_on_batch`.

    Raises:
      ValueError: As `fit` does.
    """
    observations.refuse_weights(kwargs)
    array = observations.admit_array(self, x, 'the batch')
    faults.forget(self)
    first_step = int(self.step)
    logs = super().train_on_batch(tf.constant(array), y, **kwargs)
    faults.raise_of_training(self, first_step, array)
    return logs

  def test_on_batch(
    self,
    x: observations.Array,
    y: observations.Array | None = None,
    **kwargs: Any,
  ) -> _Logs:
    """Evaluates one batch; see `keras.Model.test_on_batch`.

    Raises:
      ValueError: As `evaluate` does.
    """
    observations.refuse_weights(kwargs)
    array = observations.admit_array(self, x, 'the batch')
    faults.forget(self)
    logs = super().test_on_batch(tf.constant(array), y, **kwargs)
    faults.raise_of_evaluation(self)
    return logs

  def predict_on_batch(self, x: observations.Array) -> np.ndarray:
    """Returns the bound of each example of a batch, `[B]`, in nats.

    Raises:
      ValueError: As `evaluate` does.
    """
    array = observations.admit_array(self, x, 'the batch')
    self._start_prediction()
    bounds = super().predict_on_batch(tf.constant(array))
    faults.require_bounds(self, bounds)
    return bounds

  def _start_prediction(self) -> None:
    with self.distribute_strategy.scope():
      self.examples.reset()


def _callbacks(
  callbacks: keras.callbacks.Callback | list | tuple | None,
) -> list | tuple:
  """Returns callbacks as Keras takes them, as a list or a tuple."""
  if isinstance(callbacks, (list, tuple)):
    return callbacks
  return [] if callbacks is None else [callbacks]
