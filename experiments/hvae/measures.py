"""The ELBO of a Hamiltonian VAE, and what its dynamics have learned."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import estimators
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import models


class Elbo(evaluation.Evaluator):
  """Evaluates the ELBO, of which every part in closed form is integrated out.

  The ELBO averages `num_samples` samples. Images are binarized as
  `evaluation.Evaluator` binarizes them.
  """

  def bound(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns the ELBO of each image of a batch, `[B]`, in nats."""
    estimator = estimators.Elbo(num_samples=self.num_samples)
    return self.model.surrogate(x, estimator=estimator, seed=seed).bound


def dynamics(model: models.LatentVariableModel) -> dict[str, float]:
  """Returns the mean step size and the scale of the first momentum.

  The plain VAE has neither, and its dictionary is empty.
  """
  head = model.encoder_conditional().head
  if not isinstance(head, layers.HamiltonianPosterior):
    return {}
  parameters = tf.zeros([1, 2 * head.base_layer.units])
  posterior = head.distribution(parameters)
  return {
    'step_size': float(tf.reduce_mean(head.step_sizes())),
    'momentum_scale': float(posterior.tempering()[0]),
  }
