"""Toy models with binary latents, small enough to enumerate.

Every parameter has a leading axis of examples, and no two examples are alike.
The oracle repeats these rows along the batch, so that one backward pass gives
the gradient of every row.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tests.testing import forms
from tf_mco import posteriors
from tf_mco import types

Parameters: TypeAlias = dict[str, tf.Tensor]  # `[R, ...]` each
# Maps parameters and one `[K, R, D]` tensor per layer to `[K, R]`.
Function: TypeAlias = Callable[[Parameters, tuple[tf.Tensor, ...]], tf.Tensor]


@dataclasses.dataclass(frozen=True, eq=False)
class Problem:
  """N examples, each with its own posterior, model and prior.

  Args:
    values: name -> float64 `[N, ...]`. 'logits' are the first layer's; layer
      l > 0 has 'weights{l}' and 'bias{l}'.
    groups: 'posterior', 'model', 'prior' -> the names in that group.
    function: log p(x, z), from parameters and samples.
    sizes: D of each stochastic layer.
    form: how the posterior is written, a key of `forms.FORMS`.
  """

  values: dict[str, np.ndarray]
  groups: dict[str, tuple[str, ...]]
  function: Function
  sizes: tuple[int, ...]
  form: str = 'independent'

  @property
  def num_examples(self) -> int:
    return len(self.values['logits'])

  def rows(
    self, example: Any = None, dtype: tf.DType = tf.float64
  ) -> Parameters:
    """Returns the parameters of the examples at these indices."""
    index = np.arange(self.num_examples) if example is None else example
    return {k: tf.constant(v[index], dtype) for k, v in self.values.items()}

  def logits(
    self, parameters: Parameters, previous: tuple[tf.Tensor, ...]
  ) -> tf.Tensor:
    """Returns the logits of the layer after `previous`, `[K, R, D]` each.

    `[R, D]` for the first layer, else `[K, R, D]`.
    """
    layer = len(previous)
    if layer == 0:
      return parameters['logits']
    signs = 2 * previous[-1] - 1
    weights = parameters[f'weights{layer}']
    product = tf.einsum('kri,rij->krj', signs, weights)
    return product + parameters[f'bias{layer}']

  def posterior(self, parameters: Parameters) -> Any:
    """Returns a distribution, or a Chain if there are several layers."""
    distribution = forms.FORMS[self.form].distribution
    first = distribution(parameters['logits'])
    if len(self.sizes) == 1:
      return first

    def conditional(*previous: tf.Tensor) -> Any:
      path = tuple(forms.from_event(self.form, z) for z in previous)
      return distribution(self.logits(parameters, path))

    upper = [conditional] * (len(self.sizes) - 1)
    return posteriors.Chain([first, *upper])

  def log_joint(self, parameters: Parameters) -> types.LogJoint:
    """Returns log p(x, z) as an estimator calls it."""
    return self.integrand(self.function, parameters)

  def integrand(
    self, function: Function, parameters: Parameters
  ) -> types.LogJoint:
    """Returns any function of the samples as an estimator calls it."""

    def integrand(samples: types.Samples) -> tf.Tensor:
      path = samples if isinstance(samples, tuple) else (samples,)
      path = tuple(forms.from_event(self.form, z) for z in path)
      return function(parameters, path)

    return integrand

  def pack(self, path: tuple[np.ndarray, ...]) -> types.Samples:
    """Returns `[K, R, D]` samples in the form in which they are drawn."""
    samples = self.events(path)
    return samples if len(self.sizes) > 1 else samples[0]

  def events(self, path: tuple[np.ndarray, ...]) -> tuple[tf.Tensor, ...]:
    """Returns `[K, R, D]` samples as a tuple, in the form's event shape."""
    return tuple(forms.to_event(self.form, tf.constant(z)) for z in path)


def toy_cost(parameters: Parameters, path: tuple[tf.Tensor, ...]) -> tf.Tensor:
  """Returns a cost that is nonlinear in the samples and its parameters."""
  z = tf.concat(path, -1)
  slope, rate = parameters['slope'], parameters['rate']
  inside = tf.reduce_sum(z * slope, -1) + parameters['shift']
  curved = parameters['amplitude'] * tf.tanh(inside)
  return curved - tf.exp(rate) * z[..., 0] * z[..., -1]


def _toy_log_joint(
  parameters: Parameters, path: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  z = tf.concat(path, -1)
  prior = parameters['prior']
  log_prior = z * tf.math.log_sigmoid(prior)
  log_prior += (1 - z) * tf.math.log_sigmoid(-prior)
  return tf.reduce_sum(log_prior, -1) + toy_cost(parameters, path)


def toy(
  sizes: tuple[int, ...], num_examples: int, form: str = 'independent'
) -> Problem:
  """Returns a problem with a parameter of every kind in every group.

  'rate' has one value for all examples, the others have one each. The values
  come from no generator, so that recorded variances outlive NumPy's streams.
  """
  total = sum(sizes)
  shapes: dict[str, tuple[int, ...]] = {'logits': (sizes[0],)}
  for layer in range(1, len(sizes)):
    shapes[f'weights{layer}'] = (sizes[layer - 1], sizes[layer])
    shapes[f'bias{layer}'] = (sizes[layer],)
  posterior = tuple(shapes)
  shapes |= {'amplitude': (), 'slope': (total,), 'shift': (), 'rate': ()}
  shapes['prior'] = (total,)
  values = {}
  for index, (name, shape) in enumerate(shapes.items()):
    position = np.arange(num_examples * math.prod(shape)).reshape(
      num_examples, *shape
    )
    values[name] = 1.5 * np.sin(position**2 + 1.7 * index + 2)
  values['rate'] = np.full(num_examples, values['rate'][0])
  groups = {
    'posterior': posterior,
    'model': ('amplitude', 'slope', 'shift', 'rate'),
    'prior': ('prior',),
  }
  return Problem(values, groups, _toy_log_joint, sizes, form)


def _table_log_joint(
  parameters: Parameters, path: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  (z,) = path
  powers = 2.0 ** np.arange(z.shape[-1])
  index = tf.cast(tf.reduce_sum(z * powers, -1), tf.int32)
  table = parameters['table']
  chosen = tf.one_hot(index, table.shape[-1], dtype=table.dtype)
  return tf.reduce_sum(chosen * table, -1)


def table(logits: Any, joint: Any) -> Problem:
  """Returns a problem with p(x, z) as a table, at index z0 + 2 z1 + ...

  Args:
    logits: `[N, D]`; joint: `[N, 2 ** D]`, probabilities.
  """
  logits = np.array(logits, np.float64)
  values = {'logits': logits, 'table': np.log(np.array(joint, np.float64))}
  groups = {'posterior': ('logits',), 'model': ('table',), 'prior': ()}
  return Problem(values, groups, _table_log_joint, logits.shape[1:])
