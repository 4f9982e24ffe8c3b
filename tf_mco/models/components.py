"""The parts of a model, and the values that it computes for a batch."""

from __future__ import annotations

import keras
import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco import types
from tf_mco.layers import objective as objective_lib
from tf_mco.layers.heads import prior as prior_lib
from tf_mco.layers.objective import conditional
from tf_mco.layers.objective import encoded_batch
from tf_mco.layers.objective import reading
from tf_mco.models import observations
from tf_mco.posteriors import importance


class Components:
  """Accessors of `self.objective`, so that nobody has to reach through it."""

  objective: objective_lib.MonteCarloObjective
  non_trainable_variables: list[keras.Variable]

  # These accessors are methods of one layer each, or come after `layers` in the
  # alphabet, for a reason. Keras writes a layer to a file under the first
  # attribute that holds the layer, also in a tuple, in alphabetical order. A
  # property `encoder_conditionals` would therefore move weights to other places
  # of the file, and models that were saved before would not load.

  @property
  def estimator(self) -> estimators.Estimator:
    """The estimator that the model is trained with."""
    return self.objective.estimator

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return self.objective.num_layers

  def encoder_conditional(self, layer: int = 0) -> conditional.Conditional:
    """Returns q(z1 | x) for layer 0, q(z2 | z1) for layer 1, and so on.

    The result has the attributes `network`, which is None if the head stands
    alone, and `head`.
    """
    return self.objective.encoder_conditionals[layer]

  def decoder_conditional(self, layer: int = 0) -> conditional.Conditional:
    """Returns p(x | z1) for layer 0, p(z1 | z2) for layer 1, and so on.

    The result has the attributes `network`, which is None if the head stands
    alone, and `head`.
    """
    return self.objective.decoder_conditionals[layer]

  @property
  def prior(self) -> prior_lib.Prior:
    """The layer whose `distribution()` is p(z) of the last z."""
    return self.objective.prior

  @property
  def support(self) -> str | None:
    """The name of the support of the likelihood, such as 'binary' or 'real'."""
    return self.objective.support

  @property
  def pixel_range(self) -> reading.PixelRange:
    """The option: 'auto', None, or the values of black and white."""
    return self.objective.pixel_range

  @property
  def decided_pixel_range(self) -> reading.Range | None:
    """What the first integers were: (0, 1) for bits, (0, 255) for pixels.

    The value is None as long as the model has seen no integers, and for a model
    to which 'auto' does not apply.
    """
    return self.objective.decided_pixel_range

  def check_observations(
    self, x: observations.Array, where: str = 'the observations'
  ) -> None:
    """Raises ValueError for observations that the likelihood cannot score.

    All methods that take observations check an array by themselves. Call this
    method before a compiled function of your own, so that the first integers
    decide what integers mean.

    Args:
      x: An array or an eager tensor, `[B, ...]`.
      where: The name of the array in the message.
    """
    self.objective.check_observations(x, where)

  def expected_observations(self) -> str:
    """Returns what the likelihood can score, in words for an error."""
    return self.objective.expected_observations()

  @property
  def log_dtype(self) -> str:
    """The dtype of observations and log-weights, 'float32' or 'float64'."""
    return self.objective.log_dtype

  @property
  def step(self) -> keras.Variable:
    """The number of training steps so far, an int64 variable.

    With the seed of the model, it decides the random numbers of the next step.
    """
    return self.objective.step

  def parameter_groups(self) -> dict[str, list[keras.Variable]]:
    """Returns the trainable variables of encoder, decoder and prior."""
    return self.objective.parameter_groups()

  def state_variables(self) -> list[keras.Variable]:
    """Returns the non-trainable variables, such as the moments of a norm.

    The variables in which heads note the values of a fault are left out.
    """
    notes = {
      id(variable)
      for conditional in self.objective.encoder_conditionals
      for variable in conditional.head.non_trainable_variables
    }
    return [v for v in self.non_trainable_variables if id(v) not in notes]

  def prepare(self, x: observations.Array, *, seed: types.Seed) -> tf.Tensor:
    """Returns observations as the likelihood scores them, `[B, ...]`.

    The result is floating. It is binarized, with random numbers from the seed,
    if the model binarizes observations.
    """
    return self.objective.prepare(x, seed=seed)

  def encode_batch(
    self,
    x: observations.Array,
    *,
    prepared: bool = False,
    training: bool = False,
    seed: types.Seed,
  ) -> encoded_batch.EncodedBatch:
    """Returns log-joint, posterior and likelihood of a batch.

    Args:
      x: Observations `[B, ...]` as given to `fit`; see `prepare`.
      prepared: Whether x is a result of `prepare`, which is not repeated.
      training: Whether the networks are called as in training.
      seed: An integer or an int32 `[2]` tensor, for the binarization.
    Returns:
      An `EncodedBatch`, of which `log_joint` and `posterior` are the arguments
      of `tf_mco.estimate`.
    """
    if not prepared:
      x = self.prepare(x, seed=seed)
    return self.objective.encode_batch(x, training=training)

  def surrogate(
    self,
    x: observations.Array,
    *,
    estimator: estimators.Estimator | None = None,
    prepared: bool = False,
    training: bool = False,
    seed: types.Seed,
  ) -> types.Surrogate:
    """Returns loss, bound and log-weights of a batch, all in nats.

    Args:
      x: Observations `[B, ...]`, as given to `fit`.
      estimator: An estimator in place of the model's own.
      prepared: Whether x is a result of `prepare`, which is not repeated.
      training: Whether the networks are called as in training.
      seed: An integer or an int32 `[2]` tensor.
    """
    return self.objective.surrogate(
      x,
      estimator=estimator,
      prepared=prepared,
      training=training,
      seed=seed,
    )

  def log_likelihood_bound(
    self, x: observations.Array, *, num_samples: int, seed: types.Seed
  ) -> tf.Tensor:
    """Returns the K-sample bound of log p(x) of a batch, `[B]`, in nats.

    In a compiled function, which cannot raise an error, the bound of an example
    that the likelihood cannot score is NaN.

    Args:
      x: Observations `[B, ...]`, as given to `fit`.
      num_samples: K. The samples are drawn in chunks of bounded memory.
      seed: An integer or an int32 `[2]` tensor.
    """
    data_seed, seed = random.split(seed, 2)
    batch = self.encode_batch(x, seed=data_seed)
    bound = importance.importance_bound(
      batch.log_joint, batch.posterior, num_samples, seed=seed
    )
    return self.objective.nan_where_invalid(bound, x)

  def describe_fault(self) -> str:
    """Returns the heads' notes about the first bad step, in sentences.

    Each sentence starts with a space, so that they can follow a message.
    """
    return self.objective.describe_fault()
