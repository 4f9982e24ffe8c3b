"""The gradient's variance along a training run, as a Keras callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from tf_mco.diagnostics import gradient_source as source_lib
from tf_mco.diagnostics import running


class GradientVariance(keras.callbacks.Callback):
  """Logs the variance of the gradient, estimated along the training run.

  EMA[g^2] - EMA[g]^2 of every entry of the gradient that is applied, averaged
  over the entries of a group: it contains the estimator's noise, that of the
  minibatches and of their binarization, and the drift of the mean within
  about 1 / (1 - decay) steps. At the end of an epoch it adds
  'gradient_variance/<group>' to the logs, for `History` and for callbacks
  that come after this one. It works in any `fit` of a `LatentVariableModel`,
  compiled or not, on one replica.

  The numbers are those of the original: there the gradient is summed over the
  batch and its variance divided by the batch size squared, here it is
  averaged. The original's averages start at zero and are not corrected, hence
  too small in the first few thousand steps (by 37% after 1,000 with a decay of
  0.999, 0.7% after 5,000); here they are divided by 1 - decay^t.

  `state` holds the averages: `tf.train.Checkpoint(model=model,
  variance=callback.state)` saves them, and a later `fit` continues from them.

  Reference: Dong, Mnih and Tucker (2020), arXiv:2006.10680, and its code.
  """

  def __init__(
    self,
    decay: float = 0.999,
    every: int = 1,
    groups: Sequence[str] = ('encoder',),
  ):
    """Makes the callback.

    Args:
      decay: of the averages, per observation.
      every: observe every so many steps: cheaper, and the averages then reach
        `every` times as far back.
      groups: of parameters. Each costs memory traffic in proportion to its
        size.
    """
    super().__init__()
    self.groups = tuple(groups)
    self.state = running.RunningVariance(decay, every)
    self._members: dict[str, list] = {}

  def set_model(self, model: Any) -> None:
    """Enters the model's training step, which is compiled anew.

    Raises:
      ValueError: if the gradients in the step are not those that are applied.
    """
    super().set_model(model)
    if not hasattr(model, 'gradient_observer'):
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
    self._members = source_lib.model_groups(model, self.groups)
    self.state.build(self._members)
    model.gradient_observer = self
    model.train_function = None

  def observe(self, gradients: Sequence, variables: Sequence) -> None:
    """Takes in the gradients of a step; called by `train_step`."""
    gradient_of = {id(v): g for v, g in zip(variables, gradients, strict=True)}
    self.state.update(
      {
        name: [gradient_of[id(v)] for v in members]
        for name, members in self._members.items()
      }
    )

  def on_train_begin(self, logs: Any = None) -> None:
    """Checks that no other observer has taken this one's place."""
    del logs
    if self.model.gradient_observer is not self:
      raise ValueError(
        'One GradientVariance at a time; give it several groups. Received: '
        f'also {self.model.gradient_observer!r}'
      )

  def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
    """Adds the variances to the logs."""
    del epoch
    if logs is not None:
      logs.update(
        {f'gradient_variance/{n}': v for n, v in self.state.result().items()}
      )

  def on_train_end(self, logs: Any = None) -> None:
    """Leaves the training step."""
    del logs
    self.model.gradient_observer = None
    self.model.train_function = None
