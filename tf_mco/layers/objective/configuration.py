"""The parts of an objective: whether they fit, their variables, their files."""

from __future__ import annotations

from typing import NamedTuple

import keras

from tf_mco import estimators
from tf_mco import registry
from tf_mco.distributions import supports
from tf_mco.layers.heads import head as head_lib
from tf_mco.layers.heads import prior as prior_lib
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.layers.objective import matching
from tf_mco.layers.objective import reading as reading_lib


class Configuration(NamedTuple):
  """The arguments of an objective that a configuration file describes."""

  encoder: conditional_lib.Specs
  decoder: conditional_lib.Specs
  prior: keras.layers.Layer
  estimator: estimators.Estimator
  binarization: str
  pixel_range: reading_lib.PixelRange
  analytic_kl: bool
  seed: int


def parse(
  encoder: conditional_lib.Specs, decoder: conditional_lib.Specs
) -> tuple[
  tuple[conditional_lib.Conditional, ...],
  tuple[conditional_lib.Conditional, ...],
]:
  """Returns the conditional distributions of encoder and decoder.

  Args:
    encoder: as users write it; the result is q(z1 | x), q(z2 | z1), ...
    decoder: as users write it; the result is p(x | z1), p(z1 | z2), ...
  Raises:
    ValueError: for a part that is no network with a head, and for different
      numbers of stochastic layers.
  """
  first, *rest = conditional_lib.parse('encoder', encoder)
  down = conditional_lib.parse('decoder', decoder)
  heads = [conditional.head for conditional in (first, *rest)]
  if len(heads) != len(down):
    raise ValueError(
      '`encoder` and `decoder` must have the same number of stochastic '
      f'layers. Received: {len(heads)} and {len(down)}'
    )
  up = (first, *conditional_lib.given(rest, heads[:-1]))
  return up, conditional_lib.given(down, heads)


def check(
  configuration: Configuration,
  encoder: tuple[conditional_lib.Conditional, ...],
  decoder: tuple[conditional_lib.Conditional, ...],
) -> None:
  """Raises ValueError if the parts of an objective do not fit together.

  Args:
    configuration: the arguments of the objective.
    encoder: the conditional distributions of `configuration.encoder`.
    decoder: the conditional distributions of `configuration.decoder`.
  """
  for conditional in encoder[1:]:
    network = conditional.network
    if network is not None and conditional_lib.is_random(network):
      raise ValueError(
        'A network between stochastic layers of the encoder is called to '
        'sample and to score, and must not draw random numbers of its own '
        f'(Dropout does). Received: {network!r}'
      )
  prior = configuration.prior
  of_keras = isinstance(prior, keras.layers.Layer)
  # A head has a method of that name, too, which takes parameters.
  if (
    not of_keras
    or isinstance(prior, head_lib.Head)
    or not isinstance(prior, prior_lib.Prior)
  ):
    raise ValueError(
      '`prior` must be a Keras layer with a `.distribution()`, such as '
      f'tf_mco.layers.BernoulliPrior. Received: {prior!r}'
    )
  matching.check_declared(encoder, decoder, configuration.prior)
  check_reading(configuration, decoder[0].head.support)
  _check_estimator(configuration, num_layers=len(encoder))


def check_reading(configuration: Configuration, support: str | None) -> None:
  """Raises ValueError if the likelihood has no use for pixels that are given.

  Args:
    configuration: the arguments of the objective.
    support: of the likelihood, or None if it is not known yet.
  """
  reading_lib.check_pixel_range(configuration.pixel_range, support)
  binarized = configuration.binarization == 'dynamic'
  if binarized and support not in (None, supports.BINARY):
    raise ValueError(
      "`binarization='dynamic'` needs a likelihood whose support is 'binary', "
      f'or observations that are bits already. Received: {support!r}'
    )


def _check_estimator(configuration: Configuration, num_layers: int) -> None:
  estimators.estimator.require(configuration.estimator)
  if configuration.analytic_kl:
    require_mean(configuration.estimator, num_layers)


def require_mean(
  estimator: estimators.Estimator, num_layers: int
) -> estimators.MeanEstimator:
  """Returns an estimator that `analytic_kl` can use.

  Args:
    estimator: the estimator of the objective, or one in its place.
    num_layers: the number of stochastic layers.
  Raises:
    ValueError: unless the estimator is one of a mean, and there is one layer.
  """
  if isinstance(estimator, estimators.MeanEstimator) and num_layers == 1:
    return estimator
  raise ValueError(
    '`analytic_kl` needs an estimator of a mean (elbo, reinforce, '
    'reinforce_loo, arm, disarm, or a class of your own that extends '
    'tf_mco.estimators.MeanEstimator) and one stochastic layer. Received: '
    f'{estimator!r}, {num_layers} stochastic layer(s)'
  )


def trainable_variables(
  configuration: Configuration,
) -> dict[str, list[keras.Variable]]:
  """Returns the trainable variables by group, each in one group only."""
  layers_of_group = {
    'encoder': conditional_lib.layers(configuration.encoder),
    'decoder': conditional_lib.layers(configuration.decoder),
    'prior': [configuration.prior],
  }
  groups: dict[str, list[keras.Variable]] = {}
  seen: set[int] = set()
  for group, layers in layers_of_group.items():
    groups[group] = []
    for layer in layers:
      for variable in layer.trainable_variables:
        if id(variable) not in seen:
          seen.add(id(variable))
          groups[group].append(variable)
  return groups


def to_config(configuration: Configuration) -> dict[str, object]:
  """Returns the configuration from which `from_config` makes the arguments."""
  return {
    'encoder': conditional_lib.specs_config(configuration.encoder),
    'decoder': conditional_lib.specs_config(configuration.decoder),
    'prior': keras.saving.serialize_keras_object(configuration.prior),
    'estimator': registry.to_config(configuration.estimator),
    'binarization': configuration.binarization,
    'pixel_range': configuration.pixel_range,
    'analytic_kl': configuration.analytic_kl,
    'seed': configuration.seed,
  }


def from_config(config: dict) -> dict:
  """Returns a configuration with its networks and estimator made.

  A configuration of an earlier version has no `pixel_range`, and reads integers
  as 'auto' does.
  """
  arguments = {'pixel_range': 'auto', 'decided_pixel_range': None, **config}
  for part in ('encoder', 'decoder'):
    arguments[part] = conditional_lib.specs_from_config(config[part])
  for name in ('pixel_range', 'decided_pixel_range'):
    if isinstance(arguments[name], list):  # JSON has no tuples
      arguments[name] = tuple(arguments[name])
  arguments['prior'] = keras.saving.deserialize_keras_object(config['prior'])
  arguments['estimator'] = registry.from_config(config['estimator'])
  return arguments
