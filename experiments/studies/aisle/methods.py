"""The gradients of the posterior's parameters that the AISLE paper compares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import tf_mco
from tf_mco import estimators

EXCLUSIVE, INCLUSIVE, CHI2 = 0.0, 1.0, 2.0


class AisleMethod(NamedTuple):
  """An estimator, and the look of its curve."""

  label: str
  # Returns the estimator for a number of samples and alpha.
  make: Callable[[int, float], tf_mco.Estimator]
  # The divergence that the method minimises as K grows, as `target.scales`
  # numbers divergences; None is the alpha of the study.
  limit: float | None
  colour: str
  dashes: str = '-'
  # Whether the method averages K replicates of a one-sample estimator.
  replicated: bool = False


METHODS: dict[str, AisleMethod] = {
  'iwae': AisleMethod(
    'IWAE', lambda k, _: estimators.Iwae(k), CHI2, '#000000', '--'
  ),
  'iwae_stl': AisleMethod(
    'IWAE-STL = AISLE-KL',
    lambda k, _: estimators.Stl(k),
    INCLUSIVE,
    '#0072B2',
  ),
  'iwae_dreg': AisleMethod(
    'IWAE-DREG', lambda k, _: estimators.Dreg(k), CHI2, '#D55E00'
  ),
  # The gradient of DReG up to a factor, which both optimizers ignore.
  'aisle_chi2': AisleMethod(
    'AISLE-chi2',
    lambda k, _: estimators.Aisle(k, divergence='chi2'),
    CHI2,
    '#E69F00',
    ':',
  ),
  'aisle_alpha': AisleMethod(
    'AISLE-alpha',
    lambda k, alpha: estimators.Aisle(k, divergence=alpha),
    None,
    '#009E73',
  ),
  'rws': AisleMethod(
    'RWS = AISLE-KL-NOREP',
    lambda k, _: estimators.Rws(k),
    INCLUSIVE,
    '#0072B2',
    '--',
  ),
  'aisle_chi2_norep': AisleMethod(
    'AISLE-chi2-NOREP',
    lambda k, _: estimators.Aisle(k, divergence='chi2', reparameterized=False),
    CHI2,
    '#D55E00',
    '--',
  ),
  'aisle_alpha_norep': AisleMethod(
    'AISLE-alpha-NOREP',
    lambda k, alpha: estimators.Aisle(
      k, divergence=alpha, reparameterized=False
    ),
    None,
    '#009E73',
    '--',
  ),
  'rws_dreg': AisleMethod(
    'RWS-DREG', lambda k, _: estimators.RwsDreg(k), INCLUSIVE, '#56B4E9', '-.'
  ),
  'exclusive_kl': AisleMethod(
    'exclusive KL',
    lambda k, _: estimators.Stl(1),
    EXCLUSIVE,
    '#CC79A7',
    replicated=True,
  ),
}
_ALIASES = {'aisle_kl': 'iwae_stl', 'aisle_kl_norep': 'rws'}
# The gradients of these methods are zero at the exact posterior, whatever the
# noise.
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
  divergence = METHODS[name].limit
  return alpha if divergence is None else divergence
