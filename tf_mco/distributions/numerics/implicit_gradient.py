"""Samples whose gradient is attached to them: implicit reparameterization.

A sampler by rejection has no useful derivative of its own. The sample z is
drawn first, without a gradient, and one of the functions below attaches the
derivative that z would have if z moved with the parameters phi while its
quantile stayed fixed. For a scalar z with the CDF F and the density q,

  F(z; phi) = u  is constant, hence  dz/dphi = -(dF/dphi) / q(z).

A vector moves by the distributional transform
S(z) = (F(z[1]), F(z[2] | z[1]), ...), which maps z to independent uniform
variables: dz = -(dS/dz)^-1 (dS/dphi) dphi, where dS/dz is lower triangular.

Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco.ops import gradients


def with_path_gradient(
  samples: tf.Tensor,
  parameters: Sequence[tf.Tensor],
  derivatives: Callable[..., Sequence[tf.Tensor]],
) -> tf.Tensor:
  """Returns `samples` unchanged, with the given gradient in the parameters.

  Args:
    samples: `sample_shape + [...]`. Their own gradient is stopped.
    parameters: tensors of shape `[...]`, or scalars. The gradient flows to
      all of them.
    derivatives: maps the parameters to one derivative of the samples in each
      of them, of the shape of the samples. The function is called in the
      backward pass only, so that a sample without a gradient does not pay
      for the derivatives.
  """
  samples = tf.stop_gradient(samples)

  @gradients.custom_gradient
  def attached(*parameters: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> list[tf.Tensor]:
      return [
        reduce_to(
          upstream * first_order(tf.cast(slope, upstream.dtype)), parameter
        )
        for slope, parameter in zip(
          derivatives(*parameters), parameters, strict=True
        )
      ]

    return samples, backward

  return attached(*parameters)


def with_scalar_path_gradient(
  z: tf.Tensor, cdf: tf.Tensor, density: tf.Tensor
) -> tf.Tensor:
  """Returns z unchanged, with the gradient -(dF/dphi) / q.

  Args:
    z: `[...]`, samples whose gradient is stopped.
    cdf: `[...]`, F(z), or minus the survival function. The gradient flows
      through `cdf` to the parameters.
    density: `[...]`, q(z). No gradient flows through the density.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 5, arXiv:1805.08498.
  """

  @gradients.custom_gradient
  def attached(
    cdf: tf.Tensor, density: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    del cdf

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
      # The density depends on the parameters, so that a second derivative
      # would pass here, where `first_order` stops it.
      inverse = first_order(1 / density)
      return -upstream * inverse, None

    return z, backward

  return attached(cdf, density)


def with_vector_path_gradient(
  z: tf.Tensor, transform: tf.Tensor, jacobian: tf.Tensor
) -> tf.Tensor:
  """Returns z unchanged, with the gradient -(dS/dz)^-1 dS/dphi.

  Args:
    z: `[..., D]`, samples whose gradient is stopped.
    transform: `[..., D]`, S(z). The gradient flows through `transform` to the
      parameters.
    jacobian: `[..., D, D]`, dS/dz, which is lower triangular. No gradient
      flows through the Jacobian.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 8, arXiv:1805.08498.
  """

  @gradients.custom_gradient
  def attached(
    transform: tf.Tensor, jacobian: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    del transform

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
      # The reverse mode needs the transpose of the inverse, which is a solve
      # with the adjoint matrix. The inverse itself is never formed.
      solved = tf.linalg.triangular_solve(
        first_order(jacobian), upstream[..., tf.newaxis], adjoint=True
      )
      return -solved[..., 0], None

    return z, backward

  return attached(transform, jacobian)


def first_order(derivative: tf.Tensor) -> tf.Tensor:
  """Returns `derivative`, which cannot be differentiated again.

  The derivative of a sample depends on the parameters directly and through
  the sample. The tape sees the direct dependence only, because the gradient
  of the sample was stopped, and a second derivative would be silently wrong.

  Args:
    derivative: the derivative of a sample, of any shape.
  Raises:
    LookupError: if a gradient is asked to flow through the result.
  """
  return tf.raw_ops.PreventGradient(
    input=derivative,
    message='the second derivative of a sample in the parameters of its '
    'distribution is not implemented, and neither is forward mode outside of a '
    'tf.function. Only first-order gradients of a tf.GradientTape flow through '
    'an implicitly reparameterized sample',
  )


def broadcast_samples(
  parameter: tf.Tensor, sample_shape: types.SampleShape
) -> tf.Tensor:
  """Returns `parameter` repeated, of shape `sample_shape + parameter.shape`."""
  static, sizes = _static_and_dynamic(sample_shape)
  shape = tf.concat([sizes, tf.shape(parameter)], 0)
  result = tf.broadcast_to(parameter, shape)
  return tf.ensure_shape(result, static.concatenate(parameter.shape))


def reduce_to(gradient: tf.Tensor, parameter: tf.Tensor) -> tf.Tensor:
  """Returns `gradient` summed over the axes that the parameter lacks.

  This is the transpose of `broadcast_samples`.

  Args:
    gradient: `sample_shape + [...]`.
    parameter: `[...]`.
  """
  if gradient.shape.rank is None or parameter.shape.rank is None:
    extra = tf.range(tf.rank(gradient) - tf.rank(parameter))
    return tf.reduce_sum(gradient, axis=extra)
  axes = list(range(gradient.shape.rank - parameter.shape.rank))
  return tf.reduce_sum(gradient, axis=axes) if axes else gradient


def _static_and_dynamic(
  shape: types.SampleShape,
) -> tuple[tf.TensorShape, tf.Tensor]:
  """Returns an integer or a vector as a static shape and as a tensor."""
  known = tf.get_static_value(shape) if tf.is_tensor(shape) else shape
  if known is None:
    sizes = tf.reshape(tf.cast(shape, tf.int32), [-1])
    return tf.TensorShape([None] * sizes.shape[0]), sizes
  if not isinstance(known, (int, np.integer)) and any(
    tf.is_tensor(size) for size in known
  ):
    static = [tf.get_static_value(size) for size in known]
    return tf.TensorShape(static), tf.stack(
      [tf.cast(size, tf.int32) for size in known]
    )
  sizes = np.reshape(np.asarray(known, np.int32), [-1])
  return tf.TensorShape(sizes.tolist()), tf.constant(sizes, tf.int32)
