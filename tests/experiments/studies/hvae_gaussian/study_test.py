"""The Gaussian study of the Hamiltonian VAE: its lines, tables, settings."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from experiments.framework import task_study
from experiments.studies.hvae_gaussian import study

_STUDY = study.STUDY
_TINY = {
  'dims': (1, 3),
  'methods': ('vb',),
  'repeats': 2,
  'num_points': 50,
  'iterations': 60,
  'samples': 2,
}


def _results(path: pathlib.Path) -> list[dict[str, Any]]:
  lines = (path / task_study.RESULTS).read_text(encoding='utf-8').splitlines()
  return [{**json.loads(line), 'cpu_seconds': 0} for line in lines]


def test_a_study_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
  whole, parts = tmp_path / 'whole', tmp_path / 'parts'
  settings = _STUDY.make_settings('small', _TINY)
  text = _STUDY.run(settings, whole)
  for name in ('mean-field VB', 'maximum likelihood', 'D = 3', '±'):
    assert name in text
  assert (whole / 'error.png').stat().st_size > 10_000
  # The second part adds a dimension, which stands behind the first in its file.
  _STUDY.run(_STUDY.make_settings('small', {**_TINY, 'dims': (3,)}), parts)
  first = _results(parts)
  # The methods of the other dimension are known: they need not be run again.
  lines = (
    (whole / task_study.RESULTS)
    .read_text(encoding='utf-8')
    .splitlines(keepends=True)
  )
  with (parts / task_study.RESULTS).open('a') as file:
    file.write(lines[1])
  _STUDY.run(settings, parts)
  assert _results(parts)[: len(first)] == first
  by_name = [
    {(line['dims'], line['method']): line for line in _results(path)}
    for path in (whole, parts)
  ]
  assert by_name[0] == by_name[1]
  assert np.isfinite([line['gap'] for line in _results(parts)]).all()


@pytest.mark.parametrize(
  ('flags', 'message'),
  [
    ({'dims': ()}, 'dims'),
    ({'dims': (0,)}, 'dims >= 1'),
    ({'methods': ('vb', 'mcmc')}, 'mcmc'),
    ({'schedule': 'linear'}, 'linear'),
    ({'iterations': 0}, 'iterations'),
    ({'learning_rate': 0.0}, 'learning_rate'),
  ],
)
def test_bad_settings(flags: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    _STUDY.make_settings('small', flags)
