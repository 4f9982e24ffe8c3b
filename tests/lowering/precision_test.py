"""Products of fewer digits do not bias a gradient beyond their rounding.

The mean gradient over every draw is compared with that of float32, so that the
difference holds no noise: the two precisions see the same draws, weighted with
the same probabilities. bfloat16 is the policy `mixed_bfloat16`, on any machine.
TF32 rounds the factors of a product on a GPU alone. It is imitated here by the
same rounding of the factors, forward and backward.

Log-weights themselves must have the digits of float32. Those here are about
-280 nats, which bfloat16 rounds by up to 1 nat.
"""

from __future__ import annotations

from collections.abc import Callable
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import half_precision
import tf_mco
from tf_mco import layers
from tf_mco import models
from tf_mco import types

_PIXELS, _UNITS = 400, 2
_NOISE = np.random.default_rng(2).normal(size=[3, 64, _UNITS]).astype('f4')
# The unit roundoff of 8 and 11 significant bits.
_BFLOAT16, _TF32 = 2.0**-9, 2.0**-12
# Weights, activations and gradients are rounded on the way, and sums over the
# samples partly cancel. The largest difference that was measured is 16
# roundings of the largest entry of the gradient.
_ROUNDINGS = 32


def _init(seed: int) -> keras.initializers.Initializer:
  # tanh does not saturate, and the log-weights of samples differ by a few nats.
  return keras.initializers.VarianceScaling(0.3, 'fan_in', seed=seed)


def _model(estimator: str, dtype: str) -> models.LatentVariableModel:
  gaussian = estimator in ('iwae', 'dreg')
  posterior = (
    layers.GaussianPosterior if gaussian else layers.BernoulliPosterior
  )
  prior = layers.GaussianPrior if gaussian else layers.BernoulliPrior
  options = {} if estimator == 'disarm' else {'num_samples': 2 + gaussian}

  def network(head: type, units: int, seed: int) -> keras.Sequential:
    hidden = keras.layers.Dense(
      8, 'tanh', kernel_initializer=_init(seed), dtype=dtype
    )
    last = head(units, kernel_initializer=_init(seed + 1), dtype=dtype)
    return keras.Sequential([hidden, last])

  model = models.LatentVariableModel(
    network(posterior, _UNITS, 1),
    network(layers.BernoulliLikelihood, _PIXELS, 3),
    prior(_UNITS, dtype=dtype),
    tf_mco.get_estimator(estimator, **options),
    binarization='none',
    dtype=dtype,
  )
  model.build((None, _PIXELS))
  return model


def _bits(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns every pair of samples `[2, 16, D]`, and the probability of each."""
  z = np.array(list(itertools.product([0.0, 1.0], repeat=2 * _UNITS)), 'f4')
  z = z.reshape(-1, 2, _UNITS).transpose(1, 0, 2)
  return z, np.prod(np.where(z == 1, p, 1 - p), axis=(0, 2))


def _antithetic(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns every antithetic pair `[2, 9, D]`, and the probability of each."""
  outcomes = []
  for p_d in p:
    small = min(p_d, 1 - p_d)
    equal = float(p_d > 0.5)
    outcomes.append(
      [(0.0, 1.0, small), (1.0, 0.0, small), (equal, equal, 1 - 2 * small)]
    )
  every = np.array(list(itertools.product(*outcomes)))
  z = every[..., :2].transpose(2, 0, 1).astype('f4')
  return z, np.prod(every[..., 2], axis=1)


def _draws(
  estimator: str, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Callable]:
  """Returns values and probabilities of all draws, and what makes a `Draw`."""
  if estimator in ('iwae', 'dreg'):
    rows = _NOISE.shape[1]

    def of_noise(noise: np.ndarray, q: tf.Module) -> types.Draw:
      return types.Draw(q.mean() + q.stddev() * noise)

    return _NOISE, np.full(rows, 1 / rows), of_noise
  q = _model(estimator, 'float32').encode_batch(x, seed=0).first_posterior
  p = np.asarray(tf.cast(q.mean(), tf.float64))[0]
  if estimator == 'disarm':

    def of_pair(z: np.ndarray, _: tf.Module) -> types.Draw:
      b, b_tilde = tf.constant(z[:1]), tf.constant(z[1:])
      pair = types.Pair((b,), (b_tilde,), tf.zeros_like(b))
      return types.Draw(tf.constant(z), (pair,))

    return *_antithetic(p), of_pair
  return *_bits(p), lambda z, _: types.Draw(tf.constant(z))


def _mean_gradient(
  estimator: str, dtype: str, rounding: tf.DType = tf.float32
) -> dict[str, np.ndarray]:
  """Returns the mean gradient over all draws, by group of parameters.

  Args:
    estimator: its name.
    dtype: the policy of the model.
    rounding: the dtype to which log p(x, z) is rounded.
  """
  x = np.random.default_rng(1).integers(0, 2, [1, _PIXELS]).astype('f4')
  values, probability, make = _draws(estimator, x)
  model = _model(estimator, dtype)
  with tf.GradientTape() as tape:
    batch = model.encode_batch(np.repeat(x, len(probability), 0), seed=0)
    draw = make(values, batch.first_posterior)

    def log_joint(z: tf.Tensor) -> tf.Tensor:
      return tf.cast(tf.cast(batch.log_joint(z), rounding), tf.float32)

    surrogate = model.estimator.surrogate(log_joint, batch.posterior, draw)
    assert surrogate.loss.dtype == tf.float32
    weights = tf.constant(probability, tf.float32)
    loss = tf.reduce_sum(weights * surrogate.loss)
  groups = {k: v for k, v in model.parameter_groups().items() if v}
  gradients = tape.gradient(
    loss, {k: [v.value for v in g] for k, g in groups.items()}
  )
  return {
    name: np.concatenate([np.ravel(g) for g in of_group])
    for name, of_group in gradients.items()
  }


def _largest_difference(
  exact: dict[str, np.ndarray], rounded: dict[str, np.ndarray]
) -> float:
  """Returns the largest difference over the largest entry of its group."""
  return max(
    float(np.max(np.abs(exact[name] - rounded[name])))
    / float(np.max(np.abs(exact[name])))
    for name in exact
  )


def _tf32(x: tf.Tensor) -> tf.Tensor:
  """Rounds to the nearest number of 11 significant bits."""
  bits = tf.bitcast(x, tf.int32) + 0x1000
  return tf.bitcast(tf.bitwise.bitwise_and(bits, ~0x1FFF), tf.float32)


@tf.custom_gradient
def _tf32_product(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Callable]:
  a, b = _tf32(a), _tf32(b)

  def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    upstream = _tf32(upstream)
    flat = [tf.reshape(x, [-1, x.shape[-1]]) for x in (a, upstream)]
    return (
      tf.matmul(upstream, b, transpose_b=True),
      tf.matmul(*flat, transpose_a=True),
    )

  return tf.matmul(a, b), gradient


_ESTIMATORS = ['disarm', 'vimco', 'iwae', 'dreg']


@pytest.mark.parametrize('estimator', _ESTIMATORS)
def test_bfloat16_biases_by_no_more_than_its_rounding(estimator):
  if not half_precision.multiplies_bfloat16():
    pytest.skip('bfloat16 products are not supported here')
  difference = _largest_difference(
    _mean_gradient(estimator, 'float32'),
    _mean_gradient(estimator, 'mixed_bfloat16'),
  )
  # A difference of nothing would mean that nothing was rounded.
  assert _BFLOAT16 / 100 < difference < _ROUNDINGS * _BFLOAT16


def test_the_bound_of_the_bias_finds_log_weights_in_bfloat16():
  exact = _mean_gradient('vimco', 'float32')
  rounded = _mean_gradient('vimco', 'float32', rounding=tf.bfloat16)
  assert _largest_difference(exact, rounded) > 2 * _ROUNDINGS * _BFLOAT16


@pytest.mark.parametrize('estimator', _ESTIMATORS)
def test_tf32_biases_by_no_more_than_its_rounding(estimator, monkeypatch):
  exact = _mean_gradient(estimator, 'float32')
  monkeypatch.setattr(
    keras.src.ops,
    'matmul',
    lambda a, b: _tf32_product(
      tf.convert_to_tensor(a), tf.convert_to_tensor(b)
    ),
  )
  difference = _largest_difference(exact, _mean_gradient(estimator, 'float32'))
  assert _TF32 / 100 < difference < _ROUNDINGS * _TF32


def test_the_imitated_rounding_is_to_nearest():
  step = 2.0**-10
  x = tf.constant([1 + 0.49 * step, 1 + 0.51 * step, -3.0, 0.0])
  assert _tf32(x).numpy().tolist() == [1.0, 1 + step, -3.0, 0.0]
