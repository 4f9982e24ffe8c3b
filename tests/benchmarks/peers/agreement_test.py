"""The peers compute the same bounds and gradients as this library."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from benchmarks.peers import agreement
from benchmarks.peers import problem
from benchmarks.peers import tf_mco_steps

_IMAGES = np.random.default_rng(0).integers(0, 256, [40, 9], dtype=np.uint8)
_MEAN = _IMAGES.mean(axis=0) / 255
_KINDS = {
  'disarm': 'disarm linear',
  'disarm nonlinear': 'disarm nonlinear',
  'vimco': 'vimco K=20 linear',
  'local_disarm': 'local_disarm 10 pairs linear',
  'iwae': 'iwae batch 100, K=5',
}


def _small(name: str) -> problem.Case:
  case = problem.CASES[_KINDS[name]]
  samples = min(case.samples, 3)
  return case._replace(
    options=dict.fromkeys(case.options, samples),
    samples=samples,
    batch_size=8,
    hidden=(5,) * len(case.hidden),
    units=4,
    execution=3,
    pixels=9,
  )


@pytest.mark.parametrize('name', _KINDS)
@pytest.mark.parametrize('framework', ['tensorflow', 'jax', 'torch'])
def test_the_same_draws_have_the_same_bound_and_gradients(framework, name):
  pytest.importorskip(framework)
  peer = importlib.import_module(f'benchmarks.peers.{framework}_steps')
  case = _small(name)
  initial = problem.initial(case, _MEAN)
  draws = agreement.draws(case)
  x = draws.pop('x')
  ours, theirs = (
    module.Program(case, _IMAGES, initial).gradients(x, draws)
    for module in (tf_mco_steps, peer)
  )
  assert set(initial) < set(ours)
  assert agreement.difference(ours, theirs) < 2e-5


def test_a_missing_gradient_is_no_agreement():
  with pytest.raises(ValueError, match='Received'):
    agreement.difference({'a': np.ones(2), 'b': np.ones(2)}, {'a': np.ones(2)})


def test_the_difference_is_relative_to_each_array_by_itself():
  ours = {'large': np.array([1e6, 0.0]), 'small': np.array([1e-3, 0.0])}
  theirs = {'large': np.array([1e6, 1.0]), 'small': np.array([1e-3, 5e-4])}
  assert agreement.difference(ours, theirs) == pytest.approx(0.5)
