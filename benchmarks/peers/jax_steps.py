"""The training steps in JAX: an execution is one compiled `lax.scan`.

The images stay on the device, and the state is donated. Random bits come from
JAX's default generator, which is faster in this loop than XLA's own ('rbg').
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import problem
from benchmarks.peers import worker

Arrays = Mapping[str, jax.Array]
# Returns loss and bounds `[B]` from parameters, x, logits and the draws.
Loss = Callable[..., tuple[jax.Array, jax.Array]]

_fixed = jax.lax.stop_gradient
_log_sum_exp = functools.partial(jax.nn.logsumexp, axis=0)


def network(
  case: problem.Case, params: Arrays, name: str, x: jax.Array
) -> jax.Array:
  """Returns the last layer's output."""
  last = len(case.hidden)
  for index in range(last + 1):
    x = x @ params[f'{name}/{index}/w'] + params[f'{name}/{index}/b']
    if index < last:
      leaky = functools.partial(
        jax.nn.leaky_relu, negative_slope=problem.LEAKY_SLOPE
      )
      x = jnp.tanh(x) if case.gaussian else leaky(x)
  return x


def softplus(x: jax.Array) -> jax.Array:
  """Returns log(1 + exp(x)); XLA takes twice the time for log1p."""
  # Unlike max(x, 0), the half sum has the right gradient at 0.
  return (x + jnp.abs(x)) / 2 + jnp.log(1 + jnp.exp(-jnp.abs(x)))


def log_likelihood(
  case: problem.Case, params: Arrays, x: jax.Array, z: jax.Array
) -> jax.Array:
  """Returns log p(x | z), `[K, B]`, for z `[K, B, D]`."""
  samples, batch, units = z.shape
  rows = (z if case.gaussian else 2 * z - 1).reshape(-1, units)
  logits = network(case, params, 'decoder', rows)
  logits = logits.reshape(samples, batch, case.pixels)
  return jnp.sum(x * logits - softplus(logits), axis=-1)


def prior_minus_posterior(
  params: Arrays, logits: jax.Array, z: jax.Array
) -> jax.Array:
  """Returns log p(z) - log q(z | x), `[K, B]`, for bits z `[K, B, D]`."""
  prior = params['prior']
  constant = jnp.sum(softplus(logits) - softplus(prior), axis=-1)
  return jnp.sum(z * (prior - logits), axis=-1) + constant


def log_mean_exp(log_w: jax.Array) -> jax.Array:
  """Returns the logarithm of the mean over the first axis."""
  return _log_sum_exp(log_w) - math.log(log_w.shape[0])


def replaced_log_sums(log_w: jax.Array, other: jax.Array) -> jax.Array:
  """Returns `[K, B]`: the log-sum in which other[k] replaces log_w[k]."""
  mask = jnp.eye(log_w.shape[0], dtype=bool)[:, :, None]
  return jax.nn.logsumexp(jnp.where(mask, other[:, None], log_w[None]), axis=1)


def _swap_gradient(
  f: jax.Array, f_tilde: jax.Array, draws: Arrays, logits: jax.Array
) -> jax.Array:
  """Returns DisARM's estimate in the logits, summed over the pairs."""
  half = (f - f_tilde)[:, :, None] / 2
  difference = jnp.sum(half * (draws['b'] - draws['b_tilde']), axis=0)
  return _fixed(difference * jax.nn.sigmoid(jnp.abs(logits)))


def disarm(
  case: problem.Case,
  params: Arrays,
  x: jax.Array,
  logits: jax.Array,
  draws: Arrays,
) -> tuple[jax.Array, jax.Array]:
  """Returns the loss and the ELBO of both halves of one pair."""
  z = jnp.concatenate([draws['b'], draws['b_tilde']], axis=0)
  # The estimate replaces the gradient of log q; the prior keeps its own.
  f = log_likelihood(case, params, x, z)
  f += prior_minus_posterior(params, _fixed(logits), z)
  estimate = _swap_gradient(f[:1], f[1:], draws, logits)
  bound = jnp.mean(f, axis=0)
  return -(bound + jnp.sum(estimate * logits, axis=-1)), bound


def vimco(
  case: problem.Case,
  params: Arrays,
  x: jax.Array,
  logits: jax.Array,
  draws: Arrays,
) -> tuple[jax.Array, jax.Array]:
  """Returns the loss with VIMCO's signals, and the K-sample bound."""
  z = draws['z']
  log_w = log_likelihood(case, params, x, z)
  log_w += prior_minus_posterior(params, logits, z)
  bound = log_mean_exp(log_w)
  stopped, k = _fixed(log_w), log_w.shape[0]
  mean = (jnp.sum(stopped, axis=0) - stopped) / (k - 1)
  signal = _log_sum_exp(stopped) - replaced_log_sums(stopped, mean)
  # sum_k signal[k] log q(z[k]), as a product with the logits.
  weighted = jnp.sum(signal[:, :, None] * z, axis=0)
  score = jnp.sum(weighted * logits, axis=-1)
  score -= jnp.sum(signal, axis=0) * jnp.sum(softplus(logits), axis=-1)
  return -(bound + score), bound


def local_disarm(
  case: problem.Case,
  params: Arrays,
  x: jax.Array,
  logits: jax.Array,
  draws: Arrays,
) -> tuple[jax.Array, jax.Array]:
  """Returns the loss with a pair per sample, and the K-sample bound."""
  z, z_tilde = draws['b'], draws['b_tilde']
  log_w = log_likelihood(case, params, x, z)
  log_w += prior_minus_posterior(params, logits, z)
  # Only the values of the other halves count, so that no gradient is formed.
  other = log_likelihood(case, _fixed(params), x, z_tilde)
  other += prior_minus_posterior(_fixed(params), _fixed(logits), z_tilde)
  stopped = _fixed(log_w)
  replaced = replaced_log_sums(stopped, other)
  estimate = _swap_gradient(_log_sum_exp(stopped), replaced, draws, logits)
  bound = log_mean_exp(log_w)
  return -(bound + jnp.sum(estimate * logits, axis=-1)), bound


def iwae(
  case: problem.Case,
  params: Arrays,
  x: jax.Array,
  logits: jax.Array,
  draws: Arrays,
) -> tuple[jax.Array, jax.Array]:
  """Returns minus the K-sample bound of Gaussian variables, and the bound."""
  noise = draws['noise']
  mean, log_scale = jnp.split(logits, 2, axis=-1)
  z = mean + jnp.exp(log_scale) * noise
  log_w = log_likelihood(case, params, x, z)
  log_w += jnp.sum((noise**2 - z**2) / 2 + log_scale, axis=-1)
  bound = log_mean_exp(log_w)
  return -bound, bound


LOSSES: Mapping[str, Loss] = {
  'disarm': disarm,
  'vimco': vimco,
  'local_disarm': local_disarm,
  'iwae': iwae,
}


def draw(
  case: problem.Case, logits: jax.Array, key: jax.Array
) -> dict[str, jax.Array]:
  """Returns the draws of a step."""
  shape = (case.samples, case.batch_size, case.units)
  if case.gaussian:
    return {'noise': jax.random.normal(key, shape)}
  u = jax.random.uniform(key, shape)
  p = jax.nn.sigmoid(logits)
  if case.estimator == 'vimco':
    return {'z': (u < p).astype(jnp.float32)}
  return {
    'b': (u > 1 - p).astype(jnp.float32),
    'b_tilde': (u < p).astype(jnp.float32),
  }


def binarize(images: jax.Array, key: jax.Array) -> jax.Array:
  """Returns 1 with probability x / 255, from 16 random bits for each pixel."""
  batch, pixels = images.shape
  words = jax.random.bits(key, (batch, (pixels + 1) // 2), jnp.uint32)
  bits = jnp.concatenate([words & 0xFFFF, words >> 16], axis=1)[:, :pixels]
  return (bits < images.astype(jnp.uint32) * 257).astype(jnp.float32)


class Program(worker.Stepwise):
  """See `worker.Program`."""

  def __init__(
    self, case: problem.Case, images: np.ndarray, initial: problem.Arrays
  ):
    self.case = case
    self.order = problem.Order(len(images))
    self._images = jnp.asarray(images)
    self._mean = jnp.asarray(images.mean(axis=0) / 255, jnp.float32)
    self._params = {k: jnp.asarray(v) for k, v in initial.items()}
    copy, zeros = jnp.copy, jnp.zeros_like
    self._state = (
      jax.tree.map(copy, self._params),
      jax.tree.map(zeros, self._params),
      jax.tree.map(zeros, self._params),
      jnp.int32(0),
      jax.random.key(0),
    )
    self._run = jax.jit(self._steps, donate_argnums=0)

  def execute(self, indices: np.ndarray) -> float:
    """See `worker.Stepwise`."""
    self._state, bound = self._run(self._state, self._images, indices)
    return float(bound)

  def gradients(self, x: np.ndarray, samples: problem.Arrays) -> problem.Arrays:
    """See `worker.Program`."""
    draws = {k: jnp.asarray(v) for k, v in samples.items()}
    run = jax.jit(lambda p, x: self._gradients(p, x, lambda _: draws))
    gradients, bound = run(self._params, x)
    return {k: np.asarray(v) for k, v in {**gradients, 'bound': bound}.items()}

  def _gradients(
    self,
    params: Arrays,
    x: jax.Array,
    draw_from: Callable[[jax.Array], Arrays],
  ) -> tuple[Arrays, jax.Array]:
    case = self.case

    def loss_of(params: Arrays) -> tuple[jax.Array, jax.Array]:
      centred = x if case.gaussian else x - self._mean
      logits = network(case, params, 'encoder', centred)
      draws = draw_from(_fixed(logits))
      loss, bound = LOSSES[case.estimator](case, params, x, logits, draws)
      return jnp.mean(loss), bound

    return jax.grad(loss_of, has_aux=True)(params)

  def _steps(
    self, state: tuple, images: jax.Array, indices: jax.Array
  ) -> tuple[tuple, jax.Array]:
    def body(state: tuple, rows: jax.Array) -> tuple[tuple, jax.Array]:
      params, first, second, step, key = state
      key, for_pixels, for_samples = jax.random.split(key, 3)
      x = binarize(images[rows], for_pixels)
      gradients, bound = self._gradients(
        params, x, lambda logits: draw(self.case, logits, for_samples)
      )
      step += 1
      updated = self._update(params, first, second, step, gradients)
      return (*updated, step, key), jnp.mean(bound)

    state, bounds = jax.lax.scan(body, state, indices)
    return state, jnp.mean(bounds)

  def _update(
    self,
    params: Arrays,
    first: Arrays,
    second: Arrays,
    step: jax.Array,
    gradients: Arrays,
  ) -> tuple[Arrays, Arrays, Arrays]:
    t = step.astype(jnp.float32)
    rate = self.case.learning_rate * jnp.sqrt(1 - problem.BETA_2**t)
    rate /= 1 - problem.BETA_1**t
    new: tuple[dict, dict, dict] = ({}, {}, {})
    for name, value in params.items():
      g, m, v = gradients[name], first[name], second[name]
      if name == 'prior':
        value -= self.case.prior_learning_rate * g
      else:
        m += (1 - problem.BETA_1) * (g - m)
        v += (1 - problem.BETA_2) * (g * g - v)
        value -= rate * m / (jnp.sqrt(v) + problem.EPSILON)
      for target, result in zip(new, (value, m, v), strict=True):
        target[name] = result
    return new


if __name__ == '__main__':
  worker.serve(Program)
