"""The experiment `train_topic_model`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.data import corpora
from experiments.framework import experiment
from experiments.framework import recipe
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.topic_model import batches as topic_batches
from experiments.topic_model import model as topic_model
from experiments.topic_model import plots as topic_plots
from experiments.topic_model import report as topic_report
from experiments.topic_model import settings as topic_settings
from experiments.topic_model import validation as topic_validation
from tf_mco import models

_Run = run_lib.Run[topic_settings.TopicModelSettings, corpora.Corpus]


class TopicModelExperiment(
  experiment.Experiment[topic_settings.TopicModelSettings, corpora.Corpus]
):
  """Trains latent Dirichlet allocation on documents."""

  name = 'train_topic_model'
  settings = topic_settings.TopicModelSettings
  presets = topic_settings.PRESETS

  def load_data(
    self,
    settings: topic_settings.TopicModelSettings,
    sources: experiment.Sources,
  ) -> corpora.Corpus:
    """Returns the corpus that the settings name."""
    del sources  # The settings say where the files are.
    return corpora.load(
      settings.dataset,
      documents=settings.documents,
      vocabulary=settings.vocabulary,
    )

  def make_model(
    self, settings: topic_settings.TopicModelSettings, data: corpora.Corpus
  ) -> models.LatentVariableModel:
    """See `model.make`."""
    return topic_model.make(settings, data)

  def training_data(
    self, data: corpora.Corpus, schedule: recipe.Schedule
  ) -> dict[str, Any]:
    """Returns batches of training documents, which are in their order."""
    batches = topic_batches.training_batches(data.train, **schedule._asdict())
    return {'x': batches, 'shuffle': False}

  def make_evaluation(
    self,
    model: models.LatentVariableModel,
    settings: topic_settings.TopicModelSettings,
    data: corpora.Corpus,
  ) -> Callable[[], recipe.Evaluation]:
    """Returns the perplexities of training and validation documents."""
    return topic_validation.PerplexityEvaluation(model, settings, data)

  def measure(self, run: _Run) -> report.Results:
    """See `report.measure`."""
    return topic_report.measure(run)

  def table(
    self,
    results: report.Results,
    settings: topic_settings.TopicModelSettings,
  ) -> str:
    """See `report.table`."""
    return topic_report.table(results, settings)

  def plot(self, run: _Run) -> None:
    """See `plots.plot`."""
    topic_plots.plot(run.model, run.data, run.path)


EXPERIMENT = TopicModelExperiment()
