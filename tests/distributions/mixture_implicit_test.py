"""distributions.MixtureSameFamily and distributions.implicit.

Statistical tests: |z| < 4, 1e5 draws, fixed seeds; a false alarm once in 15,000
changes of the seed for each of 20 comparisons.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco._tfp import tfd

_LOGITS = np.array([0.3, -0.5, 0.1])
_LOC = np.array([-1.0, 0.5, 3.0])
_SCALE = np.array([0.5, 1.0, 2.0])


def _mixture(logits: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor):
  return distributions.MixtureSameFamily(
    tfd.Categorical(logits=logits), tfd.Normal(loc, scale)
  )


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'tolerance'), [(tf.float64, 1e-12), (tf.float32, 1e-5)]
)
def test_closed_form(dtype: tf.DType, tolerance: float, jit: bool) -> None:
  parameters = [tf.constant(p, dtype) for p in (_LOGITS, _LOC, _SCALE)]

  @tf.function(jit_compile=jit)
  def run() -> tuple[tf.Tensor, list[tf.Tensor]]:
    many = [tf.broadcast_to(p, [2000, 3]) for p in parameters]
    with tf.GradientTape() as tape:
      tape.watch(many)
      z = _mixture(*many).sample(seed=4)
    return z, tape.gradient(z, many)

  z, slopes = run()
  x = np.asarray(z, float)[:, None]
  pi = np.exp(_LOGITS) / np.exp(_LOGITS).sum()
  p = pi * stats.norm.pdf(x, _LOC, _SCALE)
  q = p.sum(-1, keepdims=True)
  # Of the upper tail above the median, where 1 - F would lose its digits.
  low, high = stats.norm.cdf(x, _LOC, _SCALE), stats.norm.sf(x, _LOC, _SCALE)
  mixed = (pi * low).sum(-1, keepdims=True)
  gap = np.where(
    mixed < 0.5, low - mixed, (pi * high).sum(-1, keepdims=True) - high
  )
  expected = [-pi * gap / q, p / q, p / q * (x - _LOC) / _SCALE]
  for slope, exact in zip(slopes, expected, strict=True):
    scale = np.maximum(np.abs(exact), np.sqrt(np.mean(exact**2, 0)))
    assert np.max(np.abs(slope - exact) / scale) < tolerance


def test_vector_mixture_in_expectation() -> None:
  rng = np.random.default_rng(0)
  logits, loc = tf.constant([0.4, -0.2]), tf.constant(rng.normal(size=(2, 3)))
  loc = tf.cast(loc, tf.float32)

  def value(logits: tf.Tensor, loc: tf.Tensor) -> tf.Tensor:
    z = distributions.MixtureSameFamily(
      tfd.Categorical(logits=logits), tfd.Independent(tfd.Normal(loc, 0.7), 1)
    ).sample(seed=3)
    return z[..., 0] * z[..., 2] + tf.sin(z[..., 1] + z[..., 0])

  many = [tf.broadcast_to(p, [100_000, *p.shape]) for p in (logits, loc)]
  with tf.GradientTape() as tape:
    tape.watch(many)
    values = value(*many)
  slopes = tape.gradient(values, many)
  # E[z0 z2] = m0 m2 in a component; E sin of a normal is closed as well.
  with tf.GradientTape() as tape:
    tape.watch((logits, loc))
    sine = tf.sin(loc[:, 0] + loc[:, 1]) * np.exp(-(0.7**2))
    each = loc[:, 0] * loc[:, 2] + sine
    exact = tf.reduce_sum(tf.nn.softmax(logits) * each)
  by_logits, by_loc = tape.gradient(exact, (logits, loc))
  assert abs(references.z_score(values, float(exact))) < 4
  for k in range(2):
    assert abs(references.z_score(slopes[0][:, k], float(by_logits[k]))) < 4
    for d in range(3):
      z = references.z_score(slopes[1][:, k, d], float(by_loc[k, d]))
      assert abs(z) < 4


def test_mixture_of_gammas_has_gradients_in_the_concentration() -> None:
  alpha = tf.constant([0.3, 4.0], tf.float64)
  one = tf.ones([], tf.float64)
  many = tf.broadcast_to(alpha, [100_000, 2])
  with tf.GradientTape() as tape:
    tape.watch(many)
    z = distributions.MixtureSameFamily(
      tfd.Categorical(logits=tf.zeros([2], tf.float64)),
      distributions.Gamma(many, one),
    ).sample(seed=1)
  slope = tape.gradient(z, many)
  for index in range(2):  # E[z] is the mean of the concentrations
    assert abs(references.z_score(slope[:, index], 0.5)) < 4


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


def test_autoregressive_conditionals() -> None:
  scale = tf.constant([0.5, 2.0])
  with tf.GradientTape() as tape:
    tape.watch(scale)
    joint = distributions.implicit(
      [
        tfd.Normal(tf.zeros(2), scale),
        lambda first: tfd.Normal(3 * first, scale**2),
      ]
    )
    z = joint.sample(seed=1)
  assert z.shape == (2, 2) and joint.event_shape == (2,)
  e1, e2 = z[:, 0] / scale, (z[:, 1] - 3 * z[:, 0]) / scale**2
  np.testing.assert_allclose(
    tape.gradient(z, scale), e1 + 3 * e1 + 2 * scale * e2, rtol=1e-4
  )
  expected = stats.norm.logpdf(z[:, 0], 0, scale)
  expected += stats.norm.logpdf(z[:, 1], 3 * z[:, 0], scale**2)
  np.testing.assert_allclose(joint.log_prob(z), expected, rtol=1e-5)


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
