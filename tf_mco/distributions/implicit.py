"""Any distribution with a differentiable CDF, made reparameterizable."""

from __future__ import annotations

from collections.abc import Sequence
import copy
import functools
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import autoregressive
from tf_mco.distributions import cdf as cdf_lib
from tf_mco.distributions import mixture
from tf_mco.distributions.numerics import implicit_gradient


def implicit(distribution: Any) -> tfd.Distribution:
  """Returns the distribution with FULLY_REPARAMETERIZED samples.

  A scalar sample is drawn as ever, its gradient stopped, and moves with the
  parameters by dz/dphi = -(dF/dphi) / q(z). What factorizes into scalar
  conditionals moves by the distributional transform (F(z1), F(z2 | z1), ...).
  The values of samples do not change. First-order gradients only.

  Args:
    distribution: one of
      - a continuous scalar distribution that has a CDF, of any batch shape;
      - `tfd.Independent` of one;
      - `tfd.MixtureSameFamily` of such components (weights get a gradient too);
      - a list or tuple of scalar conditionals: a distribution, then functions
        of the previous samples, one positional argument each, that return one.
        Its samples are vectors, `[..., D]`.
  Returns:
    A distribution of the same class (a subclass of it), or a `tfd.Independent`,
    `distributions.MixtureSameFamily` or `distributions.Autoregressive`.
  Raises:
    ValueError: for a discrete or multivariate distribution, one without a CDF,
      or whose CDF has no gradient in a parameter.
  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """
  if isinstance(distribution, (list, tuple)):
    return _chain(distribution)
  if not isinstance(distribution, tfd.Distribution):
    raise ValueError(
      '`implicit` takes a tfd.Distribution, or a list of scalar conditionals. '
      f'Received: {distribution!r}'
    )
  if isinstance(distribution, tfd.Independent):
    return distribution.copy(distribution=implicit(distribution.distribution))
  if isinstance(distribution, mixture.TFP_MIXTURES):
    return mixture.MixtureSameFamily(
      distribution.mixture_distribution,
      _reparameterized(distribution.components_distribution),
    )
  if isinstance(distribution, autoregressive.Autoregressive | ImplicitScalar):
    return distribution
  cdf_lib.check(distribution)
  result = copy.copy(distribution)
  original: Any = type(distribution)
  result.__class__ = _implicit_class(original)
  return result


class ImplicitScalar:
  """What `implicit` puts before the class of a scalar distribution."""

  _original: type

  @property
  def reparameterization_type(self) -> Any:
    """Always FULLY_REPARAMETERIZED."""
    return tfd.FULLY_REPARAMETERIZED

  def _sample_n(self, n: Any, seed: Any = None, **kwargs: Any) -> tf.Tensor:
    del kwargs
    original: Any = copy.copy(self)
    original.__class__ = self._original
    z = tf.stop_gradient(random.sample(original, [n], seed=seed))
    transform = cdf_lib.signed(original, z)
    return implicit_gradient.with_scalar_path_gradient(
      z, transform, original.prob(z)
    )


@functools.cache
def _implicit_class(original: type) -> type:
  name = f'Implicit{original.__name__}'
  return type(original)(
    name, (ImplicitScalar, original), {'_original': original}
  )


def _reparameterized(components: tfd.Distribution) -> tfd.Distribution:
  """Returns components which have a gradient, implicit ones if need be."""
  if components.reparameterization_type == tfd.FULLY_REPARAMETERIZED:
    return components
  return implicit(components)


def _chain(conditionals: Sequence[Any]) -> tfd.Distribution:
  """Returns an autoregressive distribution of implicit conditionals."""

  def scalar(conditional: Any, *previous: tf.Tensor) -> tfd.Distribution:
    if not isinstance(conditional, tfd.Distribution):
      conditional = conditional(*previous)
    return implicit(conditional)

  return autoregressive.Autoregressive(
    [functools.partial(scalar, conditional) for conditional in conditionals]
  )
