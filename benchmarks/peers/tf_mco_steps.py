"""The training steps of this library, in `fit`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks import clock
from benchmarks.peers import problem
from benchmarks.peers import worker
from experiments.binary import networks
import tf_mco
from tf_mco import layers
from tf_mco import models
from tf_mco import types


def make_model(
  case: problem.Case, mean: np.ndarray
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a case.

  Args:
    case: the training step.
    mean: `[D]` mean of the images in [0, 1].
  """
  estimator = tf_mco.get_estimator(case.estimator, **case.options)
  adam = keras.optimizers.Adam
  if case.gaussian:
    model = models.LatentVariableModel(
      _tanh_network(case, layers.GaussianPosterior(case.units)),
      _tanh_network(case, layers.BernoulliLikelihood(case.pixels)),
      layers.GaussianPrior(case.units),
      estimator,
      pixel_range=(0, 255),
    )
    optimizer: Any = adam(case.learning_rate)
  else:
    made = networks.binary(
      mean,
      architecture='nonlinear' if case.hidden else 'linear',
      num_layers=1,
      units=case.units,
      hidden_units=case.hidden[0] if case.hidden else 1,
      centre=True,
      initialize_with_bias=True,
    )
    model = models.LatentVariableModel(
      made.encoder, made.decoder, made.prior, estimator, pixel_range=(0, 255)
    )
    optimizer = {
      'encoder': adam(case.learning_rate),
      'decoder': adam(case.learning_rate),
      'prior': keras.optimizers.SGD(case.prior_learning_rate),
    }
  model.compile(optimizer, jit_compile=True, steps_per_execution=case.execution)
  model.build((None, case.pixels))
  model.optimizer.build(model.trainable_variables)
  return model


def _tanh_network(
  case: problem.Case, head: keras.layers.Layer
) -> keras.Sequential:
  hidden = [keras.layers.Dense(width, 'tanh') for width in case.hidden]
  return keras.Sequential([*hidden, head])


def variables(model: models.LatentVariableModel) -> dict[str, keras.Variable]:
  """Returns the trainable variables under the names of `problem.initial`."""
  result = {}
  groups = model.parameter_groups()
  for network in ('encoder', 'decoder'):
    for index, variable in enumerate(groups[network]):
      result[f'{network}/{index // 2}/{"wb"[index % 2]}'] = variable
  for variable in groups['prior']:
    result['prior'] = variable
  return result


class Executions(keras.callbacks.Callback):
  """Ends a lap after every execution."""

  def __init__(self, laps: clock.Laps):
    super().__init__()
    self._laps = laps

  def on_train_begin(self, logs: Any = None) -> None:
    """Begins the first lap."""
    del logs
    self._laps.start()

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    """Ends a lap."""
    del batch, logs
    self._laps.lap()


class Program:
  """See `worker.Program`."""

  def __init__(
    self, case: problem.Case, images: np.ndarray, initial: problem.Arrays
  ):
    self._case = case
    self._images = images
    self._model = make_model(case, images.mean(axis=0) / 255)
    for name, variable in variables(self._model).items():
      variable.assign(initial[name])

  def train(self, executions: int, laps: clock.Laps) -> float:
    """See `worker.Program`."""
    steps = executions * self._case.execution
    history = self._model.fit(
      self._images,
      batch_size=self._case.batch_size,
      steps_per_epoch=steps,
      callbacks=[Executions(laps)],
      verbose=0,
    )
    return history.history['bound'][-1]

  def gradients(self, x: np.ndarray, samples: problem.Arrays) -> problem.Arrays:
    """See `worker.Program`."""
    draws = {k: tf.constant(v) for k, v in samples.items()}
    model, by_name = self._model, variables(self._model)
    values = [variable.value for variable in by_name.values()]
    with tf.GradientTape() as tape:
      # Every draw leaves the bytes 0 and 255 as they are.
      batch = model.encode_batch((x * 255).astype(np.uint8), seed=0)
      surrogate = model.estimator.surrogate(
        batch.log_joint, batch.posterior, _draw(draws, batch.first_posterior)
      )
      loss = tf.reduce_mean(surrogate.loss)
    gradients = dict(zip(by_name, tape.gradient(loss, values), strict=True))
    return {
      name: value.numpy()
      for name, value in {**gradients, 'bound': surrogate.bound}.items()
    }


def _draw(draws: dict[str, tf.Tensor], posterior: Any) -> types.Draw:
  """Returns given draws as an estimator takes them."""
  if 'noise' in draws:
    path = posterior.mean() + posterior.stddev() * draws['noise']
    return types.Draw(path)
  if 'z' in draws:
    return types.Draw(draws['z'])
  b, b_tilde = draws['b'], draws['b_tilde']
  both = tf.concat([b, b_tilde], axis=0)
  pair = types.Pair((b,), (b_tilde,), uniform=tf.zeros_like(b))
  # The bound of a mean takes both halves, and the K-sample bound the first.
  return types.Draw(both, (pair,))


if __name__ == '__main__':
  worker.serve(Program)
