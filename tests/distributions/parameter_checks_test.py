"""Bad parameters are ValueErrors that say what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions

_POSITIVE: dict[str, Callable] = {
  'gamma': lambda v: distributions.Gamma(v, 1.0),
  'gamma rate': lambda v: distributions.Gamma(1.0, v),
  'inverse gamma': lambda v: distributions.InverseGamma(v, 1.0),
  'beta': lambda v: distributions.Beta(v, 1.0),
  'beta 0': lambda v: distributions.Beta(1.0, v),
  'dirichlet': lambda v: distributions.Dirichlet([1.0, v]),
  'student': lambda v: distributions.StudentT(v, 0.0, 1.0),
  'student scale': lambda v: distributions.StudentT(1.0, 0.0, v),
  'truncated': lambda v: distributions.TruncatedNormal(0.0, v, 0.0, 1.0),
}


@pytest.mark.parametrize('value', [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize('name', _POSITIVE)
def test_not_positive(name: str, value: float) -> None:
  with pytest.raises(ValueError, match='must be positive and finite. Received'):
    _POSITIVE[name](value)


def test_tensors_and_variables_are_looked_at() -> None:
  for value in (tf.constant([1.0, -2.0]), tf.Variable([1.0, np.nan])):
    with pytest.raises(ValueError, match='concentration'):
      distributions.Gamma(value, 1.0)


@pytest.mark.parametrize('kappa', [-0.1, np.nan])
def test_von_mises(kappa: float) -> None:
  with pytest.raises(ValueError, match='non-negative'):
    distributions.VonMises(0.0, kappa)


@pytest.mark.parametrize('bounds', [(1.0, 1.0), (2.0, 1.0), (np.nan, 1.0)])
def test_bounds(bounds: tuple[float, float]) -> None:
  with pytest.raises(ValueError, match='`low`'):
    distributions.TruncatedNormal(0.0, 1.0, *bounds)


def test_gradient_option() -> None:
  for make in (
    lambda: distributions.Beta(1.0, 1.0, gradient='both'),
    lambda: distributions.Dirichlet([1.0, 1.0], gradient='both'),
    lambda: distributions.StudentT(1.0, 0.0, 1.0, gradient='both'),
  ):
    with pytest.raises(ValueError, match="'ratio', 'cdf'"):
      make()


def test_values_in_a_graph_are_asserted_on_request() -> None:
  @tf.function
  def draw(alpha: tf.Tensor) -> tf.Tensor:
    return distributions.Gamma(alpha, 1.0, validate_args=True).sample(seed=1)

  with pytest.raises(tf.errors.InvalidArgumentError, match='concentration'):
    draw(tf.constant(-1.0))
  unasserted = tf.function(
    lambda alpha: distributions.Gamma(alpha, 1.0).sample(3, seed=1)
  )
  assert np.all(np.isnan(unasserted(tf.constant(np.nan))))


def test_a_sample_without_a_seed_is_refused() -> None:
  with pytest.raises(ValueError, match='seed'):
    distributions.Gamma(1.0, 1.0).sample()
