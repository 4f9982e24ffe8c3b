"""Several estimators measured along the training run of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import keras
import numpy as np
import tensorflow as tf

from tf_mco import models
from tf_mco import random
from tf_mco import types
from tf_mco.diagnostics import equal_cost
from tf_mco.diagnostics import gradient_source as gradient_source_lib
from tf_mco.diagnostics import statistics
from tf_mco.ops import checks


class _SourceOptions(TypedDict):
  """The options of `model_source` that all estimators share."""

  groups: tuple[str, ...]
  include_data_noise: bool
  seed: types.Seed


class EstimatorComparison(keras.callbacks.Callback):
  """Logs the gradient variance of several estimators at the same parameters.

  Every few epochs each estimator's gradient is drawn many times on one fixed
  batch, at the parameters that the model has then; training is not affected.
  'basket/<label>/<group>' in the logs is the variance averaged over the entries
  of a group; `statistics` holds all numbers of the last measurement, by label
  and group.

  The original draws each estimator once per step and keeps moving averages,
  whose variance contains that of the minibatches. This callback measures the
  noise of the estimators alone.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.BernoulliPosterior(2),
  ...   tf_mco.layers.BernoulliLikelihood(4),
  ...   tf_mco.layers.BernoulliPrior(2),
  ...   'disarm',
  ... )
  >>> model.compile('adam')
  >>> x = np.eye(4)
  >>> comparison = tf_mco.diagnostics.EstimatorComparison(
  ...   ['disarm', 'reinforce_loo'], x, num_draws=40
  ... )
  >>> list(comparison.estimators)
  ['disarm', 'reinforce_loo']
  >>> model.fit(x, callbacks=[comparison])  # doctest: +SKIP

  Reference: Dong, Mnih and Tucker (2020), arXiv:2006.10680, and its code.
  """

  def __init__(
    self,
    estimators: equal_cost.Estimators,
    x: np.ndarray | tf.Tensor,
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
      estimators: Estimators of equal `evaluations`, or their names; see
        `at_equal_evaluations`. They are labelled by the keys of a mapping, or
        else by their names.
      x: `[B, ...]` observations, as given to `fit`.
      every_epochs: The estimators are measured at the end of every so many
        epochs.
      num_draws: The number of draws of each gradient, at least 40.
      groups: The groups of parameters.
      include_data_noise: Whether x is binarized anew for every draw.
      jit_compile: Whether XLA compiles the loop over draws.
      seed: The seed of the binarization of x and, with the step, of the draws.
    """
    super().__init__()
    every_epochs = checks.at_least('every_epochs', every_epochs, 1)
    self.estimators = equal_cost.labelled(estimators)
    self.every_epochs = every_epochs
    self.num_draws = checks.at_least('num_draws', num_draws, 40)
    self.statistics: dict[str, dict[str, statistics.GradientStatistics]] = {}
    self._x = x
    self._seed = random.as_seed(seed)
    self._jit_compile = checks.boolean('jit_compile', jit_compile)
    self._options: _SourceOptions = {
      'groups': gradient_source_lib.listed('groups', groups),
      'include_data_noise': checks.boolean(
        'include_data_noise', include_data_noise
      ),
      'seed': random.fold_in(self._seed, random.Salt.BINARIZATION),
    }
    self._meters: dict[str, statistics.GradientMeter] = {}

  def set_model(self, model: models.LatentVariableModel) -> None:
    """Prepares the measurements.

    Raises:
      ValueError: If the estimators differ in evaluations, naming each count.
    """
    super().set_model(model)
    gradient_sources = {
      label: gradient_source_lib.model_source(
        model, self._x, estimator=estimator, **self._options
      )
      for label, estimator in self.estimators.items()
    }
    equal_cost.require_equal(
      {label: one.evaluations for label, one in gradient_sources.items()}
    )
    self._meters = {
      label: statistics.GradientMeter(one, jit_compile=self._jit_compile)
      for label, one in gradient_sources.items()
    }

  def on_epoch_end(
    self, epoch: int, logs: dict[str, float] | None = None
  ) -> None:
    """Measures, and adds the variances to the logs."""
    if (epoch + 1) % self.every_epochs:
      return
    # The step, rather than a counter of this callback, gives a resumed run the
    # same numbers; all estimators share them.
    step = tf.convert_to_tensor(self.model.step)
    seed = random.fold_in(self._seed, step)
    for label, meter in self._meters.items():
      self.statistics[label] = meter(self.num_draws, seed=seed)
      for group, measured in self.statistics[label].items():
        if logs is not None:
          logs[f'basket/{label}/{group}'] = measured.variance
