"""Fixtures that the tests of all experiments share."""

from __future__ import annotations

from collections.abc import Iterator
import pathlib
from typing import NamedTuple

from absl import flags
import pytest

from experiments.data import datasets
from experiments.framework import report
from tf_mco import models


class Finished(NamedTuple):
  """A finished run, which tests read and do not change."""

  path: pathlib.Path
  results: report.Results


@pytest.fixture(scope='session')
def digits() -> datasets.Images:
  """The bundled digits."""
  return datasets.load('digits')


def _export(self: models.LatentVariableModel, *args: object, **_: object):
  del self, args


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
  """No SavedModel is written, which takes half of the time of a short run."""
  monkeypatch.setattr(models.LatentVariableModel, 'export', _export)


@pytest.fixture(scope='module')
def without_exports() -> Iterator[None]:
  """Does what `without_export` does, for the fixtures of a module."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(models.LatentVariableModel, 'export', _export)
    yield


@pytest.fixture
def flags_of_one_test() -> Iterator[None]:
  """The flags that a test defines are forgotten at its end."""
  before = set(flags.FLAGS)
  yield
  for name in set(flags.FLAGS) - before:
    delattr(flags.FLAGS, name)
