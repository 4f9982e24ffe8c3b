"""Early stopping: which model is kept, and where a run stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import pathlib

import pytest

from experiments.binary import experiment as binary_experiment
from experiments.data import datasets
from experiments.framework import best_model
from experiments.framework import recipe
from experiments.framework import run as run_lib
from tests.experiments import states

_FLAGS = {
  'steps': 40,
  'eval_every': 5,
  'units': 2,
  'jit_compile': False,
}


class _Stopping(binary_experiment.BinaryExperiment):
  """Stops after two evaluations; the bounds are made up."""

  def __init__(self, bounds: Iterator[float]):
    super().__init__()
    self._bounds = bounds
    self.evaluated: list = []

  def patience(self, settings: object) -> int:
    return 2

  def make_evaluation(
    self, model: object, settings: object, data: object
  ) -> Callable[[], recipe.Evaluation]:
    def evaluate() -> recipe.Evaluation:
      self.evaluated.append(states.values(model.trainable_variables))
      return recipe.Evaluation(next(self._bounds), message='A message.')

    return evaluate


def _open(
  path: pathlib.Path, digits: datasets.Images, *bounds: float
) -> tuple[_Stopping, run_lib.Run]:
  experiment = _Stopping(iter(bounds))
  settings = experiment.make_settings('digits', _FLAGS)
  return experiment, experiment.open(settings, path, digits)


def test_stops_early_and_keeps_the_best(digits, tmp_path, capsys) -> None:
  experiment, run = _open(tmp_path, digits, -30.0, -20.0, -25.0, -20.0)
  run.train()
  assert 'A message.\nstep 5: train' in capsys.readouterr().err
  assert int(run.model.step) == 20
  patience = run.best.patience
  assert (patience.best, patience.best_step) == (-20.0, 10)
  run.best.restore()
  kept = experiment.evaluated
  states.assert_equal(states.values(run.model.trainable_variables), kept[1])
  _, again = _open(tmp_path, digits)
  assert again.first_step == 20
  assert again.best.patience == patience
  assert again.over
  assert again.train() is None
  states.assert_equal(states.values(again.model.trainable_variables), kept[3])
  again.best.restore()
  states.assert_equal(states.values(again.model.trainable_variables), kept[1])


def test_nothing_evaluated_is_an_error(digits, tmp_path) -> None:
  _, run = _open(tmp_path, digits)
  with pytest.raises(ValueError, match='no evaluated model'):
    run.best.restore()


def test_an_equal_bound_is_no_better_one() -> None:
  patience = best_model.Patience(2)
  better = [patience.update(step, -1.0) for step in (1, 2, 3)]
  assert better == [True, False, False]
  assert patience.over
