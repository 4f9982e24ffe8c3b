"""The Examples of public docstrings run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
import tensorflow as tf

import tf_mco

_MODULES = sorted(
  module.name
  for module in pkgutil.walk_packages(tf_mco.__path__, 'tf_mco.')
  if not module.ispkg
)


def _examples() -> list[doctest.DocTest]:
  """Returns the docstrings that have an Example, of functions and classes."""
  finder = doctest.DocTestFinder(exclude_empty=True)
  found = []
  for name in _MODULES:
    module = importlib.import_module(name)
    found += [test for test in finder.find(module, name) if test.examples]
  return found


_EXAMPLES = _examples()


@pytest.mark.parametrize('example', _EXAMPLES, ids=lambda test: test.name)
def test_example(example: doctest.DocTest) -> None:
  example.globs = {**example.globs, 'tf': tf, 'tf_mco': tf_mco}
  report: list[str] = []
  runner = doctest.DocTestRunner(
    optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
  )
  failed, _ = runner.run(example, out=report.append)
  assert not failed, ''.join(report)


def test_public_docstrings_have_examples() -> None:
  """An example that is not found would not be run."""
  assert len(_EXAMPLES) >= 40
