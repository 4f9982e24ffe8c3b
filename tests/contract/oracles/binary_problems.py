"""Small models with binary latent variables, whose states can be enumerated."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np
import scipy.special
import tensorflow as tf

from tests.contract import formulas
from tests.contract.oracles import bernoulli_forms as forms
from tests.contract.oracles import oracle
from tf_mco import posteriors
from tf_mco import types


class Draws(NamedTuple):
  """The arrays behind a `types.Draw`, `[K, R, ...]` each."""

  samples: tuple[np.ndarray, ...]  # one per layer
  pairs: tuple[types.Pair, ...] = ()  # one per layer


@dataclasses.dataclass(frozen=True, eq=False)
class Problem(oracle.Problem):
  """N examples with binary latent variables.

  Args:
    values: name -> float64 `[N, ...]`. 'logits' are the first layer's; layer
      l > 0 has 'weights{l}' and 'bias{l}'.
    named: 'posterior', 'model', 'prior' -> the names in that group.
    function: log p(x, z), from parameters and one `[K, R, D]` per layer.
    sizes: D of each stochastic layer.
    form: how the posterior is written, a key of `bernoulli_forms.FORMS`.
  """

  named: dict[str, tuple[str, ...]]
  function: oracle.Function
  sizes: tuple[int, ...]
  form: str = 'independent'

  @property
  def groups(self) -> dict[str, tuple[str, ...]]:
    """See `oracle.Problem`."""
    return self.named

  def logits(
    self, parameters: oracle.Parameters, previous: tuple[Any, ...]
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

  def posterior(self, parameters: oracle.Parameters) -> Any:
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

  def log_joint(self, parameters: oracle.Parameters) -> types.LogJoint:
    """See `oracle.Problem`."""
    return self.called_as_log_joint(self.function, parameters)

  def cost(self, parameters: oracle.Parameters) -> types.LogJoint:
    """See `oracle.Problem`."""
    return self.called_as_log_joint(cost, parameters)

  def called_as_log_joint(
    self, function: oracle.Function, parameters: oracle.Parameters
  ) -> types.LogJoint:
    """Returns a function of the samples as an estimator calls it."""

    def integrand(samples: types.Samples) -> tf.Tensor:
      path = samples if isinstance(samples, tuple) else (samples,)
      path = tuple(forms.from_event(self.form, z) for z in path)
      return function(parameters, path)

    return integrand

  def draw(
    self, parameters: oracle.Parameters, source: Draws, *, stopped: bool
  ) -> types.Draw:
    """See `oracle.Problem`."""
    del parameters, stopped
    event = lambda z: forms.to_event(  # noqa: E731
      self.form, tf.convert_to_tensor(z)
    )
    samples, pairs = oracle.map_source(event, tuple(source))
    return types.Draw(samples if len(self.sizes) > 1 else samples[0], pairs)

  def source(self, draw: types.Draw) -> Draws:
    """See `oracle.Problem`."""
    array = lambda z: forms.from_event(self.form, z).numpy()  # noqa: E731
    samples = draw.samples
    path = samples if isinstance(samples, tuple) else (samples,)
    return Draws(*oracle.map_source(array, (path, draw.pairs)))

  def terms(
    self,
    example: np.ndarray,
    path: tuple[np.ndarray, ...],
    *,
    of_cost: bool = False,
  ) -> formulas.Terms:
    """Returns log-weights, scores and the model's gradients in NumPy.

    Args:
      example: `[R]`.
      path: `[K, R, D]` per layer.
      of_cost: whether the cost stands in the place of the log-weights.
    """
    v = {name: value[example] for name, value in self.values.items()}
    logits = self.logits_of_path(example, path)
    log_q = sum(
      (bits * logit - np.logaddexp(0, logit)).sum(-1)
      for bits, logit in zip(path, logits, strict=True)
    )
    rest = [
      bits - scipy.special.expit(logit)
      for bits, logit in zip(path, logits, strict=True)
    ]
    score: oracle.Gradient = {}
    for layer, slope in enumerate(rest):
      score |= in_parameters(layer, path, slope)
    values, prior, model = _toy_in_numpy(v, np.concatenate(path, -1))
    if of_cost:
      model['prior'] = np.zeros_like(model['prior'])
      return formulas.Terms(values, {}, score, model)
    return formulas.Terms(values + prior - log_q, {}, score, model)

  def logits_of_path(
    self, example: np.ndarray, path: tuple[np.ndarray, ...]
  ) -> list[np.ndarray]:
    """Returns the logits of every layer along a path, `[K, R, D]` each."""
    v = {name: value[example] for name, value in self.values.items()}
    logits = [np.broadcast_to(v['logits'], path[0].shape)]
    for layer in range(1, len(path)):
      signs = 2 * path[layer - 1] - 1
      product = np.einsum('kri,rij->krj', signs, v[f'weights{layer}'])
      logits.append(product + v[f'bias{layer}'])
    return logits


def in_parameters(
  layer: int, path: tuple[np.ndarray, ...], slope: np.ndarray
) -> oracle.Gradient:
  """Returns a gradient in one layer's logits `[K, R, D]` in its parameters."""
  if layer == 0:
    return {'logits': slope}
  signs = 2 * path[layer - 1] - 1
  outer = signs[..., None] * slope[..., None, :]
  return {f'weights{layer}': outer, f'bias{layer}': slope}


def cost(
  parameters: oracle.Parameters, path: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  """Returns a cost that is nonlinear in the samples and its parameters."""
  z = tf.concat(path, -1)
  slope, rate = parameters['slope'], parameters['rate']
  inside = tf.reduce_sum(z * slope, -1) + parameters['shift']
  curved = parameters['amplitude'] * tf.tanh(inside)
  return curved - tf.exp(rate) * z[..., 0] * z[..., -1]


def _toy_log_joint(
  parameters: oracle.Parameters, path: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  z = tf.concat(path, -1)
  prior = parameters['prior']
  log_prior = z * tf.math.log_sigmoid(prior)
  log_prior += (1 - z) * tf.math.log_sigmoid(-prior)
  return tf.reduce_sum(log_prior, -1) + cost(parameters, path)


def _toy_in_numpy(
  v: dict[str, np.ndarray], z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, oracle.Gradient]:
  """Returns cost, log p(z), and the gradient of their sum, by hand."""
  curve = np.tanh((z * v['slope']).sum(-1) + v['shift'])
  bend = v['amplitude'] * (1 - curve**2)
  both = np.exp(v['rate']) * z[..., 0] * z[..., -1]
  prior = (z * v['prior'] - np.logaddexp(0, v['prior'])).sum(-1)
  gradient = {
    'amplitude': curve,
    'slope': bend[..., None] * z,
    'shift': bend,
    'rate': -both,
    'prior': z - scipy.special.expit(v['prior']),
  }
  return v['amplitude'] * curve - both, prior, gradient


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
  parameters: oracle.Parameters, path: tuple[tf.Tensor, ...]
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
    logits: `[N, D]`.
    joint: `[N, 2 ** D]`, probabilities.
  """
  logits = np.array(logits, np.float64)
  values = {'logits': logits, 'table': np.log(np.array(joint, np.float64))}
  groups = {'posterior': ('logits',), 'model': ('table',), 'prior': ()}
  return Problem(values, groups, _table_log_joint, logits.shape[1:])
