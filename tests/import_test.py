"""The library adds little to the import of TensorFlow and TFP."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import json, sys
import tensorflow, tensorflow_probability
before = set(sys.modules)
import tf_mco
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_the_import_adds_its_own_modules_alone() -> None:
  """A heavy module, such as matplotlib or SciPy, would take its time here.

  `benchmarks.startup` measures the seconds.
  """
  done = subprocess.run(
    [sys.executable, '-c', _PROGRAM],
    capture_output=True,
    text=True,
    check=True,
  )
  added = json.loads(done.stdout.splitlines()[-1])
  foreign = {name.partition('.')[0] for name in added} - {'tf_mco'}
  # What TensorFlow has not imported yet must come with Python itself.
  assert foreign <= set(sys.stdlib_module_names)
  assert len([name for name in added if name.startswith('tf_mco')]) < 250
