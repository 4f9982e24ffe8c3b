"""The runs of the Gaussian study, one after the other; killed ones go on."""

from __future__ import annotations

from collections.abc import Callable
import functools
import pathlib
import time
from typing import Any

import numpy as np

from experiments.aisle import descent as gaussian_descent
from experiments.aisle import measures as gaussian_measures
from experiments.aisle import problem as gaussian_problem
from experiments.aisle import settings as gaussian_settings
from experiments.runs import atomic_file
from experiments.runs import strict_json
from tf_mco import random

RESULTS = 'results.jsonl'
_STATES = 'states'
_SEGMENTS = 40
_SAVE_SECONDS = 10.0
Task = gaussian_settings.Task
Progress = Callable[[int], Any]


class Study:
  """The tasks of some settings, in one directory.

  Attributes:
    tasks: all of them.
    results: the lines of those that are finished.
  """

  def __init__(self, settings: gaussian_settings.Settings, path: pathlib.Path):
    self.tasks = gaussian_settings.tasks(settings)
    self.results: dict[Task, dict[str, Any]] = {}
    self._settings = settings
    self._path = path
    (path / _STATES).mkdir(exist_ok=True)
    strict_json.drop_half_line(path / RESULTS)
    if (path / RESULTS).exists():
      for line in strict_json.read_lines(path / RESULTS):
        self._keep(line)

  def work(self, task: Task) -> int:
    """Returns the samples to be drawn for each observation."""
    settings = self._settings
    draws = settings.variance_draws * len(gaussian_measures.DISTANCES)
    return task.samples * (settings.iterations if task.trains else draws)

  def run(self, task: Task, progress: Progress) -> None:
    """Does what is left of a task, and writes its line.

    Args:
      task: nothing is done if it is finished.
      progress: called with each part of `work` that is done.
    """
    if task in self.results:
      progress(self.work(task))
      return
    start = time.process_time()
    line: dict[str, Any] = {**task._asdict()}
    if task.trains:
      line.update(self._train(task, progress))
    else:
      line.update(self._measure_variance(task))
      progress(self.work(task))
    line['cpu_seconds'] = time.process_time() - start
    with (self._path / RESULTS).open('a', encoding='utf-8') as file:
      file.write(strict_json.line(line))
    self._keep(strict_json.plain(line))

  def curve(self, task: Task) -> gaussian_measures.Curve:
    """Returns the curve of a run of an optimizer that is finished."""
    with np.load(self._state_path(task)) as saved:
      return gaussian_measures.Curve(*saved['curve'].T)

  def problem(self, family: str, dims: int) -> gaussian_problem.Problem:
    """Returns the same problem to all tasks."""
    settings = self._settings
    return _make_problem(
      family,
      dims,
      settings.repeats,
      settings.observations,
      settings.seed,
    )

  def _keep(self, line: dict[str, Any]) -> None:
    task = Task(*(line[name] for name in Task._fields))
    self.results[task] = strict_json.with_numbers(line)

  def _state_path(self, task: Task) -> pathlib.Path:
    return self._path / _STATES / ('-'.join(map(str, task)) + '.npz')

  def _descent(self, task: Task) -> gaussian_descent.Descent:
    alpha = self._settings.alpha
    return _compile(task.method, task.samples, task.dims, alpha)

  def _seed(self, purpose: int) -> Any:
    # Below 0: the problems have the seeds of their dimensions.
    return random.fold_in(self._settings.seed, purpose)

  def _measure_variance(self, task: Task) -> dict[str, Any]:
    return gaussian_measures.variance_near(
      self._descent(task),
      self.problem(task.family, task.dims),
      draws=self._settings.variance_draws,
      seed=self._seed(random.Salt.MEASUREMENT),
    )

  def _train(self, task: Task, progress: Progress) -> dict[str, Any]:
    problem = self.problem(task.family, task.dims)
    measures = gaussian_measures.Distances(problem)
    state, curve = self._restore(task, problem)
    done = int(curve[-1][0]) if curve else 0
    progress(done * task.samples)
    saved = time.monotonic()
    for stop in _stops(self._settings.iterations):
      if stop <= done:
        continue
      state, _ = self._descent(task)(
        state,
        problem.data,
        seed=self._seed(random.Salt.DESCENT),
        start=done,
        stop=stop,
        rule=task.optimizer,
      )
      progress((stop - done) * task.samples)
      done = stop
      curve.append((stop, *measures.means(state.phi)))
      last = done == self._settings.iterations
      if last or time.monotonic() - saved > _SAVE_SECONDS:
        with atomic_file.replacing(self._state_path(task)) as file:
          np.savez(file, curve=np.array(curve), **state._asdict())
        saved = time.monotonic()
    return measures.summary(state.phi)

  def _restore(
    self, task: Task, problem: gaussian_problem.Problem
  ) -> tuple[gaussian_descent.State, list[tuple[float, ...]]]:
    if not self._state_path(task).exists():
      zero = np.zeros_like(problem.start)
      return gaussian_descent.State(problem.start, zero, zero), []
    with np.load(self._state_path(task)) as saved:
      names = gaussian_descent.State._fields
      state = gaussian_descent.State(*(saved[name] for name in names))
      return state, [tuple(row) for row in saved['curve']]


def _stops(iterations: int) -> list[int]:
  """Returns where a run is looked at: close together at first."""
  early = np.geomspace(1, iterations, _SEGMENTS)
  late = np.linspace(1, iterations, _SEGMENTS)
  return sorted({round(float(stop)) for stop in (*early, *late)})


# The tasks that share a program, or a problem, follow each other.
@functools.lru_cache(maxsize=1)
def _compile(
  method: str, samples: int, dims: int, alpha: float
) -> gaussian_descent.Descent:
  del dims  # a shape, for which the program is compiled
  return gaussian_descent.Descent(method, samples=samples, alpha=alpha)


@functools.lru_cache(maxsize=2)
def _make_problem(
  family: str, dims: int, repeats: int, observations: int, seed: int
) -> gaussian_problem.Problem:
  return gaussian_problem.make(
    family, dims=dims, repeats=repeats, observations=observations, seed=seed
  )
