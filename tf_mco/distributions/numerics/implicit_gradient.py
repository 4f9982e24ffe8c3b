"""Implicit reparameterization through a distributional transform.

S(z) = (F(z1), F(z2 | z1), ...) maps the distribution to a uniform one; a sample
moves with the parameters so that S stays what it is: dz = -(dS/dz)^-1 dS, with
a lower triangular dS/dz.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.distributions.numerics import quadrature


def with_scalar_path_gradient(
  z: tf.Tensor, cdf: tf.Tensor, density: tf.Tensor
) -> tf.Tensor:
  """Returns z unchanged, with the gradient -(dF/dphi) / q.

  Args:
    z: samples, their gradient stopped.
    cdf: F(z), or minus the survival function, of the shape of z; its gradient
      flows to the parameters.
    density: q(z), constant here.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 5, arXiv:1805.08498.
  """

  @tf.custom_gradient
  def graft(cdf: tf.Tensor, density: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    del cdf

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
      # `density` depends on the parameters: a second derivative meets it here.
      inverse = quadrature.first_order(1 / density)
      return -upstream * inverse, None

    return tf.identity(z), backward

  return graft(cdf, density)


def with_vector_path_gradient(
  z: tf.Tensor, transform: tf.Tensor, jacobian: tf.Tensor
) -> tf.Tensor:
  """Returns z unchanged, with the gradient -(dS/dz)^-1 dS/dphi.

  Args:
    z: samples `[..., D]`, their gradient stopped.
    transform: S(z), `[..., D]`; its gradient flows to the parameters.
    jacobian: dS/dz, `[..., D, D]`, lower triangular, constant here.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 8, arXiv:1805.08498.
  """

  @tf.custom_gradient
  def graft(
    transform: tf.Tensor, jacobian: tf.Tensor
  ) -> tuple[tf.Tensor, Callable]:
    del transform

    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
      solved = tf.linalg.triangular_solve(
        quadrature.first_order(jacobian),
        upstream[..., tf.newaxis],
        adjoint=True,
      )
      return -solved[..., 0], None

    return tf.identity(z), backward

  return graft(transform, jacobian)
