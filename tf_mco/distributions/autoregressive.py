"""A vector whose components are drawn one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import log_space


class Autoregressive(tfd.Distribution):
  """q(z1) q(z2 | z1) ... of scalar, reparameterized conditionals.

  The gradient of a component flows through the components before it, which is
  the triangular solve of the distributional transform.
  """

  def __init__(
    self,
    conditionals: Sequence[Callable[..., tfd.Distribution]],
    name: str = 'Autoregressive',
  ):
    """Makes the distribution; see `distributions.implicit`.

    Args:
      conditionals: functions of all the previous components, `[...]` each,
        that return a scalar distribution of batch shape `[...]`.
      name: of the distribution.
    Raises:
      ValueError: if there is none, or the first is not scalar.
    """
    parameters = {'conditionals': conditionals, 'name': name}
    if not conditionals:
      raise ValueError(
        'An autoregressive distribution needs at least one conditional. '
        'Received: none'
      )
    self._conditionals = list(conditionals)
    first = self._conditional(())
    self._start_shape = first.batch_shape
    self._start_shape_tensor = first.batch_shape_tensor()
    super().__init__(
      dtype=first.dtype,
      reparameterization_type=tfd.FULLY_REPARAMETERIZED,
      validate_args=False,
      allow_nan_stats=True,
      parameters=parameters,
      name=name,
    )

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return {}

  def _conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    index = len(previous)
    conditional = self._conditionals[index](*previous)
    if conditional.event_shape.rank != 0:
      raise ValueError(
        'Each conditional of an autoregressive distribution must be scalar. '
        f'Received: {conditional!r} as component {index}'
      )
    return conditional

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    seeds = random.split(seed, len(self._conditionals))
    path: tuple[tf.Tensor, ...] = ()
    for index, component_seed in enumerate(seeds):
      shape = [] if index else [n]
      conditional = self._conditional(path)
      path += (log_space.draw(conditional, shape, seed=component_seed),)
    return tf.stack(path, axis=-1)

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    parts = tf.unstack(x, num=len(self._conditionals), axis=-1)
    return sum(
      self._conditional(parts[:index]).log_prob(part)
      for index, part in enumerate(parts)
    )

  def _batch_shape(self) -> tf.TensorShape:
    return self._start_shape

  def _batch_shape_tensor(self) -> tf.Tensor:
    return self._start_shape_tensor

  def _event_shape(self) -> tf.TensorShape:
    return tf.TensorShape([len(self._conditionals)])

  def _event_shape_tensor(self) -> tf.Tensor:
    return tf.constant([len(self._conditionals)])
