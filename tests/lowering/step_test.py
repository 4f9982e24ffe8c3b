"""The compiled training step runs on a device without the host."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tests.lowering import stablehlo
from tests.lowering import steps
import tf_mco
from tf_mco import distributions

_POSTERIORS = {
  'bernoulli': lambda p: distributions.Bernoulli(logits=p),
  'gaussian': lambda p: tfd.Normal(p, 1.0),
  'gamma': lambda p: distributions.Gamma(p, 1.0),
}


@pytest.mark.parametrize('step', steps.STEPS, ids=str)
def test_a_training_step_needs_nothing_of_the_host(step):
  model = steps.make_model(step)
  x = tf.constant(steps.observations(step))
  program = stablehlo.lower(model.train_step, x)
  assert stablehlo.obstacles(program) == []
  assert f'tensor<{steps.BATCH}x{steps.PIXELS}x' in program  # no empty program


@pytest.mark.parametrize('step', steps.ESTIMATORS, ids=str)
def test_an_estimator_needs_nothing_of_the_host(step):
  estimator = tf_mco.get_estimator(step.estimator, **step.options)
  posterior_of = _POSTERIORS[step.posterior]

  def gradient(parameters, seed):
    def log_joint(z):
      return -tf.reduce_sum((z - parameters) ** 2, axis=-1)

    with tf.GradientTape() as tape:
      tape.watch(parameters)
      posterior = tfd.Independent(posterior_of(parameters), 1)
      loss = tf_mco.estimate(estimator, log_joint, posterior, seed=seed).loss
    return tape.gradient(loss, parameters)

  parameters = tf.constant([[0.5, 1.0, 2.0]] * steps.BATCH)
  program = stablehlo.lower(gradient, parameters, tf.constant([1, 2]))
  assert stablehlo.obstacles(program) == []
  assert f'tensor<{steps.BATCH}x3xf32>' in program


def test_the_tables_have_every_estimator():
  rows = (*steps.STEPS, *steps.ESTIMATORS)
  assert {row.estimator for row in rows} == set(tf_mco.estimator_names())
