"""The work of one task of the AISLE study, which a killed study goes on with.

A run of an optimizer saves its state and its curve in the folder `states` of
the study's directory, so that it can be taken up in the middle.
"""

from __future__ import annotations

import functools
import pathlib
import time

import numpy as np

from experiments.data import atomic_file
from experiments.framework import task_study
from experiments.studies.aisle import descent as gaussian_descent
from experiments.studies.aisle import measures as gaussian_measures
from experiments.studies.aisle import settings as gaussian_settings
from experiments.studies.aisle import target as gaussian_target
from tf_mco import random

AisleSettings = gaussian_settings.AisleSettings
Session = task_study.Session[AisleSettings, gaussian_settings.Task]
_STATES = 'states'
_SEGMENTS = 40
_SAVE_SECONDS = 10.0
# The salts of the two streams of noise. They are below 0, because the targets
# take their dimensions as salts of the same seed.
_VARIANCE_SALT, _TRAINING_SALT = -1, -2


def target(
  settings: AisleSettings, family: str, dims: int
) -> gaussian_target.GaussianTarget:
  """Returns the target, which is the same for all tasks."""
  return _make_target(
    family, dims, settings.repeats, settings.observations, settings.seed
  )


def work(settings: AisleSettings, task: gaussian_settings.Task) -> int:
  """Returns the samples that a task draws for each observation."""
  draws = settings.variance_draws * len(gaussian_measures.DISTANCES)
  return task.samples * (settings.iterations if task.trains else draws)


def curve(
  path: pathlib.Path, task: gaussian_settings.Task
) -> gaussian_measures.Curve:
  """Returns the curve of a run of an optimizer that is finished."""
  with np.load(_state_path(path, task)) as saved:
    return gaussian_measures.Curve(*saved['curve'].T)


def measure_variance(
  settings: AisleSettings, task: gaussian_settings.Task
) -> dict[str, float]:
  """Returns the variance of the gradient near the optimum."""
  return gaussian_measures.variance_near(
    _descent(settings, task),
    target(settings, task.family, task.dims),
    draws=settings.variance_draws,
    seed=random.fold_in(settings.seed, _VARIANCE_SALT),
  )


def train(
  settings: AisleSettings,
  path: pathlib.Path,
  task: gaussian_settings.Task,
  progress: task_study.Progress,
) -> dict[str, float]:
  """Does what is left of a run of an optimizer, and returns its last point.

  Args:
    settings: of the study.
    path: the directory of the study.
    task: a run of an optimizer.
    progress: called with the samples of each part of the run.
  """
  problem = target(settings, task.family, task.dims)
  distances = gaussian_measures.Distances(problem)
  state, points = _restore(path, task, problem)
  done = int(points[-1][0]) if points else 0
  progress(done * task.samples)
  saved = time.monotonic()
  for stop in _stops(settings.iterations):
    if stop <= done:
      continue
    state, _ = _descent(settings, task)(
      state,
      problem.data,
      seed=random.fold_in(settings.seed, _TRAINING_SALT),
      start=done,
      stop=stop,
      rule=task.optimizer,
    )
    progress((stop - done) * task.samples)
    done = stop
    points.append((stop, *distances.means(state.phi)))
    last = done == settings.iterations
    if last or time.monotonic() - saved > _SAVE_SECONDS:
      with atomic_file.replacing(_state_path(path, task)) as file:
        np.savez(file, curve=np.array(points), **state._asdict())
      saved = time.monotonic()
  return distances.summary(state.phi)


def _restore(
  path: pathlib.Path,
  task: gaussian_settings.Task,
  problem: gaussian_target.GaussianTarget,
) -> tuple[gaussian_descent.State, list[tuple[float, ...]]]:
  """Returns the state that was saved, or the start, and the curve so far."""
  state_path = _state_path(path, task)
  if not state_path.exists():
    zero = np.zeros_like(problem.start)
    return gaussian_descent.State(problem.start, zero, zero), []
  with np.load(state_path) as saved:
    names = gaussian_descent.State._fields
    state = gaussian_descent.State(*(saved[name] for name in names))
    return state, [tuple(row) for row in saved['curve']]


def _state_path(
  path: pathlib.Path, task: gaussian_settings.Task
) -> pathlib.Path:
  folder = path / _STATES
  folder.mkdir(exist_ok=True)
  return folder / ('-'.join(map(str, task)) + '.npz')


def _descent(
  settings: AisleSettings, task: gaussian_settings.Task
) -> gaussian_descent.Descent:
  return _compile(task.method, task.samples, task.dims, settings.alpha)


def _stops(iterations: int) -> list[int]:
  """Returns the steps after which a run is measured, many of them early."""
  early = np.geomspace(1, iterations, _SEGMENTS)
  late = np.linspace(1, iterations, _SEGMENTS)
  return sorted({round(float(stop)) for stop in (*early, *late)})


# The tasks that share a program, or a target, follow each other.
@functools.lru_cache(maxsize=1)
def _compile(
  method: str, samples: int, dims: int, alpha: float
) -> gaussian_descent.Descent:
  del dims  # It is a shape, for which the program is compiled.
  return gaussian_descent.Descent(method, samples=samples, alpha=alpha)


@functools.lru_cache(maxsize=2)
def _make_target(
  family: str, dims: int, repeats: int, observations: int, seed: int
) -> gaussian_target.GaussianTarget:
  return gaussian_target.make(
    family, dims=dims, repeats=repeats, observations=observations, seed=seed
  )
