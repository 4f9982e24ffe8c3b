"""Reweighted wake-sleep: its limit, and its sleep phase."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import binary_problems
from tests.contract.oracles import enumeration
from tests.contract.oracles import oracle
import tf_mco
from tf_mco import types


def test_many_samples_fit_the_posterior() -> None:
  """With K the wake phase nears the gradient of -KL(p(z | x) || q)."""
  problem = binary_problems.toy((1,), 3)
  states = enumeration.independent(problem, 1)
  terms = problem.terms(states.example, states.source.samples)
  log_w = terms.log_w[0].reshape(3, 2)
  s = scipy.special.expit(problem.values['logits'])
  q = np.concatenate([1 - s, s], 1)
  posterior = scipy.special.softmax(log_w + np.log(q), 1)
  limit = posterior[:, 1:] - s
  error = []
  for count in (2, 4, 8):
    outcomes = enumeration.independent(problem, count)
    estimator = table.BY_NAME['rws'].make(count)
    found = oracle.estimates(estimator, problem, outcomes, stopped=True)
    mean = oracle.moments(found, outcomes).mean
    error.append(np.abs(mean['logits'] - limit).max())
  # The bias of self-normalized weights is of order 1 / K.
  assert error[0] > 1.5 * error[1] > 2.25 * error[2]
  assert error[2] < 0.25 * np.abs(limit).max()


class _Dreaming:
  """A log-joint whose dreams are fixed, with a known log q of them."""

  def __init__(self, log_joint: types.LogJoint, parameters: oracle.Parameters):
    self._log_joint = log_joint
    self._parameters = parameters

  def __call__(self, samples: types.Samples) -> tf.Tensor:
    """Returns log p(x, z)."""
    return self._log_joint(samples)

  def dream(self, *, seed: types.Seed) -> tuple[tf.Tensor, types.Path]:
    """Returns x, which is three numbers, and no z."""
    x = tf_mco.random.normal([3], dtype=tf.float64, seed=seed)
    return x, ()

  def log_q_of_dream(self, dream: tuple[tf.Tensor, types.Path]) -> tf.Tensor:
    """Returns a function of the dream and of q's parameters."""
    x, _ = dream
    return x * tf.reduce_sum(self._parameters['logits'] ** 2, -1)


@pytest.mark.parametrize(('phase', 'share'), [('sleep', 0.0), ('both', 0.5)])
def test_sleep_phase(phase: str, share: float) -> None:
  """The posterior climbs its share of wake, and log q of a dream."""
  problem = binary_problems.toy((2,), 3)
  parameters = problem.rows()
  estimator = tf_mco.estimators.Rws(4, phase=phase)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    posterior = problem.posterior(parameters)
    log_joint = _Dreaming(problem.log_joint(parameters), parameters)
    draw = estimator.draw(log_joint, posterior, seed=3)
    found = estimator.surrogate(log_joint, posterior, draw)
    wake = tf_mco.estimators.Rws(4).surrogate(log_joint, posterior, draw)
  np.testing.assert_array_equal(found.loss, -found.bound)
  np.testing.assert_array_equal(found.bound, wake.bound)
  slopes, expected = (tape.gradient(s.loss, parameters) for s in (found, wake))
  dreamt = 2 * draw.extras[0][:, None] * parameters['logits']
  np.testing.assert_allclose(
    slopes['logits'],
    share * expected['logits'] - (1 - share) * dreamt,
    rtol=1e-12,
  )
  for name in (*problem.groups['model'], *problem.groups['prior']):
    np.testing.assert_array_equal(slopes[name], expected[name])


@pytest.mark.parametrize('phase', ['sleep', 'both'])
def test_the_sleep_phase_is_of_first_order(phase: str) -> None:
  problem = binary_problems.toy((2,), 3)
  parameters = problem.rows()
  estimator = tf_mco.estimators.Rws(4, phase=phase)
  with tf.GradientTape() as outer:
    outer.watch(parameters)
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      posterior = problem.posterior(parameters)
      log_joint = _Dreaming(problem.log_joint(parameters), parameters)
      loss = tf_mco.estimate(estimator, log_joint, posterior, seed=3).loss
    slope = tape.gradient(loss, parameters)['logits']
  with pytest.raises(LookupError, match='second derivative of this estimator'):
    outer.gradient(slope, parameters['logits'])


def test_the_sleep_phase_needs_dreams() -> None:
  problem = binary_problems.toy((2,), 3)
  parameters = problem.rows()
  posterior, log_joint = (
    problem.posterior(parameters),
    problem.log_joint(parameters),
  )
  with pytest.raises(ValueError, match="phase='both' needs.*`dream`.*Received"):
    tf_mco.estimate(
      tf_mco.estimators.Rws(2, phase='both'), log_joint, posterior, seed=0
    )
