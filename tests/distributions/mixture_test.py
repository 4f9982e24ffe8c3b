"""MixtureSameFamily: closed forms, and gradients in expectation.

Statistical tests: |z| < 4 with fixed seeds and at least 1e5 draws. A right
implementation fails a comparison once in 15,000 changes of the seed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions import mixture

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


def test_mixture_of_vectors_that_do_not_factorize() -> None:
  components = tfd.MultivariateNormalDiag(tf.zeros([2, 3]), tf.ones([2, 3]))
  with pytest.raises(ValueError, match='factorized'):
    distributions.MixtureSameFamily(
      tfd.Categorical(logits=[0.0, 0.0]), components
    )
  with pytest.raises(ValueError, match='continuous scalar'):
    distributions.implicit(components)


@pytest.mark.parametrize('vector', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'tolerance'), [(tf.float64, 1e-12), (tf.float32, 2e-5)]
)
def test_a_probability_that_has_underflowed_to_0(
  dtype: tf.DType, tolerance: float, vector: bool
) -> None:
  """The mixture behaves as the one without the component, in all gradients."""
  logits = tf.constant([0.3, -0.5, 0.1, -2000.0], dtype)
  loc = tf.constant([*_LOC, 1.0], dtype)
  scale = tf.constant([*_SCALE, 0.3], dtype)

  def run(num: int, by_probs: bool, jit: bool) -> list[tf.Tensor]:
    @tf.function(jit_compile=jit)
    def gradients() -> list[tf.Tensor]:
      given = [logits[:num], loc[:num], scale[:num]]
      with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        probs = tf.nn.softmax(given[0])
        components = tfd.Normal(given[1], given[2])
        if vector:
          pair = [tf.stack([p, p + 1], -1) for p in given[1:]]
          components = tfd.Independent(tfd.Normal(*pair), 1)
        q = distributions.MixtureSameFamily(
          tfd.Categorical(probs=probs)
          if by_probs
          else tfd.Categorical(logits=given[0]),
          components,
        )
        z = tf.constant([0.7, -1.2] if vector else 0.7, dtype)
        z = implicit_samples(q, z)
        log_prob = q.log_prob(tf.constant([0.3, 1.5] if vector else 0.3, dtype))
        values = [z, log_prob]
        if not vector:
          values.append(q.log_cdf(tf.constant(0.3, dtype)))
      slopes = [tape.gradient(value, given) for value in values]
      return [log_prob, *tf.nest.flatten(slopes)]

    return gradients()

  def implicit_samples(q: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
    attach = (
      mixture._with_vector_path_gradient
      if vector
      else mixture._with_scalar_path_gradient
    )
    scalar = distributions.unwrap(q.components_distribution)
    return attach(z, q.mixture_distribution, scalar)

  expected = run(3, by_probs=False, jit=False)
  for jit in {False, dtype == tf.float32}:
    for found, right in zip(run(4, True, jit), expected, strict=True):
      if found.shape.rank:
        assert found[3] == 0
        found = found[:3]
      np.testing.assert_allclose(found, right, rtol=tolerance, atol=tolerance)


def test_the_gradient_in_a_probability_of_0_is_the_limit() -> None:
  loc, x = np.array([0.0, 1.0, 60.0]), 0.4
  probs = tf.constant([0.25, 0.75, 0.0], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(probs)
    q = distributions.MixtureSameFamily(
      tfd.Categorical(probs=probs), tfd.Normal(loc, np.float64(1))
    )
    log_prob = q.log_prob(x)
  densities = stats.norm.pdf(x, loc)
  expected = densities / (probs.numpy() @ densities) - 1
  np.testing.assert_allclose(tape.gradient(log_prob, probs), expected)
  # Where the component of probability 0 alone has any density, nothing is NaN.
  with tf.GradientTape() as tape:
    tape.watch(probs)
    q = distributions.MixtureSameFamily(
      tfd.Categorical(probs=probs), tfd.Normal(loc, np.float64(1))
    )
    log_prob = q.log_prob(60.0)
  expected = stats.norm.logpdf(60.0, 1.0) + np.log(0.75)
  np.testing.assert_allclose(log_prob, expected, rtol=1e-12)
  assert np.all(np.isfinite(tape.gradient(log_prob, probs)))


@pytest.mark.parametrize(
  ('distance', 'ratio'), [(2, 0.307), (4, 0.957), (6, 2.59), (8, 9.99)]
)
def test_distant_components(distance: int, ratio: float) -> None:
  """The mean is right at any distance, and the spread is as documented."""
  x = np.linspace(-10, distance + 10, 20_001)
  step = x[1] - x[0]
  logits = tf.zeros([len(x), 2], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(logits)
    q = _mixture(logits, np.array([0.0, distance]), np.ones(2))
    z = mixture._with_scalar_path_gradient(
      tf.constant(x), q.mixture_distribution, q.components_distribution
    )
  slope = tape.gradient(z, logits).numpy()[:, 1]
  mass = q.prob(x).numpy() * step
  mean = mass @ slope
  np.testing.assert_allclose(mean, distance / 4, rtol=1e-10)
  spread = np.sqrt(mass @ (slope - mean) ** 2)
  np.testing.assert_allclose(spread / mean, ratio, rtol=2e-3)
