"""Estimators at equal cost: each makes as many calls of log_joint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn, TypeAlias

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import registry
from tf_mco.estimators import estimator as estimator_lib
from tf_mco.ops import checks

# Estimators or their names, by label or labelled by their names.
Estimators: TypeAlias = (
  Iterable[estimator_lib.Estimator | str]
  | Mapping[str, estimator_lib.Estimator | str]
)

# The options that set an estimator's cost.
_SIZES = ('num_pairs', 'num_samples')


def at_equal_evaluations(
  estimators: Estimators, evaluations: int, *, num_layers: int = 1
) -> dict[str, estimator_lib.Estimator]:
  """Returns the estimators, each with as many samples as the budget gives.

  Args:
    estimators: Names, or estimators, whose other options are kept. They are
      labelled by the keys of a mapping, or else by their names.
    evaluations: The budget: calls of log_joint per example and step.
    num_layers: The number of stochastic layers of the posterior. DisARM, for
      instance, needs a pair for each of them.
  Raises:
    ValueError: If an estimator cannot use up the budget exactly.

  #### Example

  >>> import tf_mco
  >>> sized = tf_mco.diagnostics.at_equal_evaluations(['disarm', 'vimco'], 4)
  >>> sized['disarm'].num_pairs, sized['vimco'].num_samples
  (2, 4)
  """
  evaluations = checks.at_least('evaluations', evaluations, 1)
  num_layers = checks.at_least('num_layers', num_layers, 1)
  posterior = posteriors.Chain([_unused] * num_layers)
  return {
    label: _sized(label, estimator, evaluations, posterior)
    for label, estimator in labelled(estimators).items()
  }


def labelled(estimators: Estimators) -> dict[str, estimator_lib.Estimator]:
  """Returns estimators by label.

  Raises:
    ValueError: For no estimator, and for two of one name without labels.
  """
  if isinstance(estimators, str) or not isinstance(estimators, Iterable):
    raise ValueError(
      '`estimators` must be a list or a dictionary of them. Received: '
      f'estimators={estimators!r}'
    )
  if isinstance(estimators, Mapping):
    by_label = {label: _estimator(one) for label, one in estimators.items()}
  else:
    by_label = {}
    for one in estimators:
      estimator = _estimator(one)
      label = registry.to_config(estimator)['name']
      if label in by_label:
        raise ValueError(
          'Two estimators of one name need labels: {label: estimator}. '
          f'Received: {by_label[label]!r} and {estimator!r}'
        )
      by_label[label] = estimator
  if not by_label:
    raise ValueError('Expected at least one estimator. Received: none')
  return by_label


def require_equal(evaluations: Mapping[str, int | None]) -> None:
  """Raises ValueError, with the count of each label, unless all are equal."""
  if len(set(evaluations.values())) > 1:
    raise ValueError(
      'Estimators are compared at an equal number of evaluations of log_joint; '
      'tf_mco.diagnostics.at_equal_evaluations makes them equal. Received: '
      + ', '.join(f'{name}: {count}' for name, count in evaluations.items())
    )


def _unused(*previous: tf.Tensor) -> NoReturn:
  raise NotImplementedError('This posterior only counts layers.')


def _estimator(
  estimator: estimator_lib.Estimator | str,
) -> estimator_lib.Estimator:
  """Returns an estimator, made from its name if need be."""
  if isinstance(estimator, str):
    return registry.get_estimator(estimator)
  return estimator_lib.require(estimator)


def _sized(
  label: str,
  estimator: estimator_lib.Estimator,
  evaluations: int,
  posterior: posteriors.Chain,
) -> estimator_lib.Estimator:
  """Returns the estimator with the number of samples that uses the budget."""
  # Every estimator is a frozen dataclass, whose fields are its options.
  options = vars(estimator)
  size_name = next((name for name in _SIZES if name in options), None)
  if size_name is None:
    raise ValueError(
      f'An estimator with one of {", ".join(_SIZES)} is needed to set its '
      f'cost. Received: {label}: {estimator!r}'
    )
  each, uneven = divmod(estimator.evaluations(posterior), options[size_name])
  size, rest = divmod(evaluations, each) if each else (0, 1)
  if not uneven and not rest:
    sized = type(estimator)(**{**options, size_name: size})
    if sized.evaluations(posterior) == evaluations:
      return sized
  raise ValueError(
    f'{label} needs a multiple of {each} evaluations for each of its '
    f'{size_name}. Received: evaluations={evaluations}, num_layers='
    f'{posterior.num_layers}'
  )
