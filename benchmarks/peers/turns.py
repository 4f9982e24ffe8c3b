"""Processes that wait for their turn."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, NamedTuple


class Cost(NamedTuple):
  """Medians in seconds for one step."""

  wall: float
  cpu: float


class Process:
  """A process that answers requests; see `worker.serve`."""

  def __init__(self, python: str, module: str, *arguments: str):
    self._module = module
    self._process = subprocess.Popen(
      [python, '-m', module, *arguments],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
      env={'TF_CPP_MIN_LOG_LEVEL': '2', **os.environ},
    )

  def ask(self, **request: Any) -> dict[str, Any]:
    """Returns the answer to a request.

    Raises:
      RuntimeError: if the process ended instead.
    """
    if self._process.stdin is None or self._process.stdout is None:
      raise RuntimeError(f'{self._module} has no pipes')
    self._process.stdin.write(json.dumps(request) + '\n')
    self._process.stdin.flush()
    line = self._process.stdout.readline()
    if not line:
      raise RuntimeError(f'{self._module} ended at the request {request}')
    return json.loads(line)

  def stop(self) -> None:
    """Ends the process."""
    if self._process.stdin is not None:
      self._process.stdin.close()
    self._process.wait()


def installed(python: str, package: str) -> bool:
  """Returns whether an interpreter can import a package."""
  code = f'import importlib.util as u; exit(not u.find_spec({package!r}))'
  try:
    return subprocess.run([python, '-c', code], check=False).returncode == 0
  except OSError:  # there is no such interpreter
    return False
