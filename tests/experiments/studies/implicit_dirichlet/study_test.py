"""The Dirichlet study: exact gradient, methods, descent, files, bad input."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from scipy import special

from experiments.studies.implicit_dirichlet import measures
from experiments.studies.implicit_dirichlet import methods
from experiments.studies.implicit_dirichlet import study

_METHODS = methods.METHODS


@pytest.fixture(autouse=True)
def _timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
  monkeypatch.setattr(measures, '_TIMED', 1)


def _cross_entropy(alpha: np.ndarray, eta: np.ndarray) -> float:
  mean_log = special.digamma(alpha) - special.digamma(alpha.sum())
  normalizer = special.gammaln(eta).sum() - special.gammaln(eta.sum())
  return normalizer - ((eta - 1) * mean_log).sum()


def test_exact_gradient() -> None:
  alpha, eta = np.array([0.4, 2.0, 5.0]), np.array([3.0, 1.0, 2.5])
  gradient = measures.exact_gradient(alpha, eta)
  for component in range(3):
    step = np.eye(3)[component] * 1e-6
    change = _cross_entropy(alpha + step, eta) - _cross_entropy(
      alpha - step, eta
    )
    np.testing.assert_allclose(gradient[component], change / 2e-6, rtol=1e-7)


@pytest.mark.parametrize('name', _METHODS)
def test_methods_are_unbiased(name: str) -> None:
  eta = measures.target(4, seed=1)
  quality = measures.measure(
    _METHODS[name], eta, np.array([1.0, 20.0]), draws=10_000, seed=2
  )
  # The largest of 8 is above 4.5 once in 18,000 runs, and the seed is one.
  assert quality.z.max() < 4.5
  assert quality.not_finite == 0
  assert np.all(quality.variance > 0)


def test_a_bias_is_seen() -> None:
  eta = measures.target(4, seed=1)
  method = _METHODS['implicit, Gamma ratios']
  other = method._replace(posterior=lambda alpha: method.posterior(alpha * 1.1))
  quality = measures.measure(other, eta, np.array([1.0]), draws=20_000, seed=2)
  assert quality.z.max() > 10


def test_small_concentrations_are_finite_in_ours_alone() -> None:
  eta = measures.target(10, seed=1)
  lost = {
    name: measures.measure(
      _METHODS[name], eta, np.array([0.01]), draws=500, seed=0
    ).not_finite
    for name in ('implicit, Gamma ratios', 'implicit, CDF', 'TFP')
  }
  assert lost['implicit, Gamma ratios'] == lost['implicit, CDF'] == 0
  assert lost['TFP'] > 100


def test_files_and_order(
  tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
  some = ('implicit, Gamma ratios', 'score function')
  chosen = {name: _METHODS[name] for name in some}
  monkeypatch.setattr(methods, 'METHODS', chosen)
  settings = study.DirichletSettings(
    dims=5, draws=100, steps=60, learning_rate=0.05, repeats=10
  )
  table = study.STUDY.run(settings, tmp_path)
  assert (tmp_path / 'table.md').read_text(encoding='utf-8') == table + '\n'
  for name in ('variance', 'descent'):
    assert (tmp_path / f'{name}.png').stat().st_size > 0
  rows = [line.split('|')[1:-1] for line in table.splitlines()[2:]]
  last = {row[0].strip(): float(row[-1]) for row in rows}
  assert list(last) == list(chosen)
  assert last['implicit, Gamma ratios'] < last['score function']


@pytest.mark.parametrize(
  'bad', [{'dims': 1}, {'draws': 1}, {'learning_rate': 0.0}, {'repeats': 0}]
)
def test_bad_input(bad: dict[str, int]) -> None:
  with pytest.raises(ValueError, match='Received: '):
    study.DirichletSettings(**bad)
