"""Several estimators measured along the training run of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco import types
from tf_mco.diagnostics import equal_cost
from tf_mco.diagnostics import gradient_source as source_lib
from tf_mco.diagnostics import statistics
from tf_mco.ops import checks


class EstimatorComparison(keras.callbacks.Callback):
  """Logs the gradient variance of several estimators at the same parameters.

  Every few epochs each estimator's gradient is drawn many times on one fixed
  batch, at the parameters that the model has then; training is not affected.
  'basket/<label>/<group>' in the logs is the variance averaged over the
  entries of a group; `statistics` holds all of the last measurement.

  The original draws each estimator once per step and keeps moving averages,
  whose variance contains that of the minibatches; this one measures the
  estimators alone.
  """

  def __init__(
    self,
    estimators: Iterable[estimators.Estimator | str]
    | Mapping[str, estimators.Estimator | str],
    x: Any,
    *,
    every_epochs: int = 1,
    num_draws: int = 100,
    groups: Sequence[str] = ('encoder',),
    include_data_noise: bool = False,
    jit_compile: bool = True,
    seed: types.Seed = 0,
  ):
    """Makes the callback.

    Args:
      estimators: of equal `evaluations`, by label, or else labelled by their
        names; see `at_equal_evaluations`.
      x: `[B, ...]` images, as given to `fit`.
      every_epochs: measure at the end of every so many epochs.
      num_draws: of each gradient, at least 40.
      groups: of parameters.
      include_data_noise: binarize x anew for every draw.
      jit_compile: whether XLA compiles the loop over draws.
      seed: of the binarization of x and, with the step, of the draws.
    """
    super().__init__()
    checks.at_least('every_epochs', every_epochs, 1)
    self.estimators = equal_cost.labelled(estimators)
    self.every_epochs = every_epochs
    self.num_draws = num_draws
    self.statistics: dict[str, dict[str, statistics.GradientStatistics]] = {}
    self._x = x
    self._seed = random.as_seed(seed)
    self._jit_compile = jit_compile
    self._options = {
      'groups': tuple(groups),
      'include_data_noise': include_data_noise,
      'seed': random.fold_in(self._seed, -1),
    }
    self._meters: dict[str, statistics.GradientMeter] = {}

  def set_model(self, model: Any) -> None:
    """Prepares the measurements.

    Raises:
      ValueError: if the estimators differ in evaluations, naming each count.
    """
    super().set_model(model)
    sources = {
      label: source_lib.model_source(
        model, self._x, estimator=estimator, **self._options
      )
      for label, estimator in self.estimators.items()
    }
    equal_cost.require_equal({n: s.evaluations for n, s in sources.items()})
    self._meters = {
      label: statistics.GradientMeter(source, jit_compile=self._jit_compile)
      for label, source in sources.items()
    }

  def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
    """Measures, and adds the variances to the logs."""
    if (epoch + 1) % self.every_epochs:
      return
    # The same numbers in a resumed run, and for every estimator.
    step = tf.convert_to_tensor(self.model.objective.step)
    seed = random.fold_in(self._seed, step)
    for label, meter in self._meters.items():
      self.statistics[label] = meter(self.num_draws, seed=seed)
      for group, found in self.statistics[label].items():
        if logs is not None:
          logs[f'basket/{label}/{group}'] = found.variance
