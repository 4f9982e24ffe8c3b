"""The part of an experiment that a run needs in order to train a model."""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from experiments.framework import settings as settings_lib
from tf_mco import models


class Data(Protocol):
  """The data of an experiment: `datasets.Images`, `corpora.Corpus`."""

  @property
  def note(self) -> str:
    """A note for the reader of figures of these data."""


SettingsT = TypeVar('SettingsT', bound=settings_lib.RunSettings)
DataT = TypeVar('DataT', bound=Data)


class Schedule(NamedTuple):
  """Which batches a part of a run takes; see `batches.gathered_batches`."""

  batch_size: int
  seed: int
  first_step: int  # the number of steps that ran before
  num_steps: int


@dataclasses.dataclass(frozen=True)
class Evaluation:
  """The figures that the end of an epoch adds to the metrics.

  Attributes:
    bound: of the validation data, in nats; the metric `valid_bound`.
    metrics: further metrics, by name.
    message: a line for the reader beside that of the bound; empty for none.
  """

  bound: float
  metrics: dict[str, float] = dataclasses.field(default_factory=dict)
  message: str = ''


class Recipe(abc.ABC, Generic[SettingsT, DataT]):
  """The part of an experiment that a run needs: model, batches, evaluation."""

  @abc.abstractmethod
  def make_model(
    self, settings: SettingsT, data: DataT
  ) -> models.LatentVariableModel:
    """Returns the compiled and built model of a run."""

  @abc.abstractmethod
  def training_data(self, data: DataT, schedule: Schedule) -> dict[str, Any]:
    """Returns the arguments of `fit` that say what each step trains on.

    The step decides the order, so that a run that is taken up again sees what
    an uninterrupted one sees.
    """

  @abc.abstractmethod
  def make_evaluation(
    self, model: models.LatentVariableModel, settings: SettingsT, data: DataT
  ) -> Callable[[], Evaluation]:
    """Returns a function that evaluates the model at the end of an epoch."""

  def patience(self, settings: SettingsT) -> int | None:
    """Returns how many evaluations without a better one end the training.

    The run then keeps the model with the best bound of the validation data in
    its directory `best`, and measures that model. The default, None, trains
    all steps and measures the last model.
    """
    del settings
    return None
