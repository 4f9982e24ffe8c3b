"""The training steps in plain TensorFlow: all steps of an execution in XLA.

An execution is one XLA program. Its while loop holds parameters and the moments
of Adam, and gathers each batch from the images, which stay on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import math

import numpy as np
import tensorflow as tf

from benchmarks.peers import problem
from benchmarks.peers import worker

Tensors = Mapping[str, tf.Tensor]
# Returns loss and bounds `[B]` from parameters, x, logits and the draws.
Loss = Callable[..., tuple[tf.Tensor, tf.Tensor]]


def network(
  case: problem.Case, params: Tensors, name: str, x: tf.Tensor
) -> tf.Tensor:
  """Returns the last layer's output."""
  last = len(case.hidden)
  for index in range(last + 1):
    x = tf.matmul(x, params[f'{name}/{index}/w']) + params[f'{name}/{index}/b']
    if index < last and case.gaussian:
      x = tf.tanh(x)
    elif index < last:
      x = tf.nn.leaky_relu(x, problem.LEAKY_SLOPE)
  return x


def softplus(x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 + exp(x)); XLA takes twice the time for log1p."""
  # Unlike relu(x), the half sum has the right gradient at 0.
  return (x + tf.abs(x)) / 2 + tf.math.log(1 + tf.exp(-tf.abs(x)))


def log_likelihood(
  case: problem.Case, params: Tensors, x: tf.Tensor, z: tf.Tensor
) -> tf.Tensor:
  """Returns log p(x | z), `[K, B]`, for z `[K, B, D]`."""
  samples, batch, units = z.shape
  rows = tf.reshape(z if case.gaussian else 2 * z - 1, [-1, units])
  logits = network(case, params, 'decoder', rows)
  logits = tf.reshape(logits, [samples, batch, case.pixels])
  return tf.reduce_sum(x * logits - softplus(logits), axis=-1)


def prior_minus_posterior(
  params: Tensors, logits: tf.Tensor, z: tf.Tensor
) -> tf.Tensor:
  """Returns log p(z) - log q(z | x), `[K, B]`, for bits z `[K, B, D]`."""
  prior = params['prior']
  constant = tf.reduce_sum(softplus(logits) - softplus(prior), axis=-1)
  return tf.reduce_sum(z * (prior - logits), axis=-1) + constant


def log_mean_exp(log_w: tf.Tensor) -> tf.Tensor:
  """Returns the logarithm of the mean over the first axis."""
  return tf.reduce_logsumexp(log_w, axis=0) - math.log(log_w.shape[0])


def replaced_log_sums(log_w: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
  """Returns `[K, B]`: the log-sum in which other[k] replaces log_w[k]."""
  k = log_w.shape[0]
  mask = tf.eye(k, dtype=tf.bool)[:, :, tf.newaxis]
  return tf.reduce_logsumexp(
    tf.where(mask, other[:, tf.newaxis], log_w[tf.newaxis]), axis=1
  )


def _swap_gradient(
  f: tf.Tensor, f_tilde: tf.Tensor, draws: Tensors, logits: tf.Tensor
) -> tf.Tensor:
  """Returns DisARM's estimate in the logits, summed over the pairs."""
  half = (f - f_tilde)[:, :, tf.newaxis] / 2
  difference = draws['b'] - draws['b_tilde']
  scale = tf.sigmoid(tf.abs(logits))
  return tf.stop_gradient(tf.reduce_sum(half * difference, axis=0) * scale)


def disarm(
  case: problem.Case,
  params: Tensors,
  x: tf.Tensor,
  logits: tf.Tensor,
  draws: Tensors,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the loss and the ELBO of both halves of one pair."""
  z = tf.concat([draws['b'], draws['b_tilde']], axis=0)
  # The estimate replaces the gradient of log q; the prior keeps its own.
  fixed = tf.stop_gradient(logits)
  f = log_likelihood(case, params, x, z)
  f += prior_minus_posterior(params, fixed, z)
  estimate = _swap_gradient(f[:1], f[1:], draws, logits)
  bound = tf.reduce_mean(f, axis=0)
  return -(bound + tf.reduce_sum(estimate * logits, axis=-1)), bound


def vimco(
  case: problem.Case,
  params: Tensors,
  x: tf.Tensor,
  logits: tf.Tensor,
  draws: Tensors,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the loss with VIMCO's signals, and the K-sample bound."""
  z = draws['z']
  log_w = log_likelihood(case, params, x, z)
  log_w += prior_minus_posterior(params, logits, z)
  bound = log_mean_exp(log_w)
  stopped, k = tf.stop_gradient(log_w), log_w.shape[0]
  mean = (tf.reduce_sum(stopped, axis=0) - stopped) / (k - 1)
  replaced = replaced_log_sums(stopped, mean)
  signal = tf.stop_gradient(tf.reduce_logsumexp(stopped, axis=0) - replaced)
  # sum_k signal[k] log q(z[k]), as a product with the logits.
  weighted = tf.reduce_sum(signal[:, :, tf.newaxis] * z, axis=0)
  score = tf.reduce_sum(weighted * logits, axis=-1)
  score -= tf.reduce_sum(signal, axis=0) * tf.reduce_sum(softplus(logits), -1)
  return -(bound + score), bound


def local_disarm(
  case: problem.Case,
  params: Tensors,
  x: tf.Tensor,
  logits: tf.Tensor,
  draws: Tensors,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the loss with a pair per sample, and the K-sample bound."""
  z, z_tilde = draws['b'], draws['b_tilde']
  log_w = log_likelihood(case, params, x, z)
  log_w += prior_minus_posterior(params, logits, z)
  # Only the values of the other halves count, so that no gradient is formed.
  fixed = {name: tf.stop_gradient(value) for name, value in params.items()}
  other = log_likelihood(case, fixed, x, z_tilde)
  other += prior_minus_posterior(fixed, tf.stop_gradient(logits), z_tilde)
  stopped = tf.stop_gradient(log_w)
  total = tf.reduce_logsumexp(stopped, axis=0, keepdims=True)
  replaced = replaced_log_sums(stopped, other)
  estimate = _swap_gradient(total, replaced, draws, logits)
  bound = log_mean_exp(log_w)
  return -(bound + tf.reduce_sum(estimate * logits, axis=-1)), bound


def iwae(
  case: problem.Case,
  params: Tensors,
  x: tf.Tensor,
  logits: tf.Tensor,
  draws: Tensors,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns minus the K-sample bound of Gaussian variables, and the bound."""
  noise = draws['noise']
  mean, log_scale = tf.split(logits, 2, axis=-1)
  z = mean + tf.exp(log_scale) * noise
  log_w = log_likelihood(case, params, x, z)
  log_w += tf.reduce_sum((noise**2 - z**2) / 2 + log_scale, axis=-1)
  bound = log_mean_exp(log_w)
  return -bound, bound


LOSSES: Mapping[str, Loss] = {
  'disarm': disarm,
  'vimco': vimco,
  'local_disarm': local_disarm,
  'iwae': iwae,
}


def draw(
  case: problem.Case, logits: tf.Tensor, seed: tf.Tensor
) -> dict[str, tf.Tensor]:
  """Returns the draws of a step."""
  shape = [case.samples, case.batch_size, case.units]
  if case.gaussian:
    noise = tf.random.stateless_normal(shape, seed, alg='philox')
    return {'noise': noise}
  u = tf.random.stateless_uniform(shape, seed, alg='philox')
  p = tf.sigmoid(tf.stop_gradient(logits))
  if case.estimator == 'vimco':
    return {'z': tf.cast(u < p, tf.float32)}
  return {
    'b': tf.cast(u > 1 - p, tf.float32),
    'b_tilde': tf.cast(u < p, tf.float32),
  }


def binarize(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Returns 1 with probability x / 255, from 16 random bits for each pixel."""
  batch, pixels = images.shape
  words = tf.random.stateless_uniform(
    [batch, (pixels + 1) // 2],
    seed,
    minval=None,
    maxval=None,
    dtype=tf.int32,
    alg='philox',
  )
  halves = [words & 0xFFFF, tf.bitwise.right_shift(words, 16) & 0xFFFF]
  bits = tf.concat(halves, axis=1)[:, :pixels]
  return tf.cast(bits < tf.cast(images, tf.int32) * 257, tf.float32)


class Program(worker.Stepwise):
  """See `worker.Program`."""

  def __init__(
    self, case: problem.Case, images: np.ndarray, initial: problem.Arrays
  ):
    self.case = case
    self.order = problem.Order(len(images))
    self._images = tf.constant(images)
    self._mean = tf.constant(images.mean(axis=0) / 255, tf.float32)
    self._params = {k: tf.constant(v) for k, v in initial.items()}
    adam = {k: tf.zeros_like(v) for k, v in self._params.items()}
    self._state = (self._params, adam, adam, tf.constant(0))
    self._run = tf.function(self._steps, jit_compile=True)

  def execute(self, indices: np.ndarray) -> float:
    """See `worker.Stepwise`."""
    self._state, total = self._run(self._state, tf.constant(indices))
    return float(total) / len(indices)

  def gradients(self, x: np.ndarray, samples: problem.Arrays) -> problem.Arrays:
    """See `worker.Program`."""
    draws = {k: tf.constant(v) for k, v in samples.items()}

    @tf.function(jit_compile=True)
    def evaluate() -> tuple[Tensors, tf.Tensor]:
      return self._gradients(self._params, tf.constant(x), lambda _: draws)

    gradients, bound = evaluate()
    return {k: v.numpy() for k, v in {**gradients, 'bound': bound}.items()}

  def _gradients(
    self,
    params: Tensors,
    x: tf.Tensor,
    draw_from: Callable[[tf.Tensor], Tensors],
  ) -> tuple[Tensors, tf.Tensor]:
    case = self.case
    with tf.GradientTape() as tape:
      tape.watch(params)
      centred = x if case.gaussian else x - self._mean
      logits = network(case, params, 'encoder', centred)
      loss, bound = LOSSES[case.estimator](
        case, params, x, logits, draw_from(logits)
      )
      loss = tf.reduce_mean(loss)
    return tape.gradient(loss, params), bound

  def _steps(self, state: tuple, indices: tf.Tensor) -> tuple[tuple, tf.Tensor]:
    steps = indices.shape[0]

    def body(i: tf.Tensor, state: tuple, total: tf.Tensor) -> tuple:
      params, first, second, step = state
      seeds = tf.stack([tf.stack([step, 1]), tf.stack([step, 2])])
      images = tf.gather(self._images, indices[i])
      x = binarize(images, seeds[0])
      gradients, bound = self._gradients(
        params, x, lambda logits: draw(self.case, logits, seeds[1])
      )
      state = self._update(params, first, second, step + 1, gradients)
      return i + 1, state, total + tf.reduce_mean(bound)

    loop = (tf.constant(0), state, tf.constant(0.0))
    _, state, total = tf.while_loop(
      lambda i, *_: i < steps, body, loop, maximum_iterations=steps
    )
    return state, total

  def _update(
    self,
    params: Tensors,
    first: Tensors,
    second: Tensors,
    step: tf.Tensor,
    gradients: Tensors,
  ) -> tuple[Tensors, Tensors, Tensors, tf.Tensor]:
    t = tf.cast(step, tf.float32)
    rate = self.case.learning_rate * tf.sqrt(1 - problem.BETA_2**t)
    rate /= 1 - problem.BETA_1**t
    new: tuple[dict, dict, dict] = ({}, {}, {})
    for name, value in params.items():
      g, m, v = gradients[name], first[name], second[name]
      if name == 'prior':
        value -= self.case.prior_learning_rate * g
      else:
        m += (1 - problem.BETA_1) * (g - m)
        v += (1 - problem.BETA_2) * (g * g - v)
        value -= rate * m / (tf.sqrt(v) + problem.EPSILON)
      for target, result in zip(new, (value, m, v), strict=True):
        target[name] = result
    return *new, step


if __name__ == '__main__':
  worker.serve(Program)
