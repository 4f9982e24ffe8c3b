"""The uses of a trained model: encode, decode, reconstruct and sample."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco.distributions import sampling
from tf_mco.layers import objective as objective_lib
from tf_mco.layers.objective import encoded_batch
from tf_mco.layers.objective import generative_model
from tf_mco.ops import checks


class Generation:
  """Methods over `self.objective`, used eagerly, compiled and exported."""

  objective: objective_lib.MonteCarloObjective

  def encode(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the mean of q(z1 | x), `[B, D]`.

    Binary data are not binarized here, so that the encoder sees the grey
    pixels and the result does not depend on a seed.

    Args:
      x: Observations, `[B, ...]`, as given to `fit`. An array with values that
        the likelihood cannot score is an error. In a compiled function, which
        cannot raise an error, the result of such an example is NaN.
    """
    mean = self._encode_grey(x).first_posterior.mean()
    return self.objective.nan_where_invalid(mean, x)

  def decode(self, z: tf.Tensor) -> tf.Tensor:
    """Returns the mean of p(x | z1), `[B, ...]`.

    Args:
      z: Codes, `[B, D]`, which are values of the first stochastic layer.
    """
    z = tf.convert_to_tensor(z)
    likelihood = self.objective.decoder_conditionals[0]
    # A likelihood is given `[K, B, D]`: here K is 1.
    return likelihood.distribution(z[tf.newaxis]).mean()[0]

  def reconstruct(self, x: tf.Tensor, *, seed: types.Seed = 0) -> tf.Tensor:
    """Returns the mean of p(x | z1) at a sample of q(z1 | x), `[B, ...]`.

    Args:
      x: Observations, `[B, ...]`; see `encode`.
      seed: An integer or an int32 `[2]` tensor. Give every batch of a data set
        a seed of its own, because the same seed is the same noise.
    """
    batch = self._encode_grey(x)
    if not batch.posterior.can_rescore:
      draw = batch.posterior.sample_and_score(batch.log_joint, 1, seed=seed)
      code = draw.samples[0]
    else:
      code = sampling.sample(batch.first_posterior, [1], seed=seed)[0]
    return self.objective.nan_where_invalid(self.decode(code), x)

  def sample(
    self, num_samples: int | tf.Tensor, *, seed: types.Seed = 0
  ) -> tf.Tensor:
    """Returns the means of p(x | z1) at samples from the prior, `[N, ...]`.

    Args:
      num_samples: N.
      seed: An integer or an int32 `[2]` tensor.
    """
    if not tf.is_tensor(num_samples):
      num_samples = checks.at_least('num_samples', num_samples, 1)
    path = generative_model.sample_path(
      self.objective.decoder_conditionals,
      self.objective.prior.distribution(),
      num_samples,
      seed=seed,
    )
    return self.decode(path[0][0])

  def _encode_grey(self, x: tf.Tensor) -> encoded_batch.EncodedBatch:
    return self.objective.encode_batch(self.objective.read(x))
