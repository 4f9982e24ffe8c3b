"""A Keras layer whose posterior follows the gradient of log p(x, z)."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from tf_mco.layers.heads import head
from tf_mco.ops import checks
from tf_mco.posteriors import hamiltonian
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering
from tf_mco.posteriors.hamiltonian import validation


@keras.saving.register_keras_serializable(package='tf_mco')
class HamiltonianPosterior(head.Head):
  """A posterior layer whose samples are moved by tempered leapfrog steps.

  A sample z0 of the base posterior and a momentum p0 follow the dynamics of the
  Hamiltonian

    H(z, p) = -log p(x, z) + |p|^2 / 2

  for `num_steps` leapfrog steps, which carry z0 to places where the model has
  more probability. `layer(features)` returns the parameter tensor of
  `base_layer`, and `distribution(parameters)` is the `posteriors.Hamiltonian`
  over the distribution of the base layer.

  This layer holds the trainable step sizes and temperatures, which all examples
  share; they belong to the parameter group `encoder`.

  Warning: the posterior scores only the samples that it draws itself. Use it
  with estimators that need no more, such as `elbo` and `iwae`. The latent
  variables of the base must be real, because steps know no bounds.

  Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> layer = tf_mco.layers.HamiltonianPosterior(
  ...   tf_mco.layers.GaussianPosterior(3), num_steps=4, step_size=0.25
  ... )
  >>> posterior = layer.distribution(layer(tf.ones([2, 7])))
  >>> layer.step_sizes().numpy().tolist()
  [0.25, 0.25, 0.25]
  >>> log_joint = lambda z: -tf.reduce_sum(z**2, axis=-1)
  >>> draw = posterior.sample_and_score(log_joint, 5, seed=1)
  >>> draw.samples.shape.as_list()
  [5, 2, 3]
  """

  def __init__(
    self,
    base_layer: head.Head,
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
      base_layer: The head of q(z0 | x), for instance `GaussianPosterior(64)`.
      num_steps: The number of leapfrog steps. With 0 steps the posterior is
        that of the base layer.
      step_size: The value at which the training of the step sizes starts,
        between 0 and `max_step_size`.
      max_step_size: The bound of every step size. There is a step size for each
        dimension, max_step_size * sigmoid(raw), of which raw is trained.
      step_size_per_step: Whether each step has step sizes of its own.
      tempering: 'none', 'fixed' or 'free'; see `posteriors.Hamiltonian`.
      schedule: The meaning of the temperature under 'fixed' tempering,
        'inverse_sqrt_beta' or 'variance'; see `posteriors.Hamiltonian`.
      initial_temperature: Under 'fixed' tempering, the value at which training
        starts, above 1. The temperature is 1 + exp(raw), of which raw is
        trained.
      alpha: Under 'free' tempering, the value at which the factor of every step
        starts, between 0 and 1. The factor is sigmoid(raw), of which raw is
        trained.
      recompute: Whether the backward pass computes each step again instead of
        storing it, which trades time for memory. The decoder must then draw no
        random numbers.
      **kwargs: Arguments of `keras.layers.Layer`. The dtype is by default that
        of the base layer.
    Raises:
      ValueError: For options out of range.
    """
    _check_base(base_layer)
    super().__init__(**{'dtype': base_layer.dtype_policy, **kwargs})
    num_steps = checks.at_least('num_steps', num_steps, 0)
    step_size_per_step = checks.boolean(
      'step_size_per_step', step_size_per_step
    )
    checks.one_of('tempering', tempering, hamiltonian_tempering.TEMPERINGS)
    checks.one_of('schedule', schedule, hamiltonian_tempering.SCHEDULES)
    recompute = checks.boolean('recompute', recompute)
    max_step_size = checks.between('max_step_size', max_step_size, 0, math.inf)
    step_size = checks.between('step_size', step_size, 0, max_step_size)
    initial_temperature = checks.between(
      'initial_temperature', initial_temperature, 1, math.inf
    )
    alpha = checks.between('alpha', alpha, 0, 1)
    self.base_layer = base_layer
    self.support = base_layer.support
    self.num_steps = num_steps
    self.step_size, self.max_step_size = step_size, max_step_size
    self.step_size_per_step = step_size_per_step
    self.tempering, self.schedule = tempering, schedule
    self.initial_temperature, self.alpha = initial_temperature, alpha
    self.recompute = recompute
    # The trainable numbers of any sign, which `distribution` maps to their
    # ranges.
    self.raw_step_sizes: keras.Variable | None = None
    self.raw_temperature: keras.Variable | None = None
    self.raw_alphas: keras.Variable | None = None
    # The step sizes of the first bad step of training, NaN before there is one.
    self.fault_step_sizes: keras.Variable | None = None

  def build(self, input_shape: head.Shape) -> None:
    """Makes the weights; without steps these are the base layer's alone."""
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
    self, name: str, shape: tuple[int, ...], value: float, **options: Any
  ) -> keras.Variable:
    """Returns a new weight, in float32 because half would round it away."""
    return self.add_weight(
      name=name,
      shape=shape,
      dtype=head.full_precision(self.variable_dtype),
      initializer=keras.initializers.Constant(value),
      autocast=False,
      **options,
    )

  @property
  def event_shape(self) -> head.Shape | None:
    """The shape of one event of the base layer, or None."""
    return self.base_layer.event_shape

  def embed(self, samples: tf.Tensor) -> tf.Tensor:
    """Returns samples in the form in which networks receive them."""
    return self.base_layer.embed(samples)

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the parameters of the base."""
    return self.base_layer(features)

  def compute_output_shape(self, input_shape: head.Shape) -> head.Shape:
    """Returns the shape of the parameters."""
    return self.base_layer.compute_output_shape(input_shape)

  def step_sizes(self) -> tf.Tensor:
    """Returns the step sizes, of the shape of the event.

    With `step_size_per_step` there is a leading axis of `num_steps`.
    """
    raw = tf.convert_to_tensor(self.raw_step_sizes)
    return self.max_step_size * tf.sigmoid(raw)

  def distribution(self, parameters: tf.Tensor) -> hamiltonian.Hamiltonian:
    """Returns the posterior with these parameters.

    Args:
      parameters: `[B, ...]`, as calling this layer returns them; gradients
        flow.
    Returns:
      A `posteriors.Hamiltonian` of batch shape `[B]`.
    """
    base = self.base_layer.distribution(parameters)
    options: dict[str, tf.Tensor] = {}
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

    A step size that is too large is the usual reason for a bound that is not
    finite. The update of that step makes the step sizes NaN, so that they have
    to be kept before.
    """
    if self.fault_step_sizes is not None:
      kept_before = tf.convert_to_tensor(self.fault_step_sizes)
      self.fault_step_sizes.assign(
        tf.where(first, self.step_sizes(), kept_before)
      )

  def describe_fault(self) -> str:
    """Returns a sentence about the step sizes that `note_fault` kept."""
    if self.fault_step_sizes is None:
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


def _check_base(base_layer: head.Head) -> None:
  """Raises ValueError unless the base layer makes a distribution."""
  moved = isinstance(base_layer, HamiltonianPosterior)
  if moved or not isinstance(base_layer, head.Head):
    raise ValueError(
      '`base_layer` must be a posterior layer of tf_mco.layers (but no '
      'HamiltonianPosterior, which has no density of its own), or another '
      f'subclass of tf_mco.layers.Head. Received: {base_layer!r}'
    )
  if base_layer.support not in (None, *validation.SUPPORTS):
    raise ValueError(
      '`base_layer` must make variables that may take any real number, or '
      'angles, because a leapfrog step knows no bounds. Received: '
      f'{base_layer!r} with the support {base_layer.support!r}'
    )


def _event_shape(
  base_layer: head.Head, input_shape: head.Shape
) -> tuple[int, ...]:
  """Returns the shape of a sample of one example.

  Args:
    base_layer: The head of q(z0 | x), after it has been built.
    input_shape: The shape of its features, with the batch axis.
  Raises:
    ValueError: If the shape of the features is not known.
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
  """Returns the number that the sigmoid maps to `probability`."""
  return math.log(probability) - math.log1p(-probability)
