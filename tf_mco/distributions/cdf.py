"""CDFs of scalar distributions: their sign, and a check of their gradient."""

from __future__ import annotations

import tensorflow as tf

from tf_mco._tfp import tfd

# Classes that passed `check`, with the names of their tensor parameters. They
# are remembered because the check traces a graph, which takes a while.
_PASSED: set[tuple] = set()


def signed(distribution: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
  """Returns F(z) below the median and F(z) - 1 above the median.

  Both have the same derivative. F(z) - 1 is computed as minus the survival
  function, so that the upper tail keeps its digits.
  """
  below = distribution.cdf(z)
  if not has_survival_function(distribution):
    return below
  return tf.where(below < 0.5, below, -distribution.survival_function(z))


def has_survival_function(distribution: tfd.Distribution) -> bool:
  """Returns True if the class computes a survival function other than 1 - F."""
  return any(
    getattr(type(distribution), name) is not getattr(tfd.Distribution, name)
    for name in ('_survival_function', '_log_survival_function')
  )


def check(distribution: tfd.Distribution) -> None:
  """Raises ValueError unless F exists and has a gradient in all parameters.

  Args:
    distribution: a continuous scalar distribution. A parameter needs a gradient
      of F if the log-density has a gradient in that parameter.
  """
  scalar = distribution.event_shape.rank == 0
  if not scalar or _is_discrete(distribution):
    raise ValueError(
      'An implicit gradient needs a continuous scalar distribution, '
      'tfd.Independent or a mixture of such, or a list of scalar conditionals '
      '(tfd.MultivariateNormalDiag is tfd.Independent(tfd.Normal(...), 1)). '
      f'Received: {distribution!r}'
    )
  tensors = _tensor_parameters(distribution)
  key = (type(distribution), tuple(sorted(tensors)))
  if key in _PASSED:
    return
  try:
    without = _parameters_without_gradient(distribution, tensors)
  except NotImplementedError as error:
    raise ValueError(
      'An implicit gradient needs a distribution with a CDF. Received: '
      f'{distribution!r}, which has none ({error})'
    ) from error
  except LookupError as error:
    raise ValueError(
      'An implicit gradient needs a CDF that can be differentiated. Received: '
      f'{distribution!r} ({error})'
    ) from error
  if without:
    raise ValueError(
      'An implicit gradient needs a CDF with a gradient in each parameter. '
      f'Received: {distribution!r}, whose CDF has none in {without}'
    )
  _PASSED.add(key)


def _is_discrete(distribution: tfd.Distribution) -> bool:
  """Returns True if samples are counts."""
  if not distribution.dtype.is_floating:
    return True
  # The samples of tfd.Poisson are counts of a floating dtype. Only continuous
  # distributions have a bijector onto their support.
  try:
    bijector = distribution.experimental_default_event_space_bijector()
  except NotImplementedError:
    return False
  return bijector is None


def _tensor_parameters(distribution: tfd.Distribution) -> dict[str, tf.Tensor]:
  """Returns the floating parameters that `copy` accepts, by name."""
  try:
    names = distribution.parameter_properties(dtype=distribution.dtype)
  except NotImplementedError:
    return {}
  tensors = {}
  for name in names:
    value = distribution.parameters.get(name)
    if value is None or isinstance(value, tfd.Distribution):
      continue
    try:
      tensor = tf.convert_to_tensor(value, dtype_hint=distribution.dtype)
    except (TypeError, ValueError):
      continue
    if tensor.dtype == distribution.dtype:
      tensors[name] = tensor
  return tensors


def _parameters_without_gradient(
  distribution: tfd.Distribution, tensors: dict[str, tf.Tensor]
) -> list[str]:
  """Returns the parameters in which the log-density has a gradient and F none.

  The gradients are built in a graph that is never run, so that nothing is
  computed.
  """
  without: list[str] = []

  def probe(values: dict[str, tf.Tensor]) -> None:
    with tf.GradientTape(persistent=True) as tape:
      tape.watch(values)
      copy = distribution.copy(**values) if values else distribution
      z = tf.zeros(copy.batch_shape_tensor(), copy.dtype)
      mass, density = signed(copy, z), copy.log_prob(z)
    by_mass = tape.gradient(mass, values)
    by_density = tape.gradient(density, values)
    without.extend(
      name
      for name in values
      if by_mass[name] is None and by_density[name] is not None
    )

  specs = {
    name: tf.TensorSpec(tensor.shape, tensor.dtype)
    for name, tensor in tensors.items()
  }
  tf.function(probe).get_concrete_function(specs)
  return without
