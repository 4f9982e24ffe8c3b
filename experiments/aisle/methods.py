"""The gradients of the posterior's parameters that the AISLE paper compares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import tf_mco
from tf_mco import estimators

EXCLUSIVE, INCLUSIVE, CHI2 = 0.0, 1.0, 2.0


class Method(NamedTuple):
  """An estimator, and how to draw its curve."""

  label: str
  # Number of samples and alpha to the estimator.
  make: Callable[[int, float], tf_mco.Estimator]
  # The divergence that is minimised as K grows, as `problem.scales`
  # numbers it; None is the alpha of the study.
  limit: float | None
  colour: str
  dashes: str = '-'
  # Whether K replicates of a one-sample estimator are averaged.
  replicated: bool = False


METHODS: dict[str, Method] = {
  'iwae': Method(
    'IWAE', lambda k, _: estimators.Iwae(k), CHI2, '#000000', '--'
  ),
  'iwae_stl': Method(
    'IWAE-STL = AISLE-KL',
    lambda k, _: estimators.Stl(k),
    INCLUSIVE,
    '#0072B2',
  ),
  'iwae_dreg': Method(
    'IWAE-DREG', lambda k, _: estimators.Dreg(k), CHI2, '#D55E00'
  ),
  # The same as DReG but for its scale, which both optimizers ignore.
  'aisle_chi2': Method(
    'AISLE-chi2',
    lambda k, _: estimators.Aisle(k, divergence='chi2'),
    CHI2,
    '#E69F00',
    ':',
  ),
  'aisle_alpha': Method(
    'AISLE-alpha',
    lambda k, alpha: estimators.Aisle(k, divergence=alpha),
    None,
    '#009E73',
  ),
  'rws': Method(
    'RWS = AISLE-KL-NOREP',
    lambda k, _: estimators.Rws(k),
    INCLUSIVE,
    '#0072B2',
    '--',
  ),
  'aisle_chi2_norep': Method(
    'AISLE-chi2-NOREP',
    lambda k, _: estimators.Aisle(k, divergence='chi2', reparameterized=False),
    CHI2,
    '#D55E00',
    '--',
  ),
  'aisle_alpha_norep': Method(
    'AISLE-alpha-NOREP',
    lambda k, alpha: estimators.Aisle(
      k, divergence=alpha, reparameterized=False
    ),
    None,
    '#009E73',
    '--',
  ),
  'rws_dreg': Method(
    'RWS-DREG', lambda k, _: estimators.RwsDreg(k), INCLUSIVE, '#56B4E9', '-.'
  ),
  'exclusive_kl': Method(
    'exclusive KL',
    lambda k, _: estimators.Stl(1),
    EXCLUSIVE,
    '#CC79A7',
    replicated=True,
  ),
}
_ALIASES = {'aisle_kl': 'iwae_stl', 'aisle_kl_norep': 'rws'}
# Zero at the exact posterior, whatever the noise.
SCORE_FREE = (
  'iwae_stl',
  'iwae_dreg',
  'aisle_chi2',
  'aisle_alpha',
  'rws_dreg',
  'exclusive_kl',
)


def canonical(names: Iterable[str]) -> tuple[str, ...]:
  """Returns the names of METHODS, each once, for names and their aliases.

  Raises:
    ValueError: for an unknown name.
  """
  names = list(names)
  unknown = sorted(set(names) - METHODS.keys() - _ALIASES.keys())
  if unknown:
    raise ValueError(
      f'Unknown method. Expected some of {[*METHODS, *_ALIASES]}. Received: '
      f'{unknown}'
    )
  return tuple(dict.fromkeys(_ALIASES.get(name, name) for name in names))


def limit(name: str, alpha: float) -> float:
  """Returns the divergence a method minimises as K grows."""
  found = METHODS[name].limit
  return alpha if found is None else found
