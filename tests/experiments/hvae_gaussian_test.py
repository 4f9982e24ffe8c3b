"""The Gaussian study of the Hamiltonian VAE: bounds, descent, files."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from experiments import hvae_gaussian
from experiments.hvae_study import methods
from experiments.hvae_study import problem as problem_lib
from experiments.hvae_study import settings as settings_lib
from experiments.hvae_study import training

_TINY = {
  'dims': (1, 3),
  'methods': ('vb',),
  'repeats': 2,
  'num_points': 50,
  'iterations': 60,
  'samples': 2,
}


@pytest.mark.parametrize('name', ['hvae_tempered_1', 'hvae_1', 'nf_1', 'vb'])
def test_bounds(name: str) -> None:
  """Of many samples at a start near the posterior, below log p(x)."""
  problem = problem_lib.make(2, repeats=3, num_points=4, seed=1)
  options = problem_lib.Options(samples=20_000)
  start = methods.start(name, 2, 3, options, seed=1)
  values = {key: tf.constant(value) for key, value in start.items()}
  values['delta'] = tf.constant(problem.mean)
  values['log_sigma'] = tf.zeros([3, 2], tf.float64)
  bound = methods.bound(
    name, values, problem, options, seed=tf.constant([1, 2])
  )
  exact = problem.log_evidence(problem.mean, np.ones((3, 2)))
  gap = exact - bound.numpy()
  assert (gap > 0.02).all()
  assert (gap < 10).all()


def test_every_method_learns() -> None:
  problem = problem_lib.make(2, repeats=2, num_points=20, seed=1)
  for name in ('hvae_tempered_1', 'nf_1'):
    options = problem_lib.Options(samples=2)
    start = methods.start(name, 2, 2, options, seed=0)
    before = methods.bound(
      name,
      {key: tf.constant(value) for key, value in start.items()},
      problem,
      options,
      seed=tf.constant([1, 2]),
    ).numpy()
    found, after = training.train(
      name, problem, options, iterations=300, learning_rate=1e-2, seed=0
    )
    assert (after > before + 10).all()
    assert (found['log_sigma'] < 1.5).all()


def test_divergence_is_reported() -> None:
  problem = problem_lib.make(1, repeats=1, num_points=20, seed=1)
  with pytest.raises(ValueError, match='hvae_1 is not finite.*step sizes'):
    training.train(
      'hvae_1',
      problem,
      problem_lib.Options(samples=1),
      iterations=30,
      learning_rate=1e4,
      seed=0,
    )


def _results(path: pathlib.Path) -> list[dict[str, Any]]:
  lines = (
    (path / hvae_gaussian.RESULTS).read_text(encoding='utf-8').splitlines()
  )
  return [{**json.loads(line), 'cpu_seconds': 0} for line in lines]


def test_a_study_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
  whole, parts = tmp_path / 'whole', tmp_path / 'parts'
  settings = settings_lib.make('small', _TINY)
  text = hvae_gaussian.run(settings, whole)
  for name in ('mean-field VB', 'maximum likelihood', 'D = 3', '±'):
    assert name in text
  assert (whole / 'error.png').stat().st_size > 10_000
  less = settings_lib.make('small', {**_TINY, 'dims': (3,)})
  hvae_gaussian.run(less, parts)
  first = _results(parts)
  hvae_gaussian.run(settings, parts)
  assert _results(parts)[: len(first)] == first
  by_name = [
    {(line['dims'], line['method']): line for line in _results(path)}
    for path in (whole, parts)
  ]
  assert by_name[0] == by_name[1]


@pytest.mark.parametrize(
  ('given', 'message'),
  [
    ({'dims': ()}, 'dims'),
    ({'dims': (0,)}, 'dims >= 1'),
    ({'methods': ('vb', 'mcmc')}, 'mcmc'),
    ({'schedule': 'linear'}, 'linear'),
    ({'iterations': 0}, 'iterations'),
    ({'learning_rate': 0.0}, 'learning_rate'),
  ],
)
def test_bad_settings(given: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    settings_lib.make('small', given)
