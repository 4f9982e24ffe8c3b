"""Tests of bias_check: it finds planted faults and accepts what is right."""

from __future__ import annotations

import statistics
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import diagnostics
from tf_mco import types
from tf_mco._tfp import tfd

# The logits, p(x, z) at the index z0 + 2 * z1, and the exact gradients.
_LOGITS = (-0.4, 0.9)
_JOINT = (0.05, 0.2, 0.1, 0.15)
_ELBO_GRADIENT = np.array([0.2616377754, -0.1233971193])
_L3_GRADIENT = np.array([0.1340192095, -0.0940353998])


def _two_bits(make_loss) -> diagnostics.GradientSource:
  """Returns a source from `make_loss(log_joint, posterior, seed)`."""
  logits = tf.Variable(_LOGITS, dtype=tf.float32)
  log_table = tf.constant(np.log(_JOINT), tf.float32)

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    index = tf.cast(z[..., 0] + 2 * z[..., 1], tf.int32)
    return tf.gather(log_table, index)

  def loss(seed: types.Seed) -> tf.Tensor:
    posterior = tfd.Independent(
      tfd.Bernoulli(logits=logits[tf.newaxis], dtype=tf.float32), 1
    )
    return make_loss(log_joint, posterior, seed)

  return diagnostics.GradientSource(loss, {'encoder': [logits]})


def _estimator(name: str, **options: Any) -> Any:
  estimator = tf_mco.get_estimator(name, **options)
  return lambda log_joint, posterior, seed: (
    tf_mco.estimate(estimator, log_joint, posterior, seed=seed).loss
  )


def _vimco_without_direct_term(
  log_joint: types.LogJoint, posterior: Any, seed: types.Seed
) -> tf.Tensor:
  """Returns VIMCO without -sum_k wt_k s_k: log q is stopped in the bound."""
  z = tf_mco.distributions.sample(posterior, [3], seed=seed)
  log_q = posterior.log_prob(z)
  log_p = log_joint(z)
  whole = tf_mco.vimco_loss(log_p, log_q)
  direct = tf.reduce_logsumexp(log_p - log_q, axis=0)
  return whole + (direct - tf.stop_gradient(direct))


def test_planted_scale() -> None:
  right = _two_bits(_estimator('disarm'))
  exact = {'encoder': [-_ELBO_GRADIENT]}
  found = diagnostics.bias_check(right, exact, num_draws=200_000, seed=0)
  assert found.passed

  disarm = _estimator('disarm')
  wrong = _two_bits(lambda *args: 1.02 * disarm(*args))
  found = diagnostics.bias_check(wrong, exact, num_draws=200_000, seed=0)
  assert not found.passed
  assert found.max_abs_z > 6
  # Bias and its standard error, from the exact variance of DisARM.
  np.testing.assert_allclose(
    found.difference['encoder'][0], -0.02 * _ELBO_GRADIENT, atol=3e-3
  )
  error = np.sqrt([0.0412667521, 0.1123565862]) / np.sqrt(200_000)
  np.testing.assert_allclose(
    found.z['encoder'][0],
    found.difference['encoder'][0] / error,
    rtol=0.03,
  )


def test_dropped_term() -> None:
  exact = {'encoder': [-_L3_GRADIENT]}
  right = _two_bits(_estimator('vimco', num_samples=3))
  wrong = _two_bits(_vimco_without_direct_term)
  options = {'num_draws': 10_000, 'jit_compile': False, 'seed': 0}
  assert diagnostics.bias_check(right, exact, **options).passed
  assert not diagnostics.bias_check(wrong, exact, **options).passed
  assert not diagnostics.bias_check(wrong, right, **options).passed


def test_two_bounds_are_not_the_same() -> None:
  loo = _two_bits(_estimator('reinforce_loo'))
  vimco = _two_bits(_estimator('vimco', num_samples=2))
  assert not diagnostics.bias_check(
    loo, vimco, num_draws=5000, jit_compile=False, seed=0
  ).passed


def _model() -> tf_mco.models.LatentVariableModel:
  keras.utils.set_random_seed(0)
  layers = tf_mco.layers
  model = tf_mco.models.LatentVariableModel(
    keras.Sequential([keras.Input((20,)), layers.BernoulliPosterior(10)]),
    keras.Sequential([keras.Input((10,)), layers.BernoulliLikelihood(20)]),
    layers.BernoulliPrior(10),
    'reinforce_loo',
  )
  model.build((None, 20))
  return model


def test_disarm_against_reinforce_loo() -> None:
  model = _model()
  x = (np.random.default_rng(0).random((5, 20)) < 0.5).astype(np.float32)
  x[:, 0] = 0  # weights whose gradient is exactly zero
  found = diagnostics.bias_check(
    diagnostics.model_source(model, x, estimator='disarm'),
    diagnostics.model_source(model, x),
    num_draws=4000,
    jit_compile=False,  # which costs more than these few draws
    seed=0,
  )
  assert found.passed
  assert list(found.z) == ['encoder', 'decoder', 'prior']
  kernel = found.z['encoder'][0]
  assert kernel.shape == (20, 10)
  assert not kernel[0].any()
  size = 200 + 10 + 200 + 20 + 10 + 3  # and the mean entry of three groups
  assert found.threshold == pytest.approx(
    statistics.NormalDist().inv_cdf(1 - 1e-3 / (2 * size))
  )
  assert set(found.mean_entry_z) == {'encoder', 'decoder', 'prior'}


def _constant(value, *, noise=0.0) -> diagnostics.GradientSource:
  """Returns a source of the gradients `value`, with normal noise on them."""
  variable = tf.Variable(tf.zeros_like(value))

  def loss(seed: types.Seed) -> tf.Tensor:
    draw = tf_mco.random.normal([len(value)], dtype=tf.float32, seed=seed)
    return tf.reduce_sum((value + noise * draw) * variable)[tf.newaxis]

  return diagnostics.GradientSource(loss, {'group': [variable]})


def test_mean_entry_finds_a_small_bias_of_one_sign() -> None:
  value = np.ones(400, np.float32)
  found = diagnostics.bias_check(
    _constant(value, noise=1.0),
    {'group': [value - 0.02]},
    num_draws=2500,
    jit_compile=False,
    seed=0,
  )
  # A bias of one standard error per entry, and of 20 of their mean; the
  # margins are 4 standard errors of 400 independent scores.
  z = found.z['group'][0]
  assert np.mean(z) == pytest.approx(1, abs=0.2)
  assert np.std(z) == pytest.approx(1, abs=0.15)
  assert np.max(np.abs(z)) < found.threshold
  assert found.mean_entry_z['group'] == pytest.approx(20, abs=4)
  assert not found.passed


def test_without_variance() -> None:
  value = np.array([1.0, -2.0, 0.0], np.float32)

  def check(exact: np.ndarray) -> diagnostics.BiasCheck:
    return diagnostics.bias_check(
      _constant(value),
      {'group': [exact]},
      num_draws=200,
      jit_compile=False,
      seed=0,
    )

  assert check(value).max_abs_z == 0
  assert check(value * np.float32(1 + 1.2e-7)).passed  # rounding
  assert not check(value * 1.0001).passed
  assert check(value + np.float32([0, 0, 1e-6])).max_abs_z > 1e4
  assert not check(value + np.float32([0, 0, np.nan])).passed


def test_errors() -> None:
  source = _two_bits(_estimator('disarm'))
  with pytest.raises(ValueError, match='num_draws=99'):
    diagnostics.bias_check(source, source, num_draws=99, seed=0)
  with pytest.raises(ValueError, match='false_alarm_rate=1'):
    diagnostics.bias_check(source, source, false_alarm_rate=1, seed=0)
  for exact in ({'other': [_L3_GRADIENT]}, {'encoder': [_L3_GRADIENT[:1]]}):
    with pytest.raises(ValueError, match='same groups and shapes'):
      diagnostics.bias_check(source, exact, seed=0)
