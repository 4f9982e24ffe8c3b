"""Runs a case in a process of its own, with its own memory and caches."""

from __future__ import annotations

from collections.abc import Sequence
import json
import subprocess
import sys


def run(module: str, flags: Sequence[str]) -> dict[str, float]:
  """Returns the JSON object that a module prints as its last line.

  Raises:
    RuntimeError: if the module fails; it holds the end of its stderr.
  """
  done = subprocess.run(
    [sys.executable, '-m', module, *flags],
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    raise RuntimeError(f'{module} {flags} failed:\n{done.stderr[-2000:]}')
  return json.loads(done.stdout.splitlines()[-1])
