"""Any distribution with a differentiable CDF, made reparameterizable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any, TypeAlias

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import autoregressive
from tf_mco.distributions import beta
from tf_mco.distributions import cdf as cdf_lib
from tf_mco.distributions import gamma
from tf_mco.distributions import mixture
from tf_mco.distributions import sampling
from tf_mco.distributions import student_t
from tf_mco.distributions import truncated_normal
from tf_mco.distributions import von_mises
from tf_mco.distributions.numerics import implicit_gradient

# A scalar distribution, or a function of the previous samples that returns one.
Conditional: TypeAlias = tfd.Distribution | Callable[..., tfd.Distribution]


def implicit(
  distribution: tfd.Distribution | Sequence[Conditional],
) -> tfd.Distribution:
  """Returns the distribution with FULLY_REPARAMETERIZED samples.

  The values of samples do not change. A scalar sample z, with the CDF F and the
  density q, moves with the parameters by dz/dphi = -(dF/dphi) / q(z). A vector
  that factorizes into scalar conditionals moves by the distributional transform
  (F(z[1]), F(z[2] | z[1]), ...).

  Use this function for a distribution that `tfd` does not reparameterize, or
  reparameterizes in a way that you do not trust. Only first-order gradients
  flow through a sample.

  The gradient of a mean is right for a function that is continuous in the
  sample, and for a density that is positive inside of an interval. The part of
  a step of the function is missing without a word, and so is the mass that
  would have to cross a gap in the support. The ends of the interval may depend
  on the parameters, because samples move with them. On a circle, the function
  must agree where samples wrap.

  Args:
    distribution: one of
      - a continuous scalar distribution that has a CDF, of any batch shape;
      - `tfd.Independent` of such a distribution;
      - `tfd.MixtureSameFamily` of such components, whose weights get a gradient
        too;
      - a list or tuple of scalar conditionals. The first is a distribution, and
        the others are functions that take the previous samples, one positional
        argument each, and return a distribution. Samples are vectors, of shape
        `[..., D]`.
  Returns:
    A distribution of the same class (a subclass of that class), or a
    `tfd.Independent`, a `distributions.MixtureSameFamily` or a
    `distributions.Autoregressive`. A scalar distribution of
    `tf_mco.distributions` is reparameterized already, and is returned as it is.
  Raises:
    ValueError: for a discrete or multivariate distribution, for a distribution
      without a CDF, and for a CDF that has no gradient in a parameter.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> from tensorflow_probability import distributions as tfd
    >>> rate = tf.constant(2.0)
    >>> with tf.GradientTape() as tape:
    ...   tape.watch(rate)
    ...   x = distributions.implicit(tfd.Exponential(rate)).sample(seed=1)
    >>> bool(abs(tape.gradient(x, rate) + x / rate) < 1e-4)  # x = e / rate
    True

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """
  if isinstance(distribution, (list, tuple)):
    return _chain(distribution)
  joint = isinstance(distribution, tfd.JointDistribution)
  if joint or not isinstance(distribution, tfd.Distribution):
    raise ValueError(
      '`implicit` takes a tfd.Distribution, or a list of scalar conditionals. '
      f'Received: {distribution!r}'
    )
  # `unwrap` knows the forms of `tfd.Independent` that have another class.
  inside = sampling.unwrap(distribution)
  if isinstance(distribution, tfd.Independent) or inside is not distribution:
    return distribution.copy(distribution=implicit(distribution.distribution))
  if isinstance(distribution, mixture.TFP_MIXTURES):
    return mixture.MixtureSameFamily(
      distribution.mixture_distribution,
      _reparameterized(distribution.components_distribution),
    )
  if isinstance(distribution, _REPARAMETERIZED):
    return distribution
  cdf_lib.check(distribution)
  original: Any = type(distribution)
  return _recast(distribution, _implicit_class(original))


class ImplicitScalar:
  """The mixin that `implicit` puts before the class of a distribution."""

  _original: type

  # TFP's transformed distributions sample in a `_call_sample_n` of their own,
  # which would pass `_sample_n` by. This one calls it.
  _call_sample_n = tfd.Distribution._call_sample_n

  @property
  def reparameterization_type(self) -> tfd.ReparameterizationType:
    """FULLY_REPARAMETERIZED, whatever the original class says."""
    return tfd.FULLY_REPARAMETERIZED

  def _sample_n(
    self, n: int | tf.Tensor, seed: types.Seed | None = None, **kwargs: Any
  ) -> tf.Tensor:
    del kwargs
    original = _recast(self, self._original)
    # Serves the parameters: their gradient is attached by the transform below.
    z = tf.stop_gradient(sampling.sample(original, [n], seed=seed))
    transform = cdf_lib.signed(original, z)
    return implicit_gradient.with_scalar_path_gradient(
      z, transform, original.prob(z)
    )

  def _sample_and_log_prob(
    self, sample_shape: types.SampleShape, seed: types.Seed, **kwargs: Any
  ) -> tuple[tf.Tensor, tf.Tensor]:
    del kwargs
    z = self._call_sample_n(sample_shape, seed)
    return z, _recast(self, self._original).log_prob(z)


# These are returned as they are.
_REPARAMETERIZED = (
  ImplicitScalar,
  autoregressive.Autoregressive,
  beta.Beta,
  gamma.Gamma,
  gamma.InverseGamma,
  student_t.StudentT,
  truncated_normal.TruncatedNormal,
  von_mises.VonMises,
)


def _recast(distribution: Any, cls: Any) -> Any:
  """Returns a copy of a distribution that is an instance of another class."""
  # `__class__` cannot be assigned for every class, and the constructor of the
  # class may take other arguments than those that are kept.
  result = object.__new__(cls)
  result.__dict__.update(distribution.__dict__)
  return result


@functools.cache
def _implicit_class(original: type) -> type:
  """Returns the subclass of `original`, the same one every time."""
  name = f'Implicit{original.__name__}'
  return type(original)(
    name, (ImplicitScalar, original), {'_original': original}
  )


def _reparameterized(components: tfd.Distribution) -> tfd.Distribution:
  """Returns components that have a gradient, made implicit if they had none."""
  if components.reparameterization_type == tfd.FULLY_REPARAMETERIZED:
    return components
  return implicit(components)


def _chain(conditionals: Sequence[Conditional]) -> tfd.Distribution:
  """Returns an autoregressive distribution of implicit conditionals."""

  def scalar(
    conditional: Conditional, *previous: tf.Tensor
  ) -> tfd.Distribution:
    if not isinstance(conditional, tfd.Distribution):
      conditional = conditional(*previous)
    return implicit(conditional)

  return autoregressive.Autoregressive(
    [functools.partial(scalar, conditional) for conditional in conditionals]
  )
