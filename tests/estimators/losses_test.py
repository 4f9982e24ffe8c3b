"""The pure functions are the estimators, and their gradients the formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import table
import tf_mco

_LOSSES = {
  'reinforce_loo': tf_mco.reinforce_loo_loss,
  'vimco': tf_mco.vimco_loss,
}


@pytest.mark.parametrize(
  'case', [case for case in table.SMALL if case.row.name in _LOSSES], ids=str
)
def test_loss_is_the_estimator(case: table.Case) -> None:
  loss: Callable[..., tf.Tensor] = _LOSSES[case.row.name]
  problem, parameters = case.problem, case.problem.rows()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    log_joint = problem.log_joint(parameters)
    posterior = problem.posterior(parameters)
    draw = case.estimator.draw(log_joint, posterior, seed=0)
    expected = case.estimator.surrogate(log_joint, posterior, draw).loss
    log_p, log_q = log_joint(draw.samples), posterior.log_prob(draw.samples)
    found = loss(log_p, log_q, **dict(case.row.options))
  np.testing.assert_allclose(found, expected, rtol=1e-13)
  gradients = [tape.gradient(value, parameters) for value in (found, expected)]
  for one, two in zip(*map(tf.nest.flatten, gradients), strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-13)


def test_reinforce_loo_loss_by_hand() -> None:
  log_p = tf.constant([[1.0], [2.0], [6.0]])
  log_q = tf.constant([[0.0], [-1.0], [-3.0]])
  with tf.GradientTape() as tape:
    tape.watch((log_p, log_q))
    loss = tf_mco.reinforce_loo_loss(log_p, log_q)
  by_log_p, by_log_q = tape.gradient(loss, (log_p, log_q))
  np.testing.assert_allclose(loss, [-13 / 3], rtol=1e-6)
  np.testing.assert_allclose(by_log_p, np.full([3, 1], -1 / 3), rtol=1e-6)
  # log_w = (1, 3, 9): each minus the mean of the others, by 3.
  expected = [[5 / 3], [2 / 3], [-7 / 3]]
  np.testing.assert_allclose(by_log_q, expected, rtol=1e-6)
