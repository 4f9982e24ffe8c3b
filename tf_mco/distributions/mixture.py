"""Mixtures whose weights and components are reparameterized."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import cdf as cdf_lib
from tf_mco.distributions import log_space
from tf_mco.distributions.numerics import gamma_sampler
from tf_mco.distributions.numerics import implicit_gradient

# `tfd.MixtureSameFamily` may construct its parent instead of itself.
TFP_MIXTURES = tuple(
  cls
  for cls in tfd.MixtureSameFamily.__mro__
  if cls.__name__.endswith('MixtureSameFamily')
)


class MixtureSameFamily(tfd.MixtureSameFamily):
  """`tfd.MixtureSameFamily`, always reparameterized, and not NaN in a tail.

  A sample is drawn by ancestors and moves by the distributional transform, so
  that all weights and all components get a gradient from each sample. Above
  the median the survival function is differentiated: the difference of CDFs
  near 1 would be the rounding of float32 over a small density.

  First-order gradients only.

  Reference: Figurnov, Mohamed and Mnih (2018), section 4, arXiv:1805.08498.
  """

  def __init__(
    self,
    mixture_distribution: tfd.Categorical,
    components_distribution: tfd.Distribution,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    name: str = 'MixtureSameFamily',
  ):
    """Makes the mixture.

    Args:
      mixture_distribution: a `tfd.Categorical` of batch shape `[B]` and K
        categories.
      components_distribution: of batch shape `[B, K]`: a scalar distribution
        with a differentiable CDF, or `tfd.Independent(one, 1)`.
      validate_args: as in TFP.
      allow_nan_stats: as in TFP.
      name: of the distribution.
    Raises:
      ValueError: if the components do not factorize into scalars, have no CDF
        or none with a gradient.
    """
    parameters = {
      'mixture_distribution': mixture_distribution,
      'components_distribution': components_distribution,
      'validate_args': validate_args,
      'allow_nan_stats': allow_nan_stats,
      'name': name,
    }
    _check_components(components_distribution)
    super().__init__(
      mixture_distribution,
      components_distribution,
      reparameterize=True,
      validate_args=validate_args,
      allow_nan_stats=allow_nan_stats,
      name=name,
    )
    self._parameters = parameters

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    choice_seed, component_seed = random.split(seed, 2)
    mixture, components = self._get_distributions_with_broadcast_batch_shape()
    each = log_space.draw(components, [n], seed=component_seed)
    each = tf.stop_gradient(each)
    log_weights = mixture.logits_parameter()
    shape = tf.concat([[n], tf.shape(log_weights)], 0)
    u = gamma_sampler.open_uniform(shape, dtype=self.dtype, seed=choice_seed)
    # The largest of Gumbel variables chooses in proportion to the weights.
    gumbel = log_weights - tf.math.log(-tf.math.log(u))
    chosen = tf.one_hot(
      tf.argmax(gumbel, -1), tf.shape(log_weights)[-1], True, False
    )
    event_rank = self.event_shape.rank
    if event_rank:
      chosen = chosen[..., tf.newaxis]
    # A component that was not chosen may be infinite: no product with 0.
    z = tf.reduce_sum(tf.where(chosen, each, 0), axis=-1 - event_rank)
    log_weights = tf.math.log_softmax(log_weights, axis=-1)
    scalar = components
    while isinstance(scalar, tfd.Independent):
      scalar = scalar.distribution
    if event_rank == 0:
      return _attach_scalar(z, log_weights, scalar)
    return _attach_vector(z, log_weights, scalar)


def _attach_scalar(
  z: tf.Tensor, log_weights: tf.Tensor, components: tfd.Distribution
) -> tf.Tensor:
  """Returns z, `[n, B]`, with its gradient in all parameters."""
  each = z[..., tf.newaxis]
  weights = tf.exp(log_weights)
  transform = _mixed_cdf(weights, components, each, axis=-1)[0]
  density = tf.reduce_sum(weights * components.prob(each), axis=-1)
  return implicit_gradient.with_scalar_path_gradient(z, transform, density)


def _attach_vector(
  z: tf.Tensor, log_weights: tf.Tensor, components: tfd.Distribution
) -> tf.Tensor:
  """Returns z, `[n, B, D]`, with its gradient in all parameters.

  Component d given those before it is a mixture with the weights that the
  components of the mixture have after seeing them.
  """
  each = z[..., tf.newaxis, :] + tf.zeros_like(log_weights)[..., tf.newaxis]
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(each)
    log_p = components.log_prob(each)  # [n, B, K, D]
  # Serves the Jacobian, which is constant.
  score = tf.stop_gradient(tape.gradient(log_p, each))
  log_posterior = tf.cumsum(log_p, axis=-1, exclusive=True)
  log_posterior += log_weights[..., tf.newaxis]
  weights = tf.nn.softmax(log_posterior, axis=-2)
  transform, mass = _mixed_cdf(weights, components, each, axis=-2)
  density = tf.reduce_sum(weights * tf.exp(log_p), axis=-2)
  # dS[i]/dz[j], j < i, through the weights.
  slope = tf.matmul(weights * mass, score, transpose_a=True)
  slope -= transform[..., tf.newaxis] * tf.matmul(
    weights, score, transpose_a=True
  )
  jacobian = tf.linalg.set_diag(tf.linalg.band_part(slope, -1, 0), density)
  return implicit_gradient.with_vector_path_gradient(z, transform, jacobian)


def _mixed_cdf(
  weights: tf.Tensor, components: tfd.Distribution, z: tf.Tensor, axis: int
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the CDF of the mixture and of its components, signed alike."""
  below = components.cdf(z)
  mixed = tf.reduce_sum(weights * below, axis=axis, keepdims=True)
  if cdf_lib.has_survival_function(components):
    above = -components.survival_function(z)
    below = tf.where(mixed < 0.5, below, above)
    mixed = tf.reduce_sum(weights * below, axis=axis, keepdims=True)
  return tf.squeeze(mixed, axis), below


def _check_components(components: Any) -> None:
  """Raises ValueError unless they factorize into scalars with a CDF."""
  scalar = components
  while isinstance(scalar, tfd.Independent):
    scalar = scalar.distribution
  event_rank = components.event_shape.rank
  if scalar.event_shape.rank != 0 or event_rank not in (0, 1):
    raise ValueError(
      'The components of a reparameterized mixture must be scalar, or '
      'factorized vectors: tfd.Independent(tfd.Normal(...), 1) rather than '
      f'tfd.MultivariateNormalDiag. Received: {components!r}'
    )
  if components.reparameterization_type != tfd.FULLY_REPARAMETERIZED:
    raise ValueError(
      'The components of a reparameterized mixture must be reparameterized; '
      'see distributions.implicit for others with a CDF. Received: '
      f'{components!r}'
    )
  cdf_lib.check(scalar)
