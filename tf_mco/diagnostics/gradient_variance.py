"""The gradient's variance along a training run, as a Keras callback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from tf_mco import models
from tf_mco.diagnostics import gradient_source as gradient_source_lib
from tf_mco.diagnostics import running
from tf_mco.models import training_step


class GradientVariance(keras.callbacks.Callback):
  """Logs the variance of the gradient, estimated along the training run.

  The estimate is

    EMA[g^2] - EMA[g]^2

  of every entry g of the gradient that is applied, averaged over the entries of
  a group. It contains the noise of the estimator, that of the minibatches and
  of their binarization, and the drift of the mean within about 1 / (1 - decay)
  steps. To measure the estimator alone, use `gradient_statistics` or
  `EstimatorComparison`.

  At the end of an epoch the callback adds 'gradient_variance/<group>' to the
  logs, for `History` and for callbacks that come after this one. It works in
  any `fit` of a `LatentVariableModel`, compiled or not, on one replica.

  The numbers are those of the original, which sums the gradient over the batch
  and divides the variance by the batch size squared, where this library
  averages over the batch. The averages of the original start at zero and are
  not corrected; they are too small in the first few thousand steps (by 37%
  after 1,000 with a decay of 0.999, by 0.7% after 5,000). Here they are divided
  by 1 - decay^t.

  `state` holds the averages. `tf.train.Checkpoint(model=model,
  variance=callback.state)` saves them, and a later `fit` continues from them.

  Reference: Dong, Mnih and Tucker (2020), arXiv:2006.10680, and its code.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.BernoulliPosterior(2),
  ...   tf_mco.layers.BernoulliLikelihood(4),
  ...   tf_mco.layers.BernoulliPrior(2),
  ...   'disarm',
  ... )
  >>> model.compile('adam', run_eagerly=True)
  >>> callback = tf_mco.diagnostics.GradientVariance(groups=['decoder'])
  >>> history = model.fit(np.eye(4), verbose=0, callbacks=[callback]).history
  >>> list(history)
  ['bound', 'loss', 'gradient_variance/decoder']
  """

  def __init__(
    self,
    decay: float = 0.999,
    every: int = 1,
    groups: Sequence[str] = ('encoder',),
  ):
    """Makes the callback.

    Args:
      decay: The decay of the averages, per observation.
      every: The gradient of every so many steps is observed. A larger number is
        cheaper, and the averages then reach `every` times as far back.
      groups: The groups of parameters. The cost of a group is memory traffic in
        proportion to its size.
    """
    super().__init__()
    self.groups = gradient_source_lib.listed('groups', groups)
    self.state = running.RunningVariance(decay, every)
    self._members: dict[str, list[training_step.Variable]] = {}

  def set_model(self, model: models.LatentVariableModel) -> None:
    """Enters the model's training step, which is compiled anew.

    Raises:
      ValueError: If the gradients in the step are not those that are applied.
    """
    super().set_model(model)
    if not isinstance(model, models.LatentVariableModel):
      raise ValueError(
        f'GradientVariance needs a LatentVariableModel. Received: {model!r}'
      )
    if float(model.optimizer.scale_loss(1.0)) != 1:
      raise ValueError(
        'GradientVariance needs gradients that are not scaled; train in '
        f'mixed_bfloat16 or float32. Received: {model.optimizer!r}'
      )
    replicas = model.distribute_strategy.num_replicas_in_sync
    if replicas != 1:
      raise ValueError(
        'GradientVariance needs the whole batch on one replica. Received: '
        f'{replicas} replicas'
      )
    self._members = gradient_source_lib.model_groups(model, self.groups)
    self.state.build(self._members)
    model.observe_gradients_with(self)

  def observe(
    self,
    gradients: Sequence[tf.Tensor],
    variables: Sequence[training_step.Variable],
  ) -> None:
    """Takes in the gradients of a step; the model calls this method."""
    gradient_of = {id(v): g for v, g in zip(variables, gradients, strict=True)}
    self.state.update(
      {
        name: [gradient_of[id(v)] for v in members]
        for name, members in self._members.items()
      }
    )

  def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
    """Raises ValueError if another observer has taken this one's place."""
    del logs
    if self.model.gradient_observer is not self:
      raise ValueError(
        'One GradientVariance at a time; give it several groups. Received: '
        f'also {self.model.gradient_observer!r}'
      )

  def on_epoch_end(
    self, epoch: int, logs: dict[str, float] | None = None
  ) -> None:
    """Adds the variances to the logs."""
    del epoch
    if logs is not None:
      logs.update(
        {f'gradient_variance/{n}': v for n, v in self.state.result().items()}
      )

  def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
    """Leaves the training step."""
    del logs
    self.model.observe_gradients_with(None)
