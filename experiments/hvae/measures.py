"""Bounds of a trained Hamiltonian VAE, and what its dynamics have learned."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import estimators
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import models


class Elbo(evaluation.Evaluator):
  """The ELBO, with what has a closed form integrated out.

  Its `num_samples` are averaged; it binarizes as `evaluation.Evaluator` does.
  """

  def bound(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """See `evaluation.Evaluator`."""
    estimator = estimators.Elbo(num_samples=self.num_samples)
    objective = self.model.objective
    return objective.surrogate(x, estimator=estimator, seed=seed).bound


def dynamics(model: models.LatentVariableModel) -> dict[str, float]:
  """Returns the mean step size and the momentum's first scale, if any."""
  head = model.objective.encoder_conditionals[0].head
  if not isinstance(head, layers.HamiltonianPosterior):
    return {}
  parameters = tf.zeros([1, 2 * head.base_layer.units])
  posterior = head.distribution(parameters)
  return {
    'step_size': float(tf.reduce_mean(head.step_sizes())),
    'momentum_scale': float(posterior.tempering()[0]),
  }
