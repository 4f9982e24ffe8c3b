"""The ELBO of reparameterized samples, as an expectation of any function."""

from __future__ import annotations

import tensorflow as tf

import tf_mco
from tf_mco._tfp import tfd


def test_expectation_is_the_mean_and_its_gradient_the_path() -> None:
  loc = tf.constant([[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1]])
  cost = lambda z: tf.reduce_sum(-(z**2), -1)  # noqa: E731
  elbo = tf_mco.estimators.Elbo(4)
  with tf.GradientTape() as tape:
    tape.watch(loc)
    posterior = tfd.Independent(tfd.Normal(loc, 1.0), 1)
    value = tf_mco.expectation(elbo, cost, posterior, seed=0)
  drawn = elbo.draw(cost, posterior, seed=0).samples
  tf.debugging.assert_near(value, tf.reduce_mean(cost(drawn), 0))
  slope = tf.reduce_mean(-2 * drawn, 0)
  tf.debugging.assert_near(tape.gradient(value, loc), slope)


def test_an_estimator_of_a_mean_alone_serves_expectation() -> None:
  """A class of one's own need not have the members of an `Estimator`."""
  elbo = tf_mco.estimators.Elbo(4)

  class Own(tf_mco.estimators.MeanEstimator):
    evaluations, surrogate = elbo.evaluations, elbo.surrogate
    draw, mean_surrogate = elbo.draw, elbo.mean_surrogate

  posterior = tfd.Independent(tfd.Normal(tf.zeros([3, 2]), 1.0), 1)
  cost = lambda z: tf.reduce_sum(-(z**2), -1)  # noqa: E731
  own, expected = (
    tf_mco.expectation(estimator, cost, posterior, seed=0)
    for estimator in (Own(), elbo)
  )
  tf.debugging.assert_equal(own, expected)
