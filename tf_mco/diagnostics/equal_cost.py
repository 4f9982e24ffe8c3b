"""Comparisons at equal cost: the same calls of log_joint for everyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import dataclasses
from typing import Any

from tf_mco import estimators
from tf_mco import posteriors
from tf_mco import registry
from tf_mco.ops import checks

# What sets an estimator's cost.
_SIZES = ('num_pairs', 'num_samples')


def at_equal_evaluations(
  estimators: Iterable[estimators.Estimator | str]
  | Mapping[str, estimators.Estimator | str],
  evaluations: int,
  *,
  num_layers: int = 1,
) -> dict[str, estimators.Estimator]:
  """Returns the estimators, each with as many samples as the budget gives.

  Args:
    estimators: names, or estimators whose other options are kept; by label, or
      else labelled by their names.
    evaluations: calls of log_joint per example and step.
    num_layers: of the posterior; DisARM, for one, needs a pair for each.
  Raises:
    ValueError: if an estimator cannot use up the budget exactly.
  """
  checks.at_least('evaluations', evaluations, 1)
  checks.at_least('num_layers', num_layers, 1)
  posterior = posteriors.Chain([_unused] * num_layers)
  return {
    label: _sized(label, estimator, evaluations, posterior)
    for label, estimator in labelled(estimators).items()
  }


def labelled(
  estimators: Iterable[estimators.Estimator | str]
  | Mapping[str, estimators.Estimator | str],
) -> dict[str, estimators.Estimator]:
  """Returns estimators by label.

  Raises:
    ValueError: for none, or two of one name without labels of their own.
  """
  if isinstance(estimators, Mapping):
    found = {label: _made(one) for label, one in estimators.items()}
  else:
    found = {}
    for one in estimators:
      estimator = _made(one)
      label = registry.to_config(estimator)['name']
      if label in found:
        raise ValueError(
          'Two estimators of one name need labels: {label: estimator}. '
          f'Received: {found[label]!r} and {estimator!r}'
        )
      found[label] = estimator
  if not found:
    raise ValueError('Expected at least one estimator. Received: none')
  return found


def require_equal(evaluations: Mapping[str, int | None]) -> None:
  """Raises ValueError, with the count of each label, unless all are equal."""
  if len(set(evaluations.values())) > 1:
    raise ValueError(
      'Estimators are compared at an equal number of evaluations of log_joint; '
      'tf_mco.diagnostics.at_equal_evaluations makes them equal. Received: '
      + ', '.join(f'{name}: {count}' for name, count in evaluations.items())
    )


def _unused(*previous: Any) -> Any:
  raise NotImplementedError('This posterior only counts layers.')


def _made(estimator: estimators.Estimator | str) -> estimators.Estimator:
  if isinstance(estimator, str):
    return registry.get_estimator(estimator)
  if not isinstance(estimator, estimators.Estimator):
    raise ValueError(
      f'Expected an estimator or its name. Received: {estimator!r}'
    )
  return estimator


def _sized(
  label: str, estimator: Any, evaluations: int, posterior: Any
) -> estimators.Estimator:
  fields = {f.name for f in dataclasses.fields(estimator)}
  size_field = next((name for name in _SIZES if name in fields), None)
  if size_field is None:
    raise ValueError(
      f'An estimator with one of {", ".join(_SIZES)} is needed to set its '
      f'cost. Received: {label}: {estimator!r}'
    )
  size = getattr(estimator, size_field)
  each, uneven = divmod(estimator.evaluations(posterior), size)
  count, rest = divmod(evaluations, each) if each else (0, 1)
  if not uneven and not rest:
    sized = dataclasses.replace(estimator, **{size_field: count})
    if sized.evaluations(posterior) == evaluations:
      return sized
  raise ValueError(
    f'{label} needs a multiple of {each} evaluations for each of its '
    f'{size_field}. Received: evaluations={evaluations}, num_layers='
    f'{posterior.num_layers}'
  )
