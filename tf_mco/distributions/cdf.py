"""CDFs of scalar distributions: whether they serve a gradient, and signed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco._tfp import tfd

# Classes and their tensor parameters that passed `check`: it traces a graph.
_PASSED: set[tuple] = set()


def signed(distribution: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
  """Returns F(z) below the median and F(z) - 1 above.

  Both have one derivative; the second one as minus the survival function, so
  that the upper tail keeps its digits.
  """
  below = distribution.cdf(z)
  if not has_survival_function(distribution):
    return below
  return tf.where(below < 0.5, below, -distribution.survival_function(z))


def has_survival_function(distribution: tfd.Distribution) -> bool:
  """Returns whether it has one of its own, not 1 - F."""
  return any(
    getattr(type(distribution), name) is not getattr(tfd.Distribution, name)
    for name in ('_survival_function', '_log_survival_function')
  )


def check(distribution: tfd.Distribution) -> None:
  """Raises ValueError unless F exists and has a gradient in all parameters.

  Args:
    distribution: must be continuous and scalar. A parameter counts if the
      log-density has a gradient in it.
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
  """Returns whether samples are counts; tfd.Poisson's are floating counts."""
  if not distribution.dtype.is_floating:
    return True
  try:
    bijector = distribution.experimental_default_event_space_bijector()
  except NotImplementedError:
    return False
  return bijector is None


def _tensor_parameters(distribution: tfd.Distribution) -> dict[str, Any]:
  """Returns the floating parameters that a copy could be given."""
  try:
    names = distribution.parameter_properties(dtype=distribution.dtype)
  except NotImplementedError:
    return {}
  found = {}
  for name in names:
    value = distribution.parameters.get(name)
    if value is None or isinstance(value, tfd.Distribution):
      continue
    try:
      tensor = tf.convert_to_tensor(value, dtype_hint=distribution.dtype)
    except (TypeError, ValueError):
      continue
    if tensor.dtype == distribution.dtype:
      found[name] = tensor
  return found


def _parameters_without_gradient(
  distribution: tfd.Distribution, tensors: dict[str, tf.Tensor]
) -> list[str]:
  """Returns the names in which the log-density has a gradient and F has none.

  In a graph of its own, so that nothing is computed.
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
