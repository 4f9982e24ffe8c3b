"""The Keras model: compile, fit, evaluate, predict, save, export."""

from __future__ import annotations

from collections.abc import Mapping
import os
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco.layers import objective as objective_lib
from tf_mco.layers.objective import configuration
from tf_mco.layers.objective import reading
from tf_mco.models import checked_model
from tf_mco.models import components
from tf_mco.models import data_kinds
from tf_mco.models import example_counter
from tf_mco.models import export as export_lib
from tf_mco.models import faults
from tf_mco.models import generation
from tf_mco.models import group_optimizer
from tf_mco.models import observations
from tf_mco.models import training_step

# A network that ends in a head, a head, a pair (network, head), or a list of
# these, one for each stochastic layer.
NetworkAndHead: TypeAlias = keras.layers.Layer | tuple | list

_COMPILE_OPTIONS = (
  'auto_scale_loss',
  'jit_compile',
  'run_eagerly',
  'steps_per_execution',
)


# The values of `steps_per_execution` that leave the number to the model.
_AUTOMATIC = (None, 'auto')


@keras.saving.register_keras_serializable(package='tf_mco')
class LatentVariableModel(
  components.Components, generation.Generation, checked_model.CheckedModel
):
  """A latent variable model, trained on a Monte Carlo objective.

  The model is p(x) = integral p(x | z) p(z) dz, with a decoder p(x | z) and a
  prior p(z). Training maximises a lower bound of log p(x), estimated from K
  samples of the encoder q(z | x), for instance

    L_K = E[log (1/K) sum_k w[k]],  w[k] = p(x, z[k]) / q(z[k] | x).

  The estimator decides which bound that is and how its gradient is estimated.
  Estimators for binary latent variables are `disarm`, `vimco` and
  `reinforce_loo`, among others; those for real latent variables are `iwae` and
  `dreg`, among others. See `tf_mco.estimator_names()`.

  `fit` takes observations alone; targets, if any, are not used. The metrics are
  `bound`, the mean of the bound that the estimator reports, in nats, and
  `loss`, which is minus the mean bound plus the losses that the networks add,
  such as weight decay.

  What the numbers of an array mean follows from the support of the likelihood,
  and from nothing else:

  | support | booleans | integers | floating numbers |
  | --- | --- | --- | --- |
  | binary, unit_interval | 0 and 1 | bits or bytes | in [0, 1] |
  | the same, pixel_range=(low, high) | 0 and 1 | in the range | in the range |
  | the same, pixel_range=None | 0 and 1 | in [0, 1] | in [0, 1] |
  | count, categorical | 0 and 1 | 0, 1, 2, ... | whole, 0, 1, 2, ... |
  | positive | all True | positive | positive and finite |
  | one_hot | one True | one 1, else 0 | one 1, else 0 |
  | simplex | one True | one 1, else 0 | at least 0, of sum 1 |
  | circle | 0 and 1 | radians in [-pi, pi] | radians in [-pi, pi] |
  | real, interval, not known | 0 and 1 | as they are | finite |

  "Bits or bytes" is decided by the first integers that the model receives: they
  are bits if none of them is above 1, else bytes of pixels, which are divided
  by 255. `decided_pixel_range` says which, and a saved model keeps the
  decision. Later integers that contradict, and all values outside of the table,
  are errors: before work starts where the data are at hand, and at the first
  execution that meets them in a stream. By default grey pixels are binarized
  anew at every visit if the support is binary.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   encoder=tf_mco.layers.BernoulliPosterior(3),
  ...   decoder=tf_mco.layers.BernoulliLikelihood(6),
  ...   prior=tf_mco.layers.BernoulliPrior(3),
  ...   estimator=tf_mco.get_estimator('vimco', num_samples=5),
  ... )
  >>> x = np.random.default_rng(0).integers(0, 256, [8, 6], dtype=np.uint8)
  >>> model.compile('adam', run_eagerly=True)  # compiled, if it were longer
  >>> history = model.fit(x, batch_size=4, verbose=0)
  >>> sorted(history.history)
  ['bound', 'loss']
  >>> int(model.step)
  2
  >>> model.encode(x).shape.as_list(), model.sample(2).shape.as_list()
  ([8, 3], [2, 6])
  >>> bound = model.log_likelihood_bound(x, num_samples=50, seed=1)
  >>> bound.shape.as_list()
  [8]
  """

  built: bool

  def __init__(
    self,
    encoder: NetworkAndHead,
    decoder: NetworkAndHead,
    prior: keras.layers.Layer,
    estimator: estimators.Estimator | str,
    *,
    binarization: str = 'auto',
    pixel_range: reading.PixelRange = 'auto',
    analytic_kl: bool = False,
    seed: int = 0,
    **kwargs: Any,
  ):
    """Makes the model; see `tf_mco.layers.MonteCarloObjective`."""
    super().__init__(**kwargs)
    self.objective = objective_lib.MonteCarloObjective(
      encoder,
      decoder,
      prior,
      estimator,
      binarization=binarization,
      pixel_range=pixel_range,
      analytic_kl=analytic_kl,
      seed=seed,
      dtype=self.dtype_policy,
      name='objective',
    )
    self.fault: keras.Variable | None = None
    self.examples = example_counter.ExampleCounter()
    self.gradient_observer: training_step.GradientObserver | None = None
    self._loss_mean = keras.metrics.Mean(name='loss')
    self._bound_mean = keras.metrics.Mean(name='bound')

  @property
  def observation_shape(self) -> tuple[int | None, ...]:
    """The shape of one observation.

    Raises:
      ValueError: If the model has not been built.
    """
    config = self.get_build_config()
    if not self.built or not config:
      raise ValueError(
        'The shape of an observation is known once the model is built: call '
        '`fit`, or `build` with the shape of the data. Received: a model '
        'without weights'
      )
    return tuple(config['input_shape'][1:])

  @property
  def metrics(self) -> list[keras.metrics.Metric]:
    """The mean loss, and the mean bound in nats."""
    return [self._loss_mean, self._bound_mean]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Makes all weights for observations of shape `[B, ...]`."""
    if self.built:
      return
    self.fault = self.add_weight(
      name='fault',
      shape=(2,),
      dtype='int64',
      initializer=keras.initializers.Constant(-1),
      trainable=False,
      aggregation='only_first_replica',
    )
    self.objective.build(tuple(input_shape))
    self.built = True

  def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Returns the estimator's bound of each example, `[B]`, in nats."""
    seed = random.fold_in(self.objective.seed, random.Salt.CALL)
    bound = self.surrogate(x, training=training, seed=seed).bound
    return self.objective.nan_where_invalid(bound, x)

  def compile(
    self, optimizer: group_optimizer.Optimizers = 'adam', **options: Any
  ) -> None:
    """Configures training.

    Args:
      optimizer: An optimizer for all parameters, or a dictionary with one for
        each of 'encoder', 'decoder' and 'prior'.
      **options: `jit_compile`, `steps_per_execution`, `run_eagerly` and
        `auto_scale_loss` of `keras.Model.compile`. `steps_per_execution` is
        'auto' by default. With `jit_compile` an execution on an array then has
        as many steps as take about a tenth of a second; otherwise it has one.
    Raises:
      ValueError: For any other option, such as a loss.
    """
    unknown = sorted(set(options) - set(_COMPILE_OPTIONS))
    if unknown:
      raise ValueError(
        "The loss and the metrics are the objective's own. Expected options "
        f'out of {", ".join(_COMPILE_OPTIONS)}. Received: {", ".join(unknown)}'
      )
    options = data_kinds.checked_options(options)
    self._compile_options = dict(options)
    self.automatic_length = options.get('steps_per_execution') in _AUTOMATIC
    if self.automatic_length:
      options['steps_per_execution'] = 1
    self.execution = None
    super().compile(
      optimizer=group_optimizer.get(optimizer, self.parameter_groups),
      **options,
    )

  def get_compile_config(self) -> dict[str, Any]:
    """Returns the options from which `compile_from_config` compiles."""
    if not self.compiled:
      return {}
    optimizer = group_optimizer.to_config(self.optimizer)
    return {**self._compile_options, 'optimizer': optimizer}

  def compile_from_config(self, config: dict[str, Any]) -> None:
    """Compiles with the options of `get_compile_config`.

    The state of the optimizer is not part of them.
    """
    config = dict(config)
    optimizer = group_optimizer.from_config(config.pop('optimizer'))
    self.compile(optimizer=optimizer, **config)
    if self.built:
      self.optimizer.build(self.trainable_variables)

  def train_step(
    self, data: observations.Array | tuple
  ) -> dict[str, tf.Tensor]:
    """Makes one step of training on a batch of observations."""
    x = observations.of_batch(data)
    step = tf.convert_to_tensor(self.step)
    # Without the dependence, the step is also counted when a stream turns out
    # to have no further batch.
    with tf.control_dependencies([x]):
      seed = training_step.replica_seed(self.objective.next_seed())
    variables = self.trainable_variables
    fault: keras.Variable = self.fault
    with tf.GradientTape() as tape:
      result = self.surrogate(x, training=True, seed=seed)
      loss = tf.reduce_mean(result.loss)
      if self.losses:  # those of the networks, such as weight decay
        loss += tf.add_n(self.losses)
      scaled = self.optimizer.scale_loss(loss / training_step.num_replicas())
    gradients = tape.gradient(scaled, variables)
    training_step.require_gradients(gradients, variables)
    bad = ~tf.math.is_finite(loss + training_step.sum_of_all(gradients))
    # The layers note the fault before the update, because a bad update spoils
    # the values that explain the fault.
    self.objective.note_fault(bad & (tf.convert_to_tensor(fault)[1] < 0))
    self.optimizer.apply(gradients, variables)
    if self.gradient_observer is not None:
      self.gradient_observer.observe(gradients, variables)
    fault.assign(
      faults.record_first(
        tf.convert_to_tensor(fault),
        step,
        self.objective.invalid(x),
        bad,
      )
    )
    return self._update_metrics(loss, result.bound)

  def test_step(self, data: observations.Array | tuple) -> dict[str, tf.Tensor]:
    """Evaluates a batch; the same data give the same numbers every time."""
    x = observations.of_batch(data)
    # The seed of a batch is the number of examples before it. Keras resets this
    # count before an evaluation.
    before = tf.cast(self._bound_mean.count, tf.int64)
    result = self.surrogate(x, seed=self._evaluation_seed(before))
    if self.fault is not None:
      self.fault.assign(
        faults.record_first(
          tf.convert_to_tensor(self.fault),
          before,
          self.objective.invalid(x),
          faults.is_no_bound(result.bound),
        )
      )
    return self._update_metrics(tf.reduce_mean(result.loss), result.bound)

  def predict_step(self, data: observations.Array | tuple) -> tf.Tensor:
    """Returns the bound of each example of a batch, `[B]`, in nats."""
    x = observations.of_batch(data)
    before = self.examples.advance(tf.shape(x)[0])
    bound = self.surrogate(x, seed=self._evaluation_seed(before)).bound
    return self.objective.nan_where_invalid(bound, x)

  def _evaluation_seed(self, before: tf.Tensor) -> tf.Tensor:
    """Returns the seed of a batch that has so many examples before it."""
    seed = random.fold_in(self.objective.seed, random.Salt.EVALUATION)
    return training_step.replica_seed(random.fold_in(seed, before))

  def _update_metrics(
    self, loss: tf.Tensor, bound: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    self._loss_mean.update_state(loss, sample_weight=tf.shape(bound)[0])
    self._bound_mean.update_state(bound)
    return {metric.name: metric.result() for metric in self.metrics}

  def observe_gradients_with(
    self, observer: training_step.GradientObserver | None
  ) -> None:
    """Shows the gradients of every training step to an observer.

    The training step is compiled anew, because the observer becomes a part of
    it.

    Args:
      observer: In place of the one before; None for no observer.
    """
    if observer is not self.gradient_observer:
      self.gradient_observer = observer
      self.train_function, self.execution = None, None

  @property
  def order_seed(self) -> int:
    """The seed of the order in which training visits the examples of arrays."""
    return self.objective.seed

  def known_observation_shape(self) -> tuple[int | None, ...] | None:
    """Returns the shape of one observation, or None if it is not known yet."""
    known = self.built and self.get_build_config()
    return self.observation_shape if known else None

  def export(self, filepath: str | os.PathLike, **kwargs: Any) -> None:
    """Writes a SavedModel that needs TensorFlow only; see `models.export`."""
    export_lib.export(self, filepath, **kwargs)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments, and `decided_pixel_range`."""
    return {
      **configuration.to_config(self.objective.configuration()),
      'decided_pixel_range': self.decided_pixel_range,
      'name': self.name,
      'dtype': self.dtype_policy.name,
    }

  @classmethod
  def from_config(
    cls,
    config: dict[str, Any],
    custom_objects: Mapping[str, object] | None = None,
  ) -> LatentVariableModel:
    """Returns the model that `get_config` described."""
    del custom_objects
    arguments = configuration.from_config(config)
    decided = arguments.pop('decided_pixel_range')
    model = cls(**arguments)
    model.objective.decided_pixel_range = decided
    return model
