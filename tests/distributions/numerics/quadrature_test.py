"""Gauss-Legendre quadrature against integrals in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.distributions.numerics import quadrature

_LENGTH = np.array([[0.0, 0.3], [1.0, 7.0]])


def _integrate(power: int, num_nodes: int, chunk: int) -> np.ndarray:
  average = quadrature.average(
    lambda s: s**power,
    tf.constant(_LENGTH),
    num_nodes=num_nodes,
    chunk=chunk,
  )
  return _LENGTH * average.numpy()


@pytest.mark.parametrize('num_nodes', [1, 2, 5])
def test_the_rule_is_exact_up_to_its_degree(num_nodes: int) -> None:
  degree = 2 * num_nodes - 1
  for power in range(degree + 1):
    integral = _integrate(power, num_nodes, chunk=8)
    expected = _LENGTH ** (power + 1) / (power + 1)
    np.testing.assert_allclose(integral, expected, rtol=1e-13)
  beyond = _LENGTH ** (degree + 2) / (degree + 2)
  assert not np.allclose(
    _integrate(degree + 1, num_nodes, 8), beyond, rtol=1e-6
  )


@pytest.mark.parametrize('chunk', [1, 3, 8, 100])
def test_chunks_cover_all_nodes(chunk: int) -> None:
  expected = _LENGTH**10 / 10
  np.testing.assert_allclose(_integrate(9, 8, chunk), expected, rtol=1e-13)


def test_several_integrands_at_once() -> None:
  sine, cosine = quadrature.average(
    lambda s: (tf.sin(s), tf.cos(s)),
    tf.constant(_LENGTH),
    num_nodes=20,
    chunk=8,
  )
  np.testing.assert_allclose(_LENGTH * sine, 1 - np.cos(_LENGTH), atol=1e-13)
  np.testing.assert_allclose(_LENGTH * cosine, np.sin(_LENGTH), atol=1e-13)


def test_the_dtype_is_that_of_the_length() -> None:
  length = tf.constant([2.0], tf.float32)
  average = quadrature.average(tf.exp, length, num_nodes=8, chunk=8)
  assert average.dtype == tf.float32
  np.testing.assert_allclose(2 * average, np.expm1([2.0]), rtol=1e-6)
