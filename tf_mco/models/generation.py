"""What one does with a trained model: encode, decode, sample."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.layers.objective import generative_model
from tf_mco.layers.objective import pixels


class Generation:
  """Methods over `self.objective`, used eagerly, compiled and exported."""

  objective: Any

  def encode(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the mean of q(z1 | x), `[B, D]`, for data `[B, ...]`.

    Binary data are not binarized here: the encoder sees the pixels.
    """
    dtype = self.objective.log_dtype
    x = pixels.to_unit_interval(x, dtype)
    return self.objective.encode_batch(x).first_posterior.mean()

  def decode(self, z: tf.Tensor) -> tf.Tensor:
    """Returns the mean of p(x | z1), `[B, ...]`, for codes `[B, D]`."""
    z = tf.convert_to_tensor(z)
    decoder = self.objective.decoder_conditionals[0]
    return decoder.distribution(z[tf.newaxis]).mean()[0]

  def reconstruct(self, x: tf.Tensor, *, seed: types.Seed = 0) -> tf.Tensor:
    """Returns the mean of p(x | z1) at a sample of q(z1 | x)."""
    x = pixels.to_unit_interval(x, self.objective.log_dtype)
    problem = self.objective.encode_batch(x)
    posterior = problem.posterior
    if not posterior.can_rescore:
      draw = posterior.sample_and_score(problem.log_joint, 1, seed=seed)
      return self.decode(draw.samples[0])
    q = problem.first_posterior
    return self.decode(random.sample(q, [1], seed=seed)[0])

  def sample(
    self, num_samples: int | tf.Tensor, *, seed: types.Seed = 0
  ) -> tf.Tensor:
    """Returns the means of p(x | z1) at samples from the prior, `[N, ...]`."""
    stages = self.objective.decoder_conditionals
    prior = self.objective.prior.distribution()
    path = generative_model.sample_path(stages, prior, num_samples, seed=seed)
    return stages[0].distribution(path[0]).mean()[0]
