"""A Keras layer from observations to the bound of log p(x)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco import registry
from tf_mco import types
from tf_mco.distributions import sampling
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.layers.objective import configuration as configuration_lib
from tf_mco.layers.objective import encoded_batch
from tf_mco.layers.objective import observation_reader
from tf_mco.layers.objective import pixels
from tf_mco.layers.objective import reading as reading_lib
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class MonteCarloObjective(
  observation_reader.ObservationReader, keras.layers.Layer
):
  """A layer that maps x to the bound of log p(x), `[B]`, and adds its loss.

  The value is the bound that the estimator reports, in nats. The layer adds
  minus the mean of the bound as a loss, and the gradient of that loss is the
  estimator's. The returned bound carries no gradient.

  Use the layer in a functional model of your own. For a whole model with `fit`,
  `evaluate` and `export`, use `tf_mco.models.LatentVariableModel`, which also
  does what a layer cannot do: the model checks data before work starts, stops
  at a fault, and gives every batch of an evaluation noise of its own. A call of
  the layer outside of training has the same noise every time.

  #### Example

  >>> import keras
  >>> import tf_mco
  >>> objective = tf_mco.layers.MonteCarloObjective(
  ...   encoder=tf_mco.layers.BernoulliPosterior(4),
  ...   decoder=tf_mco.layers.BernoulliLikelihood(6),
  ...   prior=tf_mco.layers.BernoulliPrior(4),
  ...   estimator='disarm',
  ... )
  >>> inputs = keras.Input([6])
  >>> model = keras.Model(inputs, objective(inputs))
  >>> print(model(tf.zeros([3, 6])).shape, len(model.losses))
  (3,) 1
  """

  built: bool

  def __init__(
    self,
    encoder: conditional_lib.Specs,
    decoder: conditional_lib.Specs,
    prior: keras.layers.Layer,
    estimator: estimators.Estimator | str,
    *,
    binarization: str = 'auto',
    pixel_range: reading_lib.PixelRange = 'auto',
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
      pixel_range: the values of black and white, for a likelihood whose support
        is 'binary' or 'unit_interval'; other likelihoods read all numbers as
        they are. (low, high) maps these values to 0 and 1, in integers and in
        floating numbers. None takes all values as they are, in [0, 1]. 'auto'
        takes floating numbers as they are, and integers as bits if the first
        integers that the layer receives are 0 and 1 alone, else as bytes of
        pixels; `decided_pixel_range` says which.
      analytic_kl: whether the bound is E[log p(x|z)] - KL(q || p) with the KL
        in closed form, for estimators of a mean and one stochastic layer. With
        a Hamiltonian posterior the KL of its base is a control variate.
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
    analytic_kl = checks.boolean('analytic_kl', analytic_kl)
    self.encoder, self.decoder, self.prior = encoder, decoder, prior
    self.estimator = estimator
    self.binarization = binarization
    self.pixel_range = (
      tuple(pixel_range) if isinstance(pixel_range, list) else pixel_range
    )
    self.analytic_kl = analytic_kl
    self.seed = random.integer_seed(seed)
    self.encoder_conditionals, self.decoder_conditionals = (
      configuration_lib.parse(encoder, decoder)
    )
    # Keras saves the weights of layers in lists, but not of nested ones.
    self.parts = [
      *conditional_lib.layers(encoder),
      *conditional_lib.layers(decoder),
      prior,
    ]
    configuration_lib.check(
      self.configuration(), self.encoder_conditionals, self.decoder_conditionals
    )
    self.step: Any = None
    self._derived_support: str | None = None  # of a likelihood's own head
    # What the first integers were, (0, 1) or (0, 255), with 'auto'.
    self.decided_pixel_range: reading_lib.Range | None = None

  # This is a method, because Keras looks for layers in the attributes and the
  # properties of a layer, in alphabetical order, and names the weights in a
  # file after the first of them. A property would come before `decoder`.
  def configuration(self) -> configuration_lib.Configuration:
    """The arguments of which the layer was made."""
    return configuration_lib.Configuration(
      self.encoder,
      self.decoder,
      self.prior,
      self.estimator,
      self.binarization,
      self.pixel_range,
      self.analytic_kl,
      self.seed,
    )

  @property
  def support(self) -> str | None:
    """The name of the support of the likelihood, such as 'binary' or 'real'.

    None says that the support is unknown, because the head of the likelihood
    does not declare its support, and the model is not built yet or the
    distribution does not tell.
    """
    return self.decoder_conditionals[0].head.support or self._derived_support

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return len(self.encoder_conditionals)

  def parameter_groups(self) -> dict[str, list[keras.Variable]]:
    """Returns the trainable variables of encoder, decoder and prior."""
    return configuration_lib.trainable_variables(self.configuration())

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
      batch = self.encode_batch(example)
      self._derived_support = batch.check()
      configuration_lib.check_reading(self.configuration(), self.support)
      if batch.posterior.can_rescore:
        self.surrogate(example, prepared=True, seed=0)
      else:  # a trajectory needs a tape, and `init_scope` stops them all
        batch.log_joint(sampling.sample(batch.first_posterior, [1], seed=0))

  @property
  def log_dtype(self) -> str:
    """The dtype of data and log-weights: float32 under mixed precision."""
    return 'float64' if self.compute_dtype == 'float64' else 'float32'

  def encode_batch(
    self, x: tf.Tensor, *, training: bool = False
  ) -> encoded_batch.EncodedBatch:
    """Returns log-joint and posterior of prepared observations `[B, ...]`.

    Args:
      x: observations, as `prepare` returns them.
      training: passed to the networks.
    """
    return encoded_batch.EncodedBatch(
      x,
      self.encoder_conditionals,
      self.decoder_conditionals,
      self.prior,
      chain=isinstance(self.encoder, list),
      training=training,
    )

  def surrogate(
    self,
    x: tf.Tensor,
    *,
    estimator: estimators.Estimator | None = None,
    prepared: bool = False,
    training: bool = False,
    seed: types.Seed,
  ) -> types.Surrogate:
    """Returns loss, bound and log-weights of a batch `[B, ...]`.

    Args:
      x: observations, as given to `fit`.
      estimator: an estimator in place of the layer's own.
      prepared: whether x is a result of `prepare`, which is not repeated.
      training: passed to the networks.
      seed: an integer or an int32 `[2]` tensor.
    """
    data_seed, draw_seed = random.split(seed, 2)
    if not prepared:
      x = self.prepare(x, seed=data_seed)
    return encoded_batch.estimate(
      estimator or self.estimator,
      self.encode_batch(x, training=training),
      analytic_kl=self.analytic_kl,
      seed=draw_seed,
    )

  def note_fault(self, first: tf.Tensor) -> None:
    """Tells the heads that this step is the `first` bad one, a boolean."""
    for conditional in self.encoder_conditionals:
      conditional.head.note_fault(first)

  def describe_fault(self) -> str:
    """Returns what the heads noted, in sentences that start with a space."""
    notes = [c.head.describe_fault() for c in self.encoder_conditionals]
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
    self.add_loss(tf.reduce_mean(self.nan_where_invalid(result.loss, x)))
    return self.nan_where_invalid(result.bound, x)

  def compute_output_spec(
    self, x: keras.KerasTensor, training: bool = False
  ) -> keras.KerasTensor:
    """Returns the spec of `[B]`."""
    del training
    return keras.KerasTensor((x.shape[0],), dtype=self.log_dtype)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments, and `decided_pixel_range`."""
    config = configuration_lib.to_config(self.configuration())
    decided = {'decided_pixel_range': self.decided_pixel_range}
    return {**super().get_config(), **config, **decided}

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> MonteCarloObjective:
    """Returns the layer that `get_config` described."""
    arguments = configuration_lib.from_config(config)
    decided = arguments.pop('decided_pixel_range')
    layer = cls(**arguments)
    layer.decided_pixel_range = decided
    return layer
