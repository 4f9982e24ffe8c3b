"""The Keras model: compile, fit, evaluate, predict, save, export."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco import types
from tf_mco.layers import objective as objective_lib
from tf_mco.layers.objective import configuration
from tf_mco.layers.objective import pixels
from tf_mco.models import data as data_lib
from tf_mco.models import export as export_lib
from tf_mco.models import faults
from tf_mco.models import generation
from tf_mco.models import group_optimizer
from tf_mco.posteriors import importance


@keras.saving.register_keras_serializable(package='tf_mco')
class LatentVariableModel(generation.Generation, keras.Model):
  """A latent variable model, trained on a Monte Carlo objective.

  `fit` takes images alone (targets, if any, are not used). Metrics: `bound`,
  the mean of the bound that the estimator reports, in nats, and `loss`.
  """

  built: bool

  def __init__(
    self,
    encoder: Any,
    decoder: Any,
    prior: Any,
    estimator: estimators.Estimator | str,
    *,
    binarization: str = 'auto',
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
      analytic_kl=analytic_kl,
      seed=seed,
      dtype=self.dtype_policy,
      name='objective',
    )
    self.fault: Any = None
    self.gradient_observer: Any = None
    self._loss_mean = keras.metrics.Mean(name='loss')
    self._bound_mean = keras.metrics.Mean(name='bound')

  @property
  def estimator(self) -> estimators.Estimator:
    """The estimator that the model is trained with."""
    return self.objective.estimator

  @property
  def metrics(self) -> list[keras.metrics.Metric]:
    """Mean loss, and mean bound in nats."""
    return [self._loss_mean, self._bound_mean]

  def parameter_groups(self) -> dict[str, list]:
    """Returns the trainable variables of encoder, decoder and prior."""
    return self.objective.parameter_groups()

  def build(self, input_shape: Any) -> None:
    """Makes all weights for data of shape `[B, ...]`."""
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
    self._build_shapes_dict = {'input_shape': tuple(input_shape)}

  def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
    """Returns the estimator's bound of each example, `[B]`, in nats."""
    seed = random.fold_in(self.objective.seed, -1)
    return self.objective.surrogate(x, training=training, seed=seed).bound

  def compile(self, optimizer: Any = 'adam', **options: Any) -> None:
    """Configures training.

    Args:
      optimizer: for all parameters, or a dictionary with one for each of
        'encoder', 'decoder' and 'prior'.
      **options: `jit_compile`, `steps_per_execution`, `run_eagerly` and
        `auto_scale_loss` of `keras.Model.compile`.
    """
    allowed = (
      'auto_scale_loss',
      'jit_compile',
      'run_eagerly',
      'steps_per_execution',
    )
    unknown = sorted(set(options) - set(allowed))
    if unknown:
      raise ValueError(
        "The loss and the metrics are the objective's own. Expected options "
        f'out of {", ".join(allowed)}. Received: {", ".join(unknown)}'
      )
    self._compile_options = options
    super().compile(
      optimizer=group_optimizer.get(optimizer, self.parameter_groups),
      **options,
    )

  def get_compile_config(self) -> dict[str, Any]:
    """Returns what `compile_from_config` needs."""
    if not self.compiled:
      return {}
    optimizer = group_optimizer.to_config(self.optimizer)
    return {**self._compile_options, 'optimizer': optimizer}

  def compile_from_config(self, config: dict[str, Any]) -> None:
    """Compiles as `get_compile_config` described, optimizer state aside."""
    config = dict(config)
    optimizer = group_optimizer.from_config(config.pop('optimizer'))
    self.compile(optimizer=optimizer, **config)
    if self.built:
      self.optimizer.build(self.trainable_variables)

  def train_step(self, data: Any) -> dict[str, tf.Tensor]:
    """Makes one step of training on a batch of images."""
    x = data_lib.images_of(data)
    step = tf.convert_to_tensor(self.objective.step)
    seed = data_lib.replica_seed(self.objective.next_seed())
    variables = self.trainable_variables
    with tf.GradientTape() as tape:
      result = self.objective.surrogate(x, training=True, seed=seed)
      loss = tf.reduce_mean(result.loss)
      if self.losses:  # the networks' own, say weight decay
        loss += tf.add_n(self.losses)
      scaled = self.optimizer.scale_loss(loss / data_lib.num_replicas())
    gradients = tape.gradient(scaled, variables)
    data_lib.require_gradients(gradients, variables)
    bad = ~tf.math.is_finite(loss + data_lib.sum_of_all(gradients))
    # Before the update, which spoils what the layers would note.
    self.objective.note_fault(bad & (tf.convert_to_tensor(self.fault)[1] < 0))
    self.optimizer.apply(gradients, variables)
    if self.gradient_observer is not None:
      self.gradient_observer.observe(gradients, variables)
    self.fault.assign(
      faults.first_steps(
        tf.convert_to_tensor(self.fault),
        step,
        pixels.invalid(x, self.objective.support),
        bad,
      )
    )
    return self._update_metrics(loss, result.bound)

  def test_step(self, data: Any) -> dict[str, tf.Tensor]:
    """Evaluates a batch; the same data give the same numbers every time."""
    x = data_lib.images_of(data)
    # The count of examples so far; Keras resets it before an evaluation.
    seed = random.fold_in(
      random.fold_in(self.objective.seed, -2),
      tf.cast(self._bound_mean.count, tf.int32),
    )
    result = self.objective.surrogate(x, seed=seed)
    return self._update_metrics(tf.reduce_mean(result.loss), result.bound)

  def _update_metrics(
    self, loss: tf.Tensor, bound: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    self._loss_mean.update_state(loss, sample_weight=tf.shape(bound)[0])
    self._bound_mean.update_state(bound)
    return {metric.name: metric.result() for metric in self.metrics}

  def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
    """Trains; see `keras.Model.fit`. Data are checked before it starts.

    Raises:
      ValueError: for values that the likelihood cannot score: before training
        in arrays and in the first batch of a stream, later in a stream at the
        first execution that meets them. Also when a bound is not finite.
    """
    data_lib.refuse_weights(kwargs)
    x = data_lib.with_first_batch(x)
    data_lib.check(x, self.objective.support, 'the training data')
    validation = kwargs.get('validation_data')
    data_lib.check(validation, self.objective.support, 'the validation data')
    data_lib.build_from(self, x)
    if self.fault is not None:
      self.fault.assign([-1, -1])
    x = iter(x) if isinstance(x, data_lib.PeekedGenerator) else x
    others = kwargs.pop('callbacks', None) or []
    others = others if isinstance(others, (list, tuple)) else [others]
    return super().fit(
      x, y, callbacks=[faults.StopAtFault(), *others], **kwargs
    )

  def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
    """Evaluates the estimator's own bound; see `keras.Model.evaluate`."""
    data_lib.refuse_weights(kwargs)
    data_lib.check(x, self.objective.support, 'the data')
    return super().evaluate(x, y, **kwargs)

  def predict(self, x: Any, **kwargs: Any) -> Any:
    """Returns the estimator's bound of each example, `[N]`, in nats."""
    data_lib.check(x, self.objective.support, 'the data')
    return super().predict(x, **kwargs)

  def log_likelihood_bound(
    self, x: tf.Tensor, *, num_samples: int, seed: types.Seed
  ) -> tf.Tensor:
    """Returns the K-sample bound of log p(x) of a batch, `[B]`, in nats."""
    data_seed, seed = random.split(seed, 2)
    problem = self.objective.encode_batch(
      self.objective.prepare(x, seed=data_seed)
    )
    return importance.importance_bound(
      problem.log_joint, problem.posterior, num_samples, seed=seed
    )

  def export(self, filepath: Any, **kwargs: Any) -> None:
    """Writes a SavedModel that needs TensorFlow only; see `models.export`."""
    export_lib.export(self, filepath, **kwargs)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **configuration.to_config(self.objective.configuration),
      'name': self.name,
      'dtype': self.dtype_policy.name,
    }

  @classmethod
  def from_config(
    cls, config: dict[str, Any], custom_objects: Any = None
  ) -> LatentVariableModel:
    """Returns the model that `get_config` described."""
    del custom_objects
    return cls(**configuration.from_config(config))
