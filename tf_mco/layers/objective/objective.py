"""A Keras layer from data to the bound of log p(x), which adds its loss."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import random
from tf_mco import registry
from tf_mco import types
from tf_mco.distributions import sampling
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.layers.objective import configuration
from tf_mco.layers.objective import encoded_batch as encoded_batch
from tf_mco.layers.objective import pixels
from tf_mco.ops import checks
from tf_mco.posteriors import protocol


@keras.saving.register_keras_serializable(package='tf_mco')
class MonteCarloObjective(keras.layers.Layer):
  """x -> the bound of log p(x), `[B]`, in nats; adds minus its mean as loss.

  The value is the bound that the estimator reports; the gradient of the
  added loss is the estimator's. The returned bound carries no gradient.
  """

  built: bool

  def __init__(
    self,
    encoder: Any,
    decoder: Any,
    prior: Any,
    estimator: types.Estimator | str,
    *,
    binarization: str = 'auto',
    analytic_kl: bool = False,
    seed: int = 0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      encoder: q(z | x): a Keras model that ends in a posterior layer, say
        `BernoulliPosterior`; such a layer; or a pair (network, layer). A list
        of those is a chain of stochastic layers: the first from x, each later
        one from the sample before it.
      decoder: p(x | z) in the same forms, ending in a likelihood layer. For a
        chain a list in the encoder's order: the first gives x from z1, the
        second z1 from z2.
      prior: a Keras layer with `.distribution()`, p(z) of the last z.
      estimator: an estimator, or its name.
      binarization: 'dynamic': x is 1 with probability its pixel, drawn anew
        at every visit inside the compiled step; 'none'; 'auto': dynamic if the
        likelihood is of binary data.
      analytic_kl: E[log p(x|z)] - KL(q || p) with the KL in closed form, for
        estimators of a mean and one stochastic layer. With a Hamiltonian
        posterior, that of its base, as a control variate.
      seed: of all random numbers, together with the step.
      **kwargs: of `keras.layers.Layer`.
    Raises:
      ValueError: if the parts do not fit together.
    """
    # Pixels in half precision would be binarized with the wrong probability.
    super().__init__(autocast=False, **kwargs)
    if isinstance(estimator, str):
      estimator = registry.get_estimator(estimator)
    checks.one_of('binarization', binarization, pixels.BINARIZATIONS)
    checks.boolean('analytic_kl', analytic_kl)
    self.encoder, self.decoder, self.prior = encoder, decoder, prior
    self.estimator = estimator
    self.binarization = binarization
    self.analytic_kl = analytic_kl
    self.seed = seed
    self.encoder_stages = conditional_lib.parse('encoder', encoder)
    self.decoder_stages = conditional_lib.parse('decoder', decoder)
    # Keras saves the weights of layers in lists, but not of nested ones.
    self.parts = [
      *conditional_lib.layers(encoder),
      *conditional_lib.layers(decoder),
      prior,
    ]
    configuration.check(self)
    self.step: Any = None

  @property
  def support(self) -> str:
    """The values that the likelihood scores: 'binary' or 'real'."""
    return self.decoder_stages[0].head.support

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return len(self.encoder_stages)

  def parameter_groups(self) -> dict[str, list]:
    """Returns the trainable variables of encoder, decoder and prior."""
    return configuration.trainable_variables(
      self.encoder, self.decoder, self.prior
    )

  def build(self, input_shape: Any) -> None:
    """Makes all weights, by one evaluation of an example of zeros."""
    if self.built:
      return
    self.step = self.add_weight(
      name='step',
      shape=(),
      dtype='int64',
      initializer='zeros',
      trainable=False,
      autocast=False,
      aggregation='only_first_replica',
    )
    self.built = True
    with tf.init_scope():
      example = tf.zeros([1, *input_shape[1:]], self.log_dtype)
      problem = self.problem(self.prepare(example, seed=0))
      if protocol.can_rescore(problem.posterior):
        self.surrogate(example, seed=0)
      else:  # a trajectory needs a tape, and `init_scope` stops them all
        base = problem.first_posterior
        problem.log_joint(sampling.sample(base, [1], seed=0))

  @property
  def log_dtype(self) -> str:
    """The dtype of data and log-weights: float32 under mixed precision."""
    return 'float64' if self.compute_dtype == 'float64' else 'float32'

  def prepare(self, x: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
    """Returns the data as the model sees them: floating, and binarized."""
    dynamic = self.binarization == 'dynamic' or (
      self.binarization == 'auto' and self.support == 'binary'
    )
    if dynamic:
      return pixels.binarize(x, dtype=self.log_dtype, seed=seed)
    return pixels.to_unit_interval(x, self.log_dtype)

  def problem(
    self, x: tf.Tensor, *, training: bool = False
  ) -> encoded_batch.EncodedBatch:
    """Returns log-joint and posterior of prepared data `[B, ...]`."""
    return encoded_batch.make(
      x,
      self.encoder_stages,
      self.decoder_stages,
      self.prior,
      chain=isinstance(self.encoder, list),
      training=training,
    )

  def surrogate(
    self,
    x: tf.Tensor,
    *,
    estimator: types.Estimator | None = None,
    training: bool = False,
    seed: types.Seed,
  ) -> types.Surrogate:
    """Returns loss, bound and log-weights of a batch `[B, ...]`.

    Args:
      x: images, as given to `fit`.
      estimator: in place of the layer's own.
      training: passed to the networks.
      seed: an integer or an int32 `[2]` tensor.
    """
    data_seed, draw_seed = random.split(seed, 2)
    prepared = self.prepare(x, seed=data_seed)
    return encoded_batch.estimate(
      estimator or self.estimator,
      self.problem(prepared, training=training),
      analytic_kl=self.analytic_kl,
      seed=draw_seed,
    )

  def note_fault(self, first: tf.Tensor) -> None:
    """Tells the layers that this step is the `first` bad one, a boolean."""
    for stage in self.encoder_stages:
      if hasattr(stage.head, 'note_fault'):
        stage.head.note_fault(first)

  def describe_fault(self) -> str:
    """Returns what the layers noted, in sentences that start with a space."""
    heads = [stage.head for stage in self.encoder_stages]
    notes = [h.describe_fault() for h in heads if hasattr(h, 'describe_fault')]
    return ''.join(f' {note}' for note in notes if note)

  def next_seed(self) -> tf.Tensor:
    """Returns the seed of this step, and counts the step."""
    seed = random.fold_in(self.seed, tf.convert_to_tensor(self.step))
    self.step.assign_add(1)
    return seed

  def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Returns the bound `[B]`, in nats, and adds minus its mean as loss."""
    if training:
      seed = self.next_seed()
    else:
      seed = random.fold_in(self.seed, random.Salt.CALL)
    result = self.surrogate(x, training=training, seed=seed)
    self.add_loss(tf.reduce_mean(result.loss))
    return result.bound

  def compute_output_spec(self, x: Any, training: bool = False) -> Any:
    """Returns the spec of `[B]`."""
    del training
    return keras.KerasTensor((x.shape[0],), dtype=self.log_dtype)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), **configuration.to_config(self)}

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> MonteCarloObjective:
    """Returns the layer that `get_config` described."""
    return cls(**configuration.from_config(config))
