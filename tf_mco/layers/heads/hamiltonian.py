"""A Keras layer whose posterior follows the gradient of log p(x, z)."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from tf_mco.layers.heads import head as head_lib
from tf_mco.ops import checks
from tf_mco.posteriors import hamiltonian
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering
from tf_mco.posteriors.hamiltonian import validation


@keras.saving.register_keras_serializable(package='tf_mco')
class HamiltonianPosterior(head_lib.Head):
  """A posterior layer, followed by tempered leapfrog steps.

  `layer(features)` returns the parameter tensor of `base_layer`;
  `.distribution(parameters)` is a `posteriors.Hamiltonian` over its
  distribution. Step sizes and temperatures are weights of this layer, hence of
  the group `encoder`: shared by all examples.
  """

  def __init__(
    self,
    base_layer: Any,
    num_steps: int,
    *,
    step_size: float = 0.2,
    max_step_size: float = 0.5,
    step_size_per_step: bool = False,
    tempering: str = 'none',
    schedule: str = 'inverse_sqrt_beta',
    initial_temperature: float = 1.5,
    alpha: float = 0.9,
    recompute: bool = False,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      base_layer: of q(z0 | x), say `GaussianPosterior(64)`.
      num_steps: leapfrog steps; 0 is the base alone.
      step_size: where training starts, between 0 and `max_step_size`.
      max_step_size: bounds every step size: it times a sigmoid is trained,
        for each dimension.
      step_size_per_step: whether each step has step sizes of its own.
      tempering: 'none', 'fixed' or 'free'; see `posteriors.Hamiltonian`.
      schedule: of 'fixed': 'inverse_sqrt_beta' or 'variance'.
      initial_temperature: of 'fixed', where training starts, above 1: one plus
        an exponential is trained.
      alpha: of 'free', where the factor of every step starts, between 0 and 1:
        a sigmoid is trained.
      recompute: trades time for memory: each step is computed again in the
        backward pass. The decoder must then draw no random numbers.
      **kwargs: of `keras.layers.Layer`; the dtype is by default the base's.
    Raises:
      ValueError: for options out of range.
    """
    _check_base(base_layer)
    super().__init__(**{'dtype': base_layer.dtype_policy, **kwargs})
    checks.at_least('num_steps', num_steps, 0)
    checks.boolean('step_size_per_step', step_size_per_step)
    checks.one_of('tempering', tempering, hamiltonian_tempering.TEMPERINGS)
    checks.one_of('schedule', schedule, hamiltonian_tempering.SCHEDULES)
    checks.boolean('recompute', recompute)
    _check_between('max_step_size', max_step_size, 0, math.inf)
    _check_between('step_size', step_size, 0, max_step_size)
    _check_between('initial_temperature', initial_temperature, 1, math.inf)
    _check_between('alpha', alpha, 0, 1)
    self.base_layer = base_layer
    self.num_steps = num_steps
    self.step_size, self.max_step_size = step_size, max_step_size
    self.step_size_per_step = step_size_per_step
    self.tempering, self.schedule = tempering, schedule
    self.initial_temperature, self.alpha = initial_temperature, alpha
    self.recompute = recompute
    self.raw_step_sizes: Any = None
    self.raw_temperature: Any = None
    self.raw_alphas: Any = None
    self.fault_step_sizes: Any = None

  def build(self, input_shape: Any) -> None:
    """Makes the weights; without steps there are those of the base alone."""
    if not self.base_layer.built:
      self.base_layer.build(input_shape)
    self.built = True
    if not self.num_steps:
      return
    shape = _event_shape(self.base_layer, input_shape)
    if self.step_size_per_step:
      shape = (self.num_steps, *shape)
    start = _logit(self.step_size / self.max_step_size)
    self.raw_step_sizes = self._weight('raw_step_sizes', shape, start)
    self.fault_step_sizes = self._weight(
      'fault_step_sizes',
      shape,
      math.nan,
      trainable=False,
      aggregation='only_first_replica',
    )
    if self.tempering == 'fixed':
      start = math.log(self.initial_temperature - 1)
      self.raw_temperature = self._weight('raw_temperature', (), start)
    if self.tempering == 'free':
      start, shape = _logit(self.alpha), (self.num_steps,)
      self.raw_alphas = self._weight('raw_alphas', shape, start)

  def _weight(
    self, name: str, shape: tuple, value: float, **options: Any
  ) -> Any:
    # Half precision would round step sizes away.
    wide = self.variable_dtype == 'float64'
    return self.add_weight(
      name=name,
      shape=shape,
      dtype='float64' if wide else 'float32',
      initializer=keras.initializers.Constant(value),
      autocast=False,
      **options,
    )

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the parameters of the base."""
    return self.base_layer(features)

  def compute_output_shape(self, input_shape: Any) -> tuple:
    """Returns the shape of the parameters."""
    return self.base_layer.compute_output_shape(input_shape)

  def step_sizes(self) -> tf.Tensor:
    """Returns the step sizes, of the event's shape; by step if so chosen."""
    raw = tf.convert_to_tensor(self.raw_step_sizes)
    return self.max_step_size * tf.sigmoid(raw)

  def distribution(self, parameters: tf.Tensor) -> hamiltonian.Hamiltonian:
    """Returns the posterior with these parameters, `[B, ...]`."""
    base = self.base_layer.distribution(parameters)
    options: dict[str, Any] = {}
    if self.num_steps and self.tempering == 'fixed':
      raw = tf.convert_to_tensor(self.raw_temperature)
      options['initial_temperature'] = 1 + tf.exp(raw)
    if self.num_steps and self.tempering == 'free':
      options['alphas'] = tf.sigmoid(tf.convert_to_tensor(self.raw_alphas))
    return hamiltonian.Hamiltonian(
      base,
      num_steps=self.num_steps,
      step_size=self.step_sizes() if self.num_steps else self.step_size,
      tempering=self.tempering,
      schedule=self.schedule,
      recompute=self.recompute,
      **options,
    )

  def note_fault(self, first: tf.Tensor) -> None:
    """Keeps the present step sizes where `first`, a boolean, is true.

    A compiled step cannot raise, and its update spoils the step sizes.
    """
    if self.num_steps:
      kept = tf.convert_to_tensor(self.fault_step_sizes)
      self.fault_step_sizes.assign(tf.where(first, self.step_sizes(), kept))

  def describe_fault(self) -> str:
    """Returns a sentence on the step sizes that `note_fault` kept, or none."""
    if not self.num_steps:
      return ''
    sizes = validation.describe([self.fault_step_sizes])
    return (
      f'The trajectories of {self.name} had {sizes} in that step: a smaller '
      'max_step_size bounds them.'
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'base_layer': keras.saving.serialize_keras_object(self.base_layer),
      'num_steps': self.num_steps,
      'step_size': self.step_size,
      'max_step_size': self.max_step_size,
      'step_size_per_step': self.step_size_per_step,
      'tempering': self.tempering,
      'schedule': self.schedule,
      'initial_temperature': self.initial_temperature,
      'alpha': self.alpha,
      'recompute': self.recompute,
    }

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> HamiltonianPosterior:
    """Returns the layer that `get_config` described."""
    deserialize = keras.saving.deserialize_keras_object
    return cls(**{**config, 'base_layer': deserialize(config['base_layer'])})


def _check_base(base_layer: Any) -> None:
  """Raises ValueError unless it is a layer that makes a distribution."""
  if not isinstance(base_layer, keras.layers.Layer) or not hasattr(
    base_layer, 'distribution'
  ):
    raise ValueError(
      '`base_layer` must be a posterior layer of tf_mco.layers, with a '
      f'`.distribution`. Received: {base_layer!r}'
    )


def _event_shape(base_layer: Any, input_shape: Any) -> tuple:
  """Returns the shape of a sample of one example.

  Args:
    base_layer: built.
    input_shape: of its features, with the axis of examples.
  Raises:
    ValueError: if it is not known.
  """
  output = base_layer.compute_output_shape(input_shape)
  if None in output[1:]:
    raise ValueError(
      'Step sizes for each dimension need features of a known shape. '
      f'Received: {tuple(input_shape)}'
    )
  with tf.init_scope():
    example = tf.zeros([1, *output[1:]], base_layer.compute_dtype)
    return tuple(base_layer.distribution(example).event_shape)


def _logit(probability: float) -> float:
  """Returns what a sigmoid maps to `probability`."""
  return math.log(probability) - math.log1p(-probability)


def _check_between(name: str, value: Any, low: float, high: float) -> None:
  """Raises ValueError unless `value` is a number in (low, high)."""
  number = isinstance(value, (int, float)) and not isinstance(value, bool)
  if not number or not low < value < high:
    raise ValueError(
      f'`{name}` must be a number in ({low:g}, {high:g}). Received: '
      f'{name}={value!r}'
    )
