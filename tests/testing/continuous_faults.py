"""Faults to plant behind the continuous estimators, and who finds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.testing import continuous_contract as contract
from tests.testing import continuous_faulty as faulty
from tests.testing import continuous_rows
from tf_mco.estimators import aisle
from tf_mco.estimators import dreg
from tf_mco.estimators import iwae
from tf_mco.estimators import miwae
from tf_mco.estimators import pathwise
from tf_mco.estimators import rws
from tf_mco.ops import log_weights
from tf_mco.posteriors import chain
from tf_mco.posteriors import reparameterized

_FORMULA = contract.check_formula
_MEAN = contract.check_mean
_VARIANCE = contract.check_variance
_BATCH = contract.check_batch_invariance
_SURROGATE = contract.check_surrogate


class Fault(NamedTuple):
  """A function or method to replace, and who should notice."""

  name: str
  target: Any  # a module or a class
  attribute: str
  make: Callable[[Any], Any]  # from the original
  row: str
  kind: str
  check: Callable[[continuous_rows.Row, str], None]

  def __str__(self) -> str:
    words = f'{self.row}-{self.kind}-{self.name}-{self.check.__name__}'
    return words.replace(' ', '_')

  def run(self) -> None:
    self.check(continuous_rows.BY_NAME[self.row], self.kind)


def _pathwise(
  name: str, row: str, kind: str, check: Callable, **options: Any
) -> Fault:
  make = faulty.with_options(**options)
  return Fault(name, pathwise, 'surrogate', make, row, kind, check)


FAULTS = [
  _pathwise('squared model', 'dreg', 'normal', _MEAN, model_power=2),
  _pathwise('squared model', 'dreg', 'normal', _FORMULA, model_power=2),
  _pathwise('score not cut', 'dreg', 'normal', _MEAN, cut=False),
  _pathwise('score not cut', 'stl', 'chain', _FORMULA, cut=False),
  _pathwise('factor on one leaf', 'dreg', 'chain', _MEAN, every_leaf=False),
  _pathwise('score of one leaf', 'dreg', 'chain', _MEAN, every_score=False),
  _pathwise('weights attached', 'dreg', 'normal', _MEAN, attached=True),
  _pathwise('batch softmax', 'dreg', 'normal', _BATCH, batch_softmax=True),
  _pathwise('batch softmax', 'stl', 'chain', _MEAN, batch_softmax=True),
  _pathwise('value is carrier', 'dreg', 'normal', _SURROGATE, grafted=False),
  Fault(
    'IWAE for DReG',
    dreg.Dreg,
    'surrogate',
    faulty.as_iwae,
    'dreg',
    'normal',
    _VARIANCE,
  ),
  *(
    Fault('power', dreg.Dreg, 'factor', make, 'dreg', 'normal', check)
    for make, check in (
      (faulty.weights_squared, _MEAN),
      (faulty.plus_one, _FORMULA),
    )
  ),
  Fault(
    '1 + wt',
    dreg.RwsDreg,
    'factor',
    faulty.plus_one,
    'rws_dreg',
    'normal',
    _FORMULA,
  ),
  *(
    Fault('no K', aisle.Aisle, factor, faulty.no_k, row, 'normal', _FORMULA)
    for factor, row in (
      ('_path_factor', 'aisle-chi2'),
      ('_coefficient', 'aisle-chi2-score'),
      ('_path_factor', 'aisle-3'),
    )
  ),
  Fault(
    'no alpha',
    aisle.Aisle,
    '_path_factor',
    faulty.no_alpha,
    'aisle-3',
    'normal',
    _FORMULA,
  ),
  *(
    Fault(name, module, 'weighted_score_surrogate', make, row, kind, check)
    for name, make in (
      ('wrong sign', faulty.negative_score),
      ('sign of the bound', faulty.score_of_the_bound),
    )
    for module, row, kind, check in (
      (rws, 'rws', 'normal', _MEAN),
      (rws, 'aisle-kl-score', 'chain', _FORMULA),
    )
  ),
  *(
    Fault(
      'no path',
      reparameterized,
      'sample',
      faulty.stopped_path,
      row,
      'normal',
      _FORMULA,
    )
    for row in ('elbo', 'iwae', 'stl', 'miwae')
  ),
  *(
    Fault(
      'path between layers dropped',
      chain.Chain,
      'extend',
      faulty.stopped_between_layers,
      row,
      'chain',
      _FORMULA,
    )
    for row in ('iwae', 'dreg', 'piwae')
  ),
  *(
    Fault(
      'leaf without the next layer',
      chain.Chain,
      'log_probs',
      faulty.scores_of_own_layer,
      row,
      'chain',
      _MEAN,
    )
    for row in ('dreg', 'stl')
  ),
  *(
    Fault(
      name,
      miwae._GroupedBounds,
      'mean_bound',
      make,
      'miwae',
      'normal',
      _FORMULA,
    )
    for name, make in (
      ('sum for mean', faulty.sum_for_mean),
      ('interleaved', faulty.interleaved),
    )
  ),
  Fault(
    'one set of weights',
    log_weights,
    'ratio',
    faulty.no_ratio,
    'piwae',
    'normal',
    _FORMULA,
  ),
  Fault(
    'no 1/K',
    log_weights,
    'log_mean_exp',
    faulty.plus_log_k,
    'stl',
    'normal',
    _MEAN,
  ),
  Fault(
    'not divided by 1 - alpha',
    iwae.Renyi,
    'bound',
    faulty.not_divided,
    'renyi',
    'normal',
    _MEAN,
  ),
]
