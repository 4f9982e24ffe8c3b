"""The estimators of continuous variables: a row for each."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

from tests.testing import continuous_formulas as formulas
import tf_mco
from tf_mco import estimators


@dataclasses.dataclass(frozen=True)
class Row:
  """How to construct an estimator, and what it computes."""

  name: str
  make: Callable[[int], tf_mco.Estimator]  # from K
  formula: formulas.Formula
  declared: Callable[[int], str | None]  # its `unbiased_for`, from K
  counts: tuple[int, ...] = (1, 2, 3)  # K, of all samples
  symmetric: bool = True  # in the samples
  stopped: bool = False  # whether it draws samples without a path

  def __str__(self) -> str:
    return self.name


def _never(num_samples: int) -> None:
  del num_samples


def _elbo_of_one(num_samples: int) -> str | None:
  return 'elbo' if num_samples == 1 else None


def _aisle(
  divergence: Any, path: formulas.Factor, score: formulas.Factor
) -> list[Row]:
  """Returns the two rows of one divergence."""
  return [
    Row(
      f'aisle-{divergence}',
      lambda k: estimators.Aisle(k, divergence),
      formulas.importance(path, formulas.nothing),
      _elbo_of_one if divergence == 'kl' else _never,
    ),
    Row(
      f'aisle-{divergence}-score',
      lambda k: estimators.Aisle(k, divergence, reparameterized=False),
      formulas.importance(formulas.nothing, score),
      _never,
      stopped=True,
    ),
  ]


ROWS = (
  Row(
    'elbo',
    estimators.Elbo,
    formulas.attached(formulas.elbo),
    lambda k: 'elbo',
  ),
  Row(
    'iwae',
    estimators.Iwae,
    formulas.attached(formulas.iwae),
    lambda k: 'iwae',
  ),
  Row(
    'stl',
    estimators.Stl,
    formulas.importance(formulas.weight, formulas.nothing),
    _elbo_of_one,
  ),
  Row(
    'dreg',
    estimators.Dreg,
    formulas.importance(lambda wt, k: wt**2, formulas.nothing),
    lambda k: 'iwae',
  ),
  Row(
    'rws_dreg',
    estimators.RwsDreg,
    formulas.importance(lambda wt, k: wt - wt**2, formulas.nothing),
    _never,
  ),
  Row(
    'rws',
    estimators.Rws,
    formulas.importance(formulas.nothing, formulas.weight),
    _never,
    stopped=True,
  ),
  *_aisle('kl', formulas.weight, formulas.weight),
  *_aisle('chi2', lambda wt, k: 2 * k * wt**2, lambda wt, k: k * wt**2),
  *_aisle(1.5, formulas.power(1.5, 1.5), formulas.power(1.5, 1)),
  *_aisle(3, formulas.power(3, 3), formulas.power(3, 1)),
  Row(
    'miwae',
    lambda k: estimators.Miwae(2, k // 2),
    formulas.attached(formulas.miwae),
    lambda k: 'iwae',
    counts=(2, 4),
    symmetric=False,
  ),
  Row(
    'piwae',
    lambda k: estimators.Piwae(2, k // 2),
    formulas.piwae,
    _never,
    counts=(2, 4),
    symmetric=False,
  ),
  Row(
    'ciwae',
    lambda k: estimators.Ciwae(k, beta=0.3),
    formulas.attached(formulas.ciwae),
    _never,
  ),
  Row(
    'renyi',
    lambda k: estimators.Renyi(k, alpha=0.6),
    formulas.attached(formulas.renyi),
    _never,
  ),
)

BY_NAME = {row.name: row for row in ROWS}
