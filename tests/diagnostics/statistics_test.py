"""Tests of gradient_statistics, against exact and two-pass variances."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import diagnostics
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.estimators import reinforce_loo

# The logits, and p(x, z) at the index z0 + 2 * z1.
_LOGITS = (-0.4, 0.9)
_JOINT = (0.05, 0.2, 0.1, 0.15)
# Variances of the gradient in the two logits, by enumeration.
_EXACT_VARIANCE = {
  'reinforce_loo': [0.0455683609, 0.0612787804],
  'disarm': [0.0412667521, 0.1123565862],
  'vimco': [0.0668630121, 0.0510403646],
  'vimco_arithmetic': [0.0838040381, 0.0627957515],
}
_EXACT_GRADIENT = {
  'reinforce_loo': [0.2616377754, -0.1233971193],
  'disarm': [0.2616377754, -0.1233971193],
  'vimco': [0.1340192095, -0.0940353998],
  'vimco_arithmetic': [0.1340192095, -0.0940353998],
}
_ESTIMATORS = {
  'reinforce_loo': tf_mco.get_estimator('reinforce_loo', num_samples=3),
  'disarm': tf_mco.get_estimator('disarm'),
  'vimco': tf_mco.get_estimator('vimco', num_samples=3),
  'vimco_arithmetic': tf_mco.get_estimator(
    'vimco', num_samples=3, baseline='arithmetic'
  ),
}


def _two_bits(estimator) -> diagnostics.GradientSource:
  """Returns a problem whose two logits are a group each."""
  logits = [tf.Variable(value, dtype=tf.float32) for value in _LOGITS]
  log_table = tf.constant(np.log(_JOINT), tf.float32)

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    index = tf.cast(z[..., 0] + 2 * z[..., 1], tf.int32)
    return tf.gather(log_table, index)

  def loss(seed: types.Seed) -> tf.Tensor:
    posterior = tfd.Independent(
      tfd.Bernoulli(logits=tf.stack(logits)[tf.newaxis], dtype=tf.float32), 1
    )
    return tf_mco.estimate(estimator, log_joint, posterior, seed=seed).loss

  groups = {str(i): [logit] for i, logit in enumerate(logits)}
  return diagnostics.GradientSource(loss, groups)


@pytest.mark.parametrize('name', _ESTIMATORS)
def test_exact_variance(name: str) -> None:
  # 4 standard errors, 4 estimators, 2 entries, 2 moments: false alarms 1e-3.
  num_draws = 100_000
  found = diagnostics.gradient_statistics(
    _two_bits(_ESTIMATORS[name]), num_draws=num_draws, seed=1
  )
  for group, variance, gradient in zip(
    found.values(), _EXACT_VARIANCE[name], _EXACT_GRADIENT[name], strict=True
  ):
    assert abs(group.variance - variance) < 4 * group.standard_error
    # Enough to tell apart what a fault of a tenth would change.
    assert group.standard_error < 0.02 * variance
    error = np.sqrt(variance / num_draws)
    assert abs(-group.means[0] - gradient) < 4 * error
    assert group.num_draws == num_draws
    assert group.total_variance == pytest.approx(group.variance)
    snr = abs(gradient) / np.sqrt(variance)
    assert group.signal_to_noise == pytest.approx(snr, rel=0.05)


def test_standard_error_is_the_spread_of_repeated_measurements() -> None:
  meter = diagnostics.GradientMeter(_two_bits(_ESTIMATORS['disarm']))
  found = [meter(1000, seed=seed)['0'] for seed in range(100)]
  spread = np.std([one.variance for one in found], ddof=1)
  # The spread of 100 has a standard error of 7%, and about 16% from each of
  # their mean's 20 batches: 4 standard errors are 30%.
  stated = np.sqrt(np.mean([one.standard_error**2 for one in found]))
  assert stated == pytest.approx(spread, rel=0.3)


def test_no_variance() -> None:
  """DisARM's gradient is the same at every draw if the logit is 0."""
  logit = tf.Variable([[0.0]])

  def loss(seed: types.Seed) -> tf.Tensor:
    posterior = tfd.Independent(tfd.Bernoulli(logits=logit), 1)
    return -tf_mco.expectation(
      _ESTIMATORS['disarm'],
      lambda z: (z[..., 0] - 0.49) ** 2,
      posterior,
      seed=seed,
    )

  source = diagnostics.GradientSource(loss, {'logits': [logit]})
  found = diagnostics.gradient_statistics(source, num_draws=40, seed=0)[
    'logits'
  ]
  assert found.variance < 1e-12
  np.testing.assert_allclose(found.means[0], -5e-3, rtol=1e-4)


def test_pure_noise_has_no_signal() -> None:
  variable = tf.Variable(tf.zeros([400]))

  def loss(seed: types.Seed) -> tf.Tensor:
    noise = tf_mco.random.normal([400], dtype=tf.float32, seed=seed)
    return tf.reduce_sum(noise * variable)[tf.newaxis]

  found = diagnostics.gradient_statistics(
    diagnostics.GradientSource(loss, {'noise': [variable]}),
    num_draws=100,
    jit_compile=False,
    seed=0,
  )['noise']
  # The mean of 100 draws alone would give 0.1.
  assert found.signal_to_noise < 0.05
  # The variance of 400 entries, each from 100 draws: 4 standard errors.
  assert found.variance == pytest.approx(1, abs=0.03)
  assert found.standard_error == pytest.approx(0.0071, rel=0.6)
  assert found.total_variance == pytest.approx(400 * found.variance)


def test_loss_is_averaged_over_the_batch() -> None:
  variable = tf.Variable([0.0])
  source = diagnostics.GradientSource(
    lambda seed: variable * tf.constant([1.0, 2.0, 3.0]), {'group': [variable]}
  )
  (gradient,) = source.gradients(tf_mco.random.as_seed(0))
  np.testing.assert_array_equal(gradient, [2.0])


def test_a_functional_source_knows_no_evaluations() -> None:
  estimator = reinforce_loo.ReinforceLoo()
  found = diagnostics.gradient_statistics(
    _two_bits(estimator), num_draws=40, seed=0
  )
  assert found['0'].evaluations is None


def test_a_variable_without_gradient_is_named() -> None:
  used, lost = tf.Variable([1.0]), tf.Variable([1.0], name='lost')
  source = diagnostics.GradientSource(
    lambda seed: used**2, {'encoder': [used, lost]}
  )
  with pytest.raises(ValueError, match='No gradient reached.*lost'):
    diagnostics.gradient_statistics(
      source, num_draws=40, jit_compile=False, seed=0
    )


def test_bad_sources() -> None:
  variable = tf.Variable([1.0])
  for groups in ({}, {'encoder': []}):
    with pytest.raises(ValueError, match='at least one variable'):
      diagnostics.GradientMeter(
        diagnostics.GradientSource(lambda seed: 0, groups)
      )
  scalar = diagnostics.GradientSource(
    lambda seed: tf.reduce_sum(variable), {'encoder': [variable]}
  )
  with pytest.raises(ValueError, match=r'must be \[B\].*shape \(\)'):
    diagnostics.gradient_statistics(scalar, num_draws=40, seed=0)
  with pytest.raises(ValueError, match='num_draws=39'):
    diagnostics.gradient_statistics(scalar, num_draws=39, seed=0)
