"""The check that all frameworks compute the same step.

First, all frameworks get the same binary images and the same draws. Their
bounds and gradients must be equal within the rounding of float32. Second, each
of them trains on its own draws from the same start. The bounds must be near
each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import pathlib
import tempfile
from typing import Any

import numpy as np
import tabulate

from benchmarks.peers import problem
from benchmarks.peers import turns

_EXECUTIONS = 10
# Largest difference relative to the largest entry of the gradient.
GRADIENT_TOLERANCE = 1e-4
# Nats, for the mean bound of steps 1,000 to 2,000, in which two seeds of one
# framework differ by as much as 1.3.
BOUND_TOLERANCE = 3.0


def draws(case: problem.Case, seed: int = 0) -> dict[str, np.ndarray]:
  """Returns x, and the draws of a step as `worker.Program.gradients` takes."""
  rng = np.random.default_rng(seed)
  shape = [case.samples, case.batch_size, case.units]

  def bits(shape: Sequence[int]) -> np.ndarray:
    return rng.integers(0, 2, shape).astype(np.float32)

  result = {'x': bits([case.batch_size, case.pixels])}
  if case.gaussian:
    return {**result, 'noise': rng.normal(size=shape).astype(np.float32)}
  if 'num_samples' in case.options:
    return {**result, 'z': bits(shape)}
  return {**result, 'b': bits(shape), 'b_tilde': bits(shape)}


def difference(ours: problem.Arrays, theirs: problem.Arrays) -> float:
  """Returns the largest difference, relative to the largest entry.

  Raises:
    ValueError: if the arrays have other names.
  """
  if set(ours) != set(theirs):
    raise ValueError(
      f'Expected arrays of the names {sorted(ours)}. Received: {sorted(theirs)}'
    )
  return max(
    float(
      np.max(np.abs(ours[name] - theirs[name])) / np.max(np.abs(ours[name]))
    )
    for name in ours
  )


def _gradients(process: turns.Process, name: str) -> dict[str, np.ndarray]:
  with tempfile.TemporaryDirectory() as folder:
    source = str(pathlib.Path(folder) / 'draws.npz')
    target = str(pathlib.Path(folder) / 'gradients.npz')
    given: dict[str, Any] = draws(problem.CASES[name])
    np.savez(source, **given)
    process.ask(do='gradients', case=name, source=source, target=target)
    with np.load(target) as arrays:
      return dict(arrays)


def table(
  processes: Mapping[str, turns.Process], ours: str, names: Sequence[str]
) -> str:
  """Returns the differences and the bounds as Markdown.

  Raises:
    ValueError: if a framework disagrees with ours.
  """
  rows = []
  for name in names:
    reference = _gradients(processes[ours], name)
    bounds = {}
    for framework, process in processes.items():
      for _ in range(2):
        answer = process.ask(do='train', case=name, executions=_EXECUTIONS)
      bounds[framework] = answer['bound']
      gap = difference(reference, _gradients(process, name))
      apart = abs(bounds[framework] - bounds[ours])
      rows.append([name, framework, f'{gap:.1e}', f'{bounds[framework]:.2f}'])
      if not (gap < GRADIENT_TOLERANCE and apart < BOUND_TOLERANCE):
        raise ValueError(
          f'{framework} disagrees in {name}: expected gradients within '
          f'{GRADIENT_TOLERANCE:g} and bounds within {BOUND_TOLERANCE:g} nats. '
          f'Received: {gap:.2g}, {bounds}'
        )
  headers = ['case', 'framework', 'gradients differ by', 'bound in nats']
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)
