"""The process of one framework: it answers requests, one line of JSON each.

The process holds the programs of all cases, so that the caller can let the
frameworks take turns. Between its turns the process sleeps.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
import json
import statistics
import sys
from typing import Any, Protocol

import numpy as np

from benchmarks import clock
from benchmarks.peers import problem


class Program(Protocol):
  """The training of one case."""

  def train(self, executions: int, laps: clock.Laps) -> float:
    """Trains on, and returns the mean bound of all executions in nats.

    Args:
      executions: how many, of `case.execution` steps each.
      laps: ends a lap after each execution.
    """

  def gradients(self, x: np.ndarray, samples: problem.Arrays) -> problem.Arrays:
    """Returns the gradients of the loss, by the names of the parameters.

    Args:
      x: float32 `[B, D]` zeros and ones.
      samples: the draws of the step, in place of random ones: 'b' and 'b_tilde'
        for pairs, 'z' for binary samples, 'noise' for Gaussian ones, each
        `[K, B, D]`.
    Returns:
      The gradients, and 'bound', the bound of each example, `[B]`.
    """


class Stepwise(abc.ABC):
  """A program that is told the images of every step."""

  case: problem.Case
  order: problem.Order

  @abc.abstractmethod
  def execute(self, indices: np.ndarray) -> float:
    """Makes steps of training, and returns their mean bound in nats.

    Args:
      indices: int32 `[steps, B]` of the images of each step.
    """

  def train(self, executions: int, laps: clock.Laps) -> float:
    """See `Program`."""
    bounds = []
    laps.start()
    for _ in range(executions):
      indices = self.order.take(self.case.execution, self.case.batch_size)
      bounds.append(self.execute(indices))
      laps.lap()
    return statistics.fmean(bounds)


# Makes a program of a case, images uint8 `[N, D]` and initial parameters.
MakeProgram = Callable[[problem.Case, np.ndarray, problem.Arrays], Program]


class _Session:
  def __init__(self, make: MakeProgram, images: np.ndarray):
    self._make = make
    self._images = images
    self._mean = images.mean(axis=0) / 255
    self._programs: dict[str, Program] = {}

  def _new(self, name: str) -> Program:
    case = problem.CASES[name]
    return self._make(case, self._images, problem.initial(case, self._mean))

  def train(self, case: str, executions: int) -> dict[str, Any]:
    """Returns bound, and seconds per step of each execution."""
    if case not in self._programs:
      self._programs[case] = self._new(case)
    laps = clock.Laps()
    bound = float(self._programs[case].train(executions, laps))
    steps = problem.CASES[case].execution
    return {
      'bound': bound,
      'wall': [wall / steps for wall, _ in laps.laps],
      'cpu': [cpu / steps for _, cpu in laps.laps],
    }

  def gradients(self, case: str, source: str, target: str) -> dict[str, Any]:
    """Reads x and samples from a file, and writes gradients to another."""
    with np.load(source) as arrays:
      samples = dict(arrays)
    x = samples.pop('x')
    found: dict[str, Any] = dict(self._new(case).gradients(x, samples))
    np.savez(target, **found)
    return {}


def serve(make: MakeProgram) -> None:
  """Answers the requests on standard input until it ends.

  The first argument of the process is a file with the images, uint8 `[N, D]`.
  """
  session = _Session(make, np.load(sys.argv[1]))
  # What a framework prints must not come between the answers.
  answers, sys.stdout = sys.stdout, sys.stderr
  for line in sys.stdin:
    request = json.loads(line)
    answer = getattr(session, request.pop('do'))(**request)
    print(json.dumps(answer), file=answers, flush=True)
