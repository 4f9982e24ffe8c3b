"""A vector whose components are drawn one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import inspect

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions import sample_memory
from tf_mco.distributions import sampling


class Autoregressive(log_space.KeepsLog, tfd.Distribution):
  """A vector distribution made of scalar conditionals.

  The density is

    q(z) = q(z[1]) q(z[2] | z[1]) q(z[3] | z[1], z[2]) ...

  Use this class for a posterior whose components depend on each other. Each
  conditional must be reparameterized; `distributions.implicit` makes such a
  distribution from conditionals that are not. The gradient of a component flows
  through the components before it.

  A sample keeps the logarithms that samples of its conditionals keep, so that a
  Gamma component that underflows still has a finite density.

  Sampling takes one step for each component, so that the class is for vectors
  of a few components.

  Warning: a path gradient needs a function that is continuous in the sample,
  and conditionals that are continuous in the components before them. Where the
  parameters of a conditional have a step, as those of a choice between two
  branches do, that part of the gradient is missing without a word. What the
  family of a conditional needs applies as well.

  Example:
    >>> from tf_mco import distributions
    >>> from tensorflow_probability import distributions as tfd
    >>> q = distributions.Autoregressive([
    ...   lambda: distributions.Gamma([2.0, 3.0], 1.0),
    ...   lambda z1: tfd.Normal(z1, 0.1),
    ... ])
    >>> z = q.sample([5], seed=1)
    >>> z.shape, q.log_prob(z).shape
    (TensorShape([5, 2, 2]), TensorShape([5, 2]))

  Reference: Figurnov, Mohamed and Mnih (2018), section 4, arXiv:1805.08498.
  """

  def __init__(
    self,
    conditionals: Sequence[Callable[..., tfd.Distribution]],
    name: str = 'Autoregressive',
  ):
    """Makes the distribution.

    Args:
      conditionals: functions of all the previous components, `[...]` each, that
        return a scalar distribution of batch shape `[...]`. The first function
        takes no argument. Gradients flow to whatever the functions use.
      name: the name of the distribution.
    Raises:
      ValueError: if the list is empty, or if the first conditional is not
        scalar.
    """
    parameters = {'conditionals': conditionals, 'name': name}
    listed = isinstance(conditionals, Sequence) and len(conditionals) > 0
    if not listed or not all(map(callable, conditionals)):
      raise ValueError(
        'An autoregressive distribution needs a list of functions, one for each'
        f' component. Received: conditionals={conditionals!r}'
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
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    return {}

  def _conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    """Returns the distribution of the component after the previous ones."""
    index = len(previous)
    try:
      inspect.signature(self._conditionals[index]).bind(*previous)
    except TypeError as error:
      raise ValueError(
        f'Conditional {index} of an autoregressive distribution must be a '
        f'function of the {index} previous components. Received: '
        f'{self._conditionals[index]!r} ({error})'
      ) from error
    conditional = self._conditionals[index](*previous)
    name = f'conditional {index} of an autoregressive distribution'
    parameter_checks.distribution(name, conditional)
    if conditional.event_shape.rank != 0:
      raise ValueError(
        'Each conditional of an autoregressive distribution must be scalar. '
        f'Received: {conditional!r} as component {index}'
      )
    return conditional

  def components(self) -> list[tfd.Distribution]:
    """Returns the conditional of each component, after a sample of the others.

    The list serves questions about the families of the conditionals, because
    the parameters of the later conditionals belong to one sample only.
    """
    path: tuple[tf.Tensor, ...] = ()
    conditionals = []
    for index in range(len(self._conditionals)):
      conditionals.append(self._conditional(path))
      path += (sampling.sample(conditionals[-1], [], seed=index),)
    return conditionals

  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns samples, `sample_shape + [..., D]`. See `KeepsLog`."""
    sizes = sampling.sizes_of(sample_shape)
    seeds = random.split(seed, len(self._conditionals))
    path: tuple[tf.Tensor, ...] = ()
    for index, component_seed in enumerate(seeds):
      # Later conditionals have the axis of samples in their batch shape.
      shape = [] if index else sizes
      conditional = self._conditional(path)
      path += (sampling.sample(conditional, shape, seed=component_seed),)
    return sample_memory.stack(path)

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    parts = sample_memory.unstack(x, len(self._conditionals))
    return sum(
      sampling.log_prob(self._conditional(parts[:index]), part)
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
