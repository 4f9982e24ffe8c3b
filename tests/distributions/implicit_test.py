"""`distributions.implicit` against forms in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import _tfp
from tf_mco import distributions
from tf_mco._tfp import tfd


def test_implicit_normal_is_the_location_scale_form() -> None:
  loc, scale = tf.constant([0.5, -1.0]), tf.constant([2.0, 0.1])
  for make in (lambda d: d, lambda d: tfd.Independent(d, 1)):
    with tf.GradientTape() as tape:
      tape.watch((loc, scale))
      plain = make(tfd.Normal(loc, scale))
      implicit = distributions.implicit(plain)
      z = implicit.sample(seed=1)
    by_loc, by_scale = tape.gradient(z, (loc, scale))
    assert implicit.reparameterization_type == tfd.FULLY_REPARAMETERIZED
    np.testing.assert_allclose(by_loc, [1, 1], rtol=1e-5)
    np.testing.assert_allclose(by_scale, (z - loc) / scale, rtol=1e-5)
    np.testing.assert_allclose(implicit.log_prob(z), plain.log_prob(z))


def test_implicit_gives_a_gradient_to_one_that_has_none() -> None:
  class Triangle(tfd.Distribution):
    """Density 2 x / width^2 on [0, width]."""

    def __init__(self, width: tf.Tensor):
      super().__init__(
        dtype=width.dtype,
        reparameterization_type=tfd.NOT_REPARAMETERIZED,
        validate_args=False,
        allow_nan_stats=True,
        parameters={'width': width},
      )
      self.width = width

    def _sample_n(self, n, seed=None):
      u = tf.random.stateless_uniform([n], seed=seed)
      return tf.stop_gradient(self.width * tf.sqrt(u))

    def _cdf(self, x):
      return (x / self.width) ** 2

    def _log_prob(self, x):
      return tf.math.log(2 * x / self.width**2)

    def _batch_shape(self):
      return tf.TensorShape([])

    def _event_shape(self):
      return tf.TensorShape([])

  width = tf.constant(3.0)
  with tf.GradientTape() as tape:
    tape.watch(width)
    z = distributions.implicit(Triangle(width)).sample(
      4, seed=tf.constant([1, 2])
    )
  np.testing.assert_allclose(
    tape.gradient(z, width), tf.reduce_sum(z) / width, rtol=1e-5
  )


def test_second_derivatives_are_refused() -> None:
  loc = tf.constant(0.5)
  with tf.GradientTape() as outer:
    outer.watch(loc)
    with tf.GradientTape() as inner:
      inner.watch(loc)
      z = distributions.implicit(tfd.Normal(loc, 1.0)).sample(seed=1)
    slope = inner.gradient(z, loc)
  with pytest.raises(LookupError, match='second derivative'):
    outer.gradient(slope, loc)


# A family of a transformed distribution, and dx/da and dx/db in closed form.
_TRANSFORMED = {
  'weibull': (
    tfd.Weibull,
    lambda x, a, b: (-x * np.log(x / b) / a, x / b),
  ),
  'gumbel': (
    tfd.Gumbel,
    lambda x, a, b: (np.ones_like(x), (x - a) / b),
  ),
  'lognormal': (
    tfd.LogNormal,
    lambda x, a, b: (x, x * (np.log(x) - a) / b),
  ),
  'kumaraswamy': (
    tfd.Kumaraswamy,
    lambda x, a, b: (
      -x * np.log(x) / a,
      (1 - x**a) * np.log1p(-(x**a)) / (a * b * x ** (a - 1)),
    ),
  ),
  'decreasing': (
    lambda a, b: tfd.TransformedDistribution(
      tfd.Exponential(a), _tfp.tfp.bijectors.Scale(-b)
    ),
    lambda x, a, b: (-x / a, x / b),
  ),
  # The sampler of the base is cut off from its parameters.
  'no_path': (
    lambda a, b: tfd.TransformedDistribution(
      _Cut(a), _tfp.tfp.bijectors.Scale(b)
    ),
    lambda x, a, b: (-x / a, x / b),
  ),
}


class _Cut(tfd.Exponential):
  """An exponential distribution that is not reparameterized."""

  def __init__(self, rate: tf.Tensor):
    super().__init__(rate)
    self._reparameterization_type = tfd.NOT_REPARAMETERIZED

  @classmethod
  def _parameter_properties(cls, dtype, num_classes=None):
    return super()._parameter_properties(dtype, num_classes)

  def _sample_n(self, n, seed=None):
    return tf.stop_gradient(super()._sample_n(n, seed=seed))


@pytest.mark.parametrize(
  ('name', 'jit'), [*((name, False) for name in _TRANSFORMED), ('gumbel', True)]
)
def test_implicit_transformed_distribution(name: str, jit: bool) -> None:
  make, slopes = _TRANSFORMED[name]

  @tf.function(jit_compile=jit)
  def run() -> tuple[tf.Tensor, list[tf.Tensor]]:
    a = tf.fill([50], tf.constant(1.5, tf.float64))
    b = tf.fill([50], tf.constant(0.7, tf.float64))
    with tf.GradientTape(persistent=True) as tape:
      tape.watch((a, b))
      q = distributions.implicit(make(a, b))
      x = q.sample(seed=1)
      scored, log_prob = q.experimental_sample_and_log_prob(seed=1)
    found = [tape.gradient(x, (a, b)), tape.gradient(scored, (a, b))]
    return x, found, log_prob - q.log_prob(scored)

  x, found, difference = run()
  for slope in found:
    for computed, right in zip(slope, slopes(x.numpy(), 1.5, 0.7), strict=True):
      np.testing.assert_allclose(computed, right, rtol=1e-9)
  np.testing.assert_allclose(difference, 0, atol=1e-12)
  # An integer is a seed: the same draw comes again.
  np.testing.assert_array_equal(x, run()[0])


def test_implicit_samples_have_the_shape_that_was_asked_for() -> None:
  q = distributions.implicit(tfd.Weibull([1.0, 2.0, 3.0], 2.0))
  assert q.sample([4, 5], seed=1).shape == (4, 5, 3)
  assert q.sample(4, seed=1).shape == (4, 3)
  assert not np.array_equal(q.sample(4, seed=1), q.sample(4, seed=2))


@pytest.mark.parametrize(
  'make',
  [
    lambda: distributions.Gamma(2.0, 1.0),
    lambda: distributions.InverseGamma(2.0, 1.0),
    lambda: distributions.Beta(2.0, 1.0, gradient='cdf'),
    lambda: distributions.StudentT(3.0, 0.0, 1.0),
    lambda: distributions.VonMises(0.0, 1.0),
    lambda: distributions.TruncatedNormal(0.0, 1.0, -1.0, np.inf),
  ],
)
def test_a_distribution_of_tf_mco_is_returned_as_it_is(make: Callable) -> None:
  distribution = make()
  assert distributions.implicit(distribution) is distribution
  nested = distributions.implicit(tfd.Independent(distribution, 0))
  assert nested.distribution is distribution


def test_implicit_inside_of_independent_that_tfp_makes_of_another_class() -> (
  None
):
  class Plain(tfd.Distribution):
    """An exponential distribution that is no composite tensor."""

    def __init__(self, rate: tf.Tensor):
      super().__init__(
        dtype=rate.dtype,
        reparameterization_type=tfd.NOT_REPARAMETERIZED,
        validate_args=False,
        allow_nan_stats=True,
        parameters={'rate': rate},
      )
      self.inner = tfd.Exponential(rate)
      self._batch_shape = lambda: rate.shape
      self._event_shape = lambda: tf.TensorShape([])
      self._batch_shape_tensor = lambda: tf.shape(rate)
      self._cdf = self.inner.cdf
      self._log_prob = self.inner.log_prob

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
      return tfd.Exponential._parameter_properties(dtype, num_classes)

    def _sample_n(self, n, seed=None):
      return tf.stop_gradient(self.inner.sample(n, seed=seed))

  rate = tf.constant([1.0, 3.0], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(rate)
    independent = tfd.Independent(Plain(rate), 1)
    assert not isinstance(independent, tfd.Independent)
    x = distributions.implicit(independent).sample(seed=1)
  np.testing.assert_allclose(tape.gradient(x, rate), -x / rate, rtol=1e-10)
