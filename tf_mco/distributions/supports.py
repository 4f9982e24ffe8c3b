"""The support of a distribution: the set of values that it draws and scores.

Two distributions of one variable, such as a posterior and its prior, must have
the same support. Otherwise a bound of log p(x) is no bound: a density of 0 or
1, for example, scores real numbers without a complaint.
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tf_mco._tfp import tfb
from tf_mco._tfp import tfd
from tf_mco.distributions import autoregressive
from tf_mco.distributions import mixture
from tf_mco.distributions import parameter_checks
from tf_mco.distributions import word_counts

REAL = 'real'
POSITIVE = 'positive'
UNIT_INTERVAL = 'unit_interval'  # (0, 1)
INTERVAL = 'interval'  # between any other bounds
SIMPLEX = 'simplex'  # non-negative numbers along the last axis, of sum 1
CIRCLE = 'circle'  # angles in [-pi, pi], whose ends are one point
BINARY = 'binary'  # 0 or 1
COUNT = 'count'  # 0, 1, 2, ...
CATEGORICAL = 'categorical'  # the index of a class
ONE_HOT = 'one_hot'  # zeros and a single 1 along the last axis

# Every name that `support_of` may return.
ALL = (
  REAL,
  POSITIVE,
  UNIT_INTERVAL,
  INTERVAL,
  SIMPLEX,
  CIRCLE,
  BINARY,
  COUNT,
  CATEGORICAL,
  ONE_HOT,
)


_FROM_REAL_TO_REAL = (tfb.Identity, tfb.Shift, tfb.Scale, tfb.SinhArcsinh)


@functools.singledispatch
def support_of(distribution: tfd.Distribution) -> str | None:
  """Returns the name of the support of a distribution, or None if unknown.

  The names are 'real', 'positive', 'unit_interval', 'interval', 'simplex',
  'circle', 'binary', 'count', 'categorical' and 'one_hot'. The support of a
  distribution of `tfd` that is not listed here is derived from its default
  bijector. A class of your own either has such a bijector
  (`_default_event_space_bijector`), or is registered:

  ```python
  @tf_mco.distributions.support_of.register(MyDistribution)
  def _(distribution):
    return 'positive'
  ```

  Args:
    distribution: any distribution. `tfd.Independent`, `tfd.Sample` and mixtures
      have the support of what is inside of them.
  Example:
    >>> from tf_mco import distributions
    >>> from tensorflow_probability import distributions as tfd
    >>> distributions.support_of(tfd.Independent(tfd.Normal([0.0], 1.0), 1))
    'real'
    >>> distributions.support_of(distributions.Gamma(1.0, 1.0))
    'positive'
  """
  parameter_checks.distribution('distribution', distribution)
  try:
    bijector = distribution.experimental_default_event_space_bijector()
  except (NotImplementedError, TypeError, ValueError, AttributeError):
    return None
  return None if bijector is None else _image(bijector)


def _image(bijector: tfb.Bijector) -> str | None:
  """Returns the support onto which a bijector maps the real numbers."""
  if isinstance(bijector, _FROM_REAL_TO_REAL):
    return REAL
  if isinstance(bijector, tfb.Tanh):
    return INTERVAL
  if isinstance(bijector, (tfb.Exp, tfb.Softplus)):
    # The low end of a softplus is 0 unless it was given.
    low = bijector.parameters.get('low')
    return POSITIVE if low is None else _between(low, float('inf'))
  if isinstance(bijector, tfb.Sigmoid):
    low = bijector.parameters.get('low')
    high = bijector.parameters.get('high')
    return _between(0.0 if low is None else low, 1.0 if high is None else high)
  if isinstance(bijector, (tfb.SoftmaxCentered, tfb.IteratedSigmoidCentered)):
    return SIMPLEX
  if isinstance(bijector, tfb.Chain):
    return _image_of_chain(bijector)
  return None


def _image_of_chain(chain: tfb.Chain) -> str | None:
  """Returns the image of a chain, whose first bijector is applied last."""
  outer, *inner = chain.bijectors
  if not inner:
    return _image(outer)
  before = _image(tfb.Chain(inner)) if len(inner) > 1 else _image(inner[0])
  if before == REAL:
    return _image(outer)
  if before == POSITIVE and isinstance(outer, tfb.Reciprocal):
    return POSITIVE
  return None


def _between(low: tf.Tensor | float, high: tf.Tensor | float) -> str:
  """Returns the name of the interval with these bounds."""
  known = tf.get_static_value(low), tf.get_static_value(high)
  if any(bound is None for bound in known):
    return INTERVAL

  def everywhere(low: float, high: float) -> bool:
    return bool(np.all(known[0] == low) and np.all(known[1] == high))

  named = {
    (-float('inf'), float('inf')): REAL,
    (0.0, float('inf')): POSITIVE,
    (0.0, 1.0): UNIT_INTERVAL,
  }
  for bounds, name in named.items():
    if everywhere(*bounds):
      return name
  return INTERVAL


def _register(name: str, *classes: type[tfd.Distribution]) -> None:
  """Gives all members of families of distributions one support."""
  for cls in classes:
    support_of.register(cls, lambda distribution: name)


_register(REAL, tfd.MultivariateNormalLinearOperator)
_register(BINARY, tfd.Bernoulli)
_register(CATEGORICAL, tfd.Categorical)
_register(ONE_HOT, tfd.OneHotCategorical)
_register(CIRCLE, tfd.VonMises)
_register(
  SIMPLEX,
  tfd.Dirichlet,
  tfd.RelaxedOneHotCategorical,
)
_register(
  COUNT,
  tfd.Binomial,
  tfd.DirichletMultinomial,
  tfd.Geometric,
  tfd.Multinomial,
  tfd.NegativeBinomial,
  tfd.Poisson,
  word_counts.WordCounts,
)


def _of_inner(distribution: tfd.Distribution) -> str | None:
  return support_of(distribution.distribution)


# The constructors of these classes may return an instance of their parent,
# `_Independent` for example.
for _wrapper in (tfd.Independent, tfd.Sample, tfd.BatchReshape):
  for _cls in _wrapper.__mro__:
    if _cls.__name__.lstrip('_') == _wrapper.__name__:
      support_of.register(_cls, _of_inner)


def _of_components(distribution: tfd.MixtureSameFamily) -> str | None:
  return support_of(distribution.components_distribution)


for _cls in mixture.TFP_MIXTURES:
  support_of.register(_cls, _of_components)


@support_of.register(tfd.TransformedDistribution)
def _of_transformed(distribution: tfd.TransformedDistribution) -> str | None:
  before = support_of(distribution.distribution)
  image = _image(distribution.bijector) if before == REAL else None
  return image or _of_bijector(distribution)


# What `support_of` does for classes that are not registered.
_of_bijector = support_of.dispatch(object)


@support_of.register(tfd.RelaxedBernoulli)
def _of_relaxed_bernoulli(distribution: tfd.RelaxedBernoulli) -> str:
  del distribution
  return UNIT_INTERVAL


@support_of.register(tfd.TruncatedNormal)
def _of_truncated_normal(distribution: tfd.TruncatedNormal) -> str:
  return _between(distribution.low, distribution.high)


@support_of.register(autoregressive.Autoregressive)
def _of_autoregressive(
  distribution: autoregressive.Autoregressive,
) -> str | None:
  supports = {support_of(part) for part in distribution.components()}
  return supports.pop() if len(supports) == 1 else None


def require_equal(
  name: str,
  distribution: tfd.Distribution,
  other_name: str,
  other: tfd.Distribution,
) -> None:
  """Raises ValueError for two known supports, or event shapes, that differ.

  Args:
    name: of the first distribution in the message, such as 'the posterior'.
    distribution: any distribution.
    other_name: of the second distribution.
    other: a distribution of the same variable.
  """
  supports = support_of(distribution), support_of(other)
  shapes = distribution.event_shape, other.event_shape
  differ = None not in supports and supports[0] != supports[1]
  if differ or not shapes[0].is_compatible_with(shapes[1]):
    raise ValueError(
      f'The support and the event shape of {name} and {other_name} must be the '
      f'same. Received: {supports[0]!r}, {shapes[0]} and {supports[1]!r}, '
      f'{shapes[1]}'
    )
