"""The names of the estimators: one line each."""

from __future__ import annotations

import dataclasses

from tf_mco import estimators

_ESTIMATORS: dict[str, type] = {
  'aisle': estimators.Aisle,
  'arm': estimators.Arm,
  'ciwae': estimators.Ciwae,
  'disarm': estimators.Disarm,
  'dreg': estimators.Dreg,
  'elbo': estimators.Elbo,
  'grep': estimators.Grep,
  'iwae': estimators.Iwae,
  'local_disarm': estimators.LocalDisarm,
  'miwae': estimators.Miwae,
  'piwae': estimators.Piwae,
  'reinforce': estimators.Reinforce,
  'reinforce_loo': estimators.ReinforceLoo,
  'renyi': estimators.Renyi,
  'rsvi': estimators.Rsvi,
  'rws': estimators.Rws,
  'rws_dreg': estimators.RwsDreg,
  'stl': estimators.Stl,
  'vimco': estimators.Vimco,
}


def estimator_names() -> tuple[str, ...]:
  """Returns the names that `get_estimator` knows.

  #### Example

  >>> 'vimco' in estimator_names()
  True
  """
  return tuple(_ESTIMATORS)


def get_estimator(name: str, **options: object) -> estimators.Estimator:
  """Returns the estimator of that name.

  Args:
    name: one of `estimator_names()`.
    **options: the options of its constructor, such as `num_samples` or
      `num_pairs`.
  Raises:
    ValueError: for an unknown name or option, naming the choices, and for a
      bad value of an option.

  #### Example

  >>> get_estimator('vimco', num_samples=5)
  Vimco(num_samples=5, baseline='geometric')
  >>> get_estimator('disarm').unbiased_for
  'elbo'
  """
  if not isinstance(name, str) or name not in _ESTIMATORS:
    raise ValueError(
      f'Unknown estimator. Expected one of {", ".join(_ESTIMATORS)}. '
      f'Received: name={name!r}'
    )
  cls = _ESTIMATORS[name]
  choices = [field.name for field in dataclasses.fields(cls)]
  unknown = sorted(set(options) - set(choices))
  if unknown:
    raise ValueError(
      f'Unknown option of estimator {name!r}. Expected some of '
      f'{", ".join(choices)}. Received: {", ".join(unknown)}'
    )
  return cls(**options)


def to_config(estimator: estimators.Estimator) -> dict:
  """Returns the name and the options from which `from_config` makes it.

  Raises:
    ValueError: if its class has no name in the registry.
  """
  for name, cls in _ESTIMATORS.items():
    if type(estimator) is cls and dataclasses.is_dataclass(estimator):
      return {'name': name, 'options': dataclasses.asdict(estimator)}
  raise ValueError(
    'Only estimators of the registry can be written to a configuration: '
    f'{", ".join(_ESTIMATORS)}. Received: {estimator!r}'
  )


def from_config(config: dict) -> estimators.Estimator:
  """Returns the estimator that `to_config` described."""
  return get_estimator(config['name'], **config['options'])
