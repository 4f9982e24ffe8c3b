"""Whether posterior and model agree on what values a variable takes.

A posterior of real numbers under a prior of bits, for example, has a "bound" of
a million nats, because the density of a bit scores real numbers without a
complaint. The supports of both must therefore be equal, and so must the shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import supports
from tf_mco.layers.heads import head as head_lib
from tf_mco.layers.heads import prior as prior_lib
from tf_mco.layers.objective import conditional as conditional_lib

Conditionals = Sequence[conditional_lib.Conditional]


class Part(NamedTuple):
  """One distribution of one variable, as far as it is known."""

  name: str  # for messages
  support: str | None
  event_shape: tf.TensorShape  # perhaps of unknown rank


def check_declared(
  encoder: Conditionals, decoder: Conditionals, prior: keras.layers.Layer
) -> None:
  """Raises ValueError if what the layers declare does not match.

  Args:
    encoder: q(z1 | x), q(z2 | z1), ...
    decoder: p(x | z1), p(z1 | z2), ...
    prior: p(z) of the last z.
  """
  model = [_of_head(conditional.head) for conditional in decoder[1:]]
  if isinstance(prior, prior_lib.DeclaredPrior):
    shape = tf.TensorShape([prior.units])
    model.append(Part(_name(prior), prior.support, shape))
  else:
    model.append(Part(_name(prior), None, tf.TensorShape(None)))
  for layer, (conditional, part) in enumerate(zip(encoder, model, strict=True)):
    _require_match(layer, _of_head(conditional.head), part)


def check_built(
  encoder: Conditionals,
  decoder: Conditionals,
  prior: keras.layers.Layer,
  posterior: Sequence[tfd.Distribution],
  model: Sequence[tfd.Distribution],
) -> str | None:
  """Raises ValueError if the distributions of a built model do not match.

  The distributions tell what a head or a prior of a user's own did not declare.

  Args:
    encoder: q(z1 | x), q(z2 | z1), ...
    decoder: p(x | z1), p(z1 | z2), ...
    prior: p(z) of the last z.
    posterior: the distributions that `encoder` has made for an example.
    model: those that `decoder` has made for an example, and that of the prior.
  Returns:
    The support of the likelihood, or None if it is not known.
  """
  layers = [conditional.head for conditional in decoder] + [prior]
  likelihood, *rest = map(_of_distribution, layers, model)
  for layer, (conditional, distribution, part) in enumerate(
    zip(encoder, posterior, rest, strict=True)
  ):
    _require_match(
      layer, _of_distribution(conditional.head, distribution), part
    )
  return likelihood.support


def _of_head(head: head_lib.Head) -> Part:
  return Part(_name(head), head.support, tf.TensorShape(head.event_shape))


def _name(layer: keras.layers.Layer) -> str:
  return type(layer).__name__


def _of_distribution(
  layer: keras.layers.Layer, distribution: tfd.Distribution
) -> Part:
  """Returns the part that a layer has made, whose support it may declare."""
  declared = None
  if isinstance(layer, (head_lib.Head, prior_lib.DeclaredPrior)):
    declared = layer.support
  derived = supports.support_of(distribution)
  if declared is not None and declared not in supports.ALL:
    raise ValueError(
      f'`support` of {_name(layer)} must be one of '
      f'{", ".join(map(repr, supports.ALL))}, or None. Received: {declared!r}'
    )
  if None not in (declared, derived) and declared != derived:
    raise ValueError(
      f'{_name(layer)} declares another support than its distribution has. '
      f'Expected: {derived!r}, or None. Received: support={declared!r} for '
      f'{distribution!r}'
    )
  return Part(_name(layer), declared or derived, distribution.event_shape)


def _require_match(layer: int, posterior: Part, model: Part) -> None:
  """Raises ValueError unless two parts agree, as far as they are known."""
  supports_known = None not in (posterior.support, model.support)
  if supports_known and posterior.support != model.support:
    raise ValueError(
      'The posterior of a variable and its prior (or the distribution that the '
      'decoder gives it) must have the same support. Received: '
      f'{posterior.name}, whose support is {posterior.support!r}, and '
      f'{model.name}, whose support is {model.support!r}, for stochastic layer '
      f'{layer}'
    )
  if not posterior.event_shape.is_compatible_with(model.event_shape):
    raise ValueError(
      'The posterior of a variable and its prior (or the distribution that the '
      'decoder gives it) must have the same event shape. Received: '
      f'{posterior.name} of event shape {posterior.event_shape} and '
      f'{model.name} of event shape {model.event_shape}, for stochastic layer '
      f'{layer}'
    )
