"""Whether the parts of a model fit, their variables, and their files."""

from __future__ import annotations

from typing import Any

import keras

from tf_mco import registry
from tf_mco import types
from tf_mco.layers.objective import conditional as conditional_lib


def check(objective: Any) -> None:
  """Raises ValueError if the parts of an objective do not fit together.

  Args:
    objective: a layer with `encoder_stages`, `decoder_stages`, `prior`,
      `estimator` and `analytic_kl`.
  """
  depths = len(objective.encoder_stages), len(objective.decoder_stages)
  if depths[0] != depths[1]:
    raise ValueError(
      '`encoder` and `decoder` must have the same number of stochastic '
      f'layers. Received: {depths[0]} and {depths[1]}'
    )
  for stage in objective.encoder_stages[1:]:
    if stage.network is not None and conditional_lib.is_random(stage.network):
      raise ValueError(
        'A network between stochastic layers of the encoder is called to '
        'sample and to score, and must not draw random numbers of its own '
        f'(Dropout does). Received: {stage.network!r}'
      )
  if not hasattr(objective.prior, 'distribution'):
    raise ValueError(
      '`prior` must be a Keras layer with a `.distribution()`, such as '
      f'tf_mco.layers.BernoulliPrior. Received: {objective.prior!r}'
    )
  _check_estimator(objective, num_layers=depths[0])


def _check_estimator(objective: Any, num_layers: int) -> None:
  if not isinstance(objective.estimator, types.Estimator):
    raise ValueError(
      '`estimator` must be a name or an estimator of tf_mco. Received: '
      f'{objective.estimator!r}'
    )
  mean = hasattr(objective.estimator, 'mean_surrogate') and num_layers == 1
  if objective.analytic_kl and not mean:
    raise ValueError(
      '`analytic_kl` needs an estimator of a mean (elbo, reinforce, '
      'reinforce_loo, arm, disarm) and one stochastic layer. Received: '
      f'{objective.estimator!r}, {num_layers} stochastic layer(s)'
    )


def trainable_variables(
  encoder: Any, decoder: Any, prior: Any
) -> dict[str, list]:
  """Returns the trainable variables by group, each in one group only."""
  groups: dict[str, list] = {'encoder': [], 'decoder': [], 'prior': []}
  found = {
    'encoder': conditional_lib.layers(encoder),
    'decoder': conditional_lib.layers(decoder),
    'prior': [prior],
  }
  seen: set[int] = set()
  for group, layers in found.items():
    for layer in layers:
      for variable in layer.trainable_variables:
        if id(variable) not in seen:
          seen.add(id(variable))
          groups[group].append(variable)
  return groups


def to_config(objective: Any) -> dict[str, Any]:
  """Returns what `from_config` reads: the arguments of an objective."""
  return {
    'encoder': conditional_lib.sequence_config(objective.encoder),
    'decoder': conditional_lib.sequence_config(objective.decoder),
    'prior': keras.saving.serialize_keras_object(objective.prior),
    'estimator': registry.to_config(objective.estimator),
    'binarization': objective.binarization,
    'analytic_kl': objective.analytic_kl,
    'seed': objective.seed,
  }


def from_config(config: dict[str, Any]) -> dict[str, Any]:
  """Returns a configuration with its networks and estimator made."""
  config = dict(config)
  for part in ('encoder', 'decoder'):
    config[part] = conditional_lib.from_sequence_config(config[part])
  config['prior'] = keras.saving.deserialize_keras_object(config['prior'])
  config['estimator'] = registry.from_config(config['estimator'])
  return config
