"""`distributions.sample` and `unwrap`: dispatch, shapes, dtypes and moments.

Against the moments that TFP states, with fixed seeds and 2e5 draws; |z| < 4.5
fails a right sampler once in 150,000 comparisons, of which there are 60.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample
from tf_mco.distributions import sampling

_MAX_Z = 4.5
_DRAWS = 200_000

_LOGITS = [[-3.0, -0.2, 0.0], [0.7, 2.0, 5.0]]
_DISTRIBUTIONS: dict[str, Callable[[], tfd.Distribution]] = {
  'bernoulli': lambda: tfd.Bernoulli(logits=_LOGITS),
  'probs': lambda: tfd.Bernoulli(probs=[0.1, 0.7]),
  'float64': lambda: tfd.Bernoulli(logits=tf.constant(_LOGITS, tf.float64)),
  'tf_mco': lambda: distributions.Bernoulli(tf.constant(_LOGITS)),
  'independent': lambda: tfd.Independent(tfd.Bernoulli(logits=_LOGITS), 1),
  'nested': lambda: tfd.Independent(
    tfd.Independent(tfd.Bernoulli(logits=_LOGITS), 1), 1
  ),
  'normal': lambda: tfd.Normal([[-1.0], [2.0]], [0.5, 3.0]),
  'normals': lambda: tfd.Independent(tfd.Normal([-1.0, 2.0], [0.5, 3.0]), 1),
  'gamma': lambda: tfd.Gamma([0.7, 4.0], 2.0),
  'lognormal': lambda: tfd.LogNormal([0.1, 0.4], 0.3),
  'one_hot': lambda: tfd.OneHotCategorical(logits=_LOGITS),
}


@pytest.mark.parametrize('name', _DISTRIBUTIONS)
def test_sample(name: str) -> None:
  distribution = _DISTRIBUTIONS[name]()
  samples = sampling.sample(distribution, [_DRAWS // 2, 2], seed=1)
  shape = distribution.batch_shape + distribution.event_shape
  assert samples.shape == [_DRAWS // 2, 2, *shape]
  if 'normal' in name or name in ('gamma', 'tf_mco'):
    assert samples.dtype == distribution.dtype
  flat = tf.reshape(samples, [_DRAWS, -1]).numpy().astype(np.float64)
  mean = tf.reshape(distribution.mean(), [-1]).numpy()
  variance = tf.reshape(distribution.variance(), [-1]).numpy()
  z = (flat.mean(0) - mean) / np.sqrt(variance / _DRAWS)
  np.testing.assert_array_less(np.abs(z), _MAX_Z)
  # Of the squared deviation, whose variance is taken from the sample.
  square = (flat - mean) ** 2
  z = (square.mean(0) - variance) / (square.std(0) + 1e-9) * np.sqrt(_DRAWS)
  np.testing.assert_array_less(np.abs(z), _MAX_Z)
  again = sampling.sample(distribution, [_DRAWS // 2, 2], seed=1)
  np.testing.assert_array_equal(samples, again)


def test_samples_of_integer_bernoulli_are_floating() -> None:
  sample = sampling.sample(_DISTRIBUTIONS['independent'](), [4], seed=0)
  assert sample.dtype == tf.float32


def test_a_subclass_is_not_taken_for_its_parent() -> None:
  class Shifted(tfd.Normal):
    def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
      return super()._sample_n(n, seed) + 100

  assert sampling.sample(Shifted(0.0, 1.0), [3], seed=0).numpy().min() > 50


def test_normal_is_reparameterized() -> None:
  loc, scale = tf.constant([1.0, 2.0]), tf.constant([0.5, 3.0])
  with tf.GradientTape() as tape:
    tape.watch((loc, scale))
    sample = sampling.sample(tfd.Normal(loc, scale), [], seed=3)
  by_loc, by_scale = tape.gradient(sample, (loc, scale))
  np.testing.assert_allclose(by_loc, [1, 1])
  np.testing.assert_allclose(by_scale, (sample - loc) / scale, rtol=1e-5)


def test_bernoulli_and_normal_are_drawn_by_the_generator_of_tf_mco() -> None:
  logits = tf.constant(_LOGITS)
  u = random.uniform([4, 2, 3], dtype=tf.float32, seed=7)
  for form in ('bernoulli', 'independent', 'nested'):
    samples = sampling.sample(_DISTRIBUTIONS[form](), [4], seed=7)
    np.testing.assert_array_equal(samples, u < tf.sigmoid(logits))
  noise = random.normal([4, 2, 2], dtype=tf.float32, seed=7)
  samples = sampling.sample(_DISTRIBUTIONS['normal'](), [4], seed=7)
  expected = tf.constant([[-1.0], [2.0]]) + tf.constant([0.5, 3.0]) * noise
  np.testing.assert_array_equal(samples, expected)


def test_others_are_drawn_by_their_own_sampler() -> None:
  for form in ('tf_mco', 'lognormal', 'one_hot'):
    distribution = _DISTRIBUTIONS[form]()
    expected = distribution.sample([4], seed=random.as_seed(7))
    samples = sampling.sample(distribution, [4], seed=7)
    np.testing.assert_array_equal(samples, expected)


_FAMILIES = {
  'Gamma': [[0.01, 3.0], 2.0],
  'InverseGamma': [[0.2, 3.0], 2.0],
  'Beta': [[0.01, 3.0], 2.0],
  'Dirichlet': [[0.01, 3.0, 0.4]],
}


@pytest.mark.parametrize('name', _FAMILIES)
def test_the_gamma_family_of_tfp_is_that_of_tf_mco(name: str) -> None:
  """Draws, scores and gradients are right where those of TFP are not."""
  theirs = getattr(tfd, name)(*_FAMILIES[name])
  ours = getattr(distributions, name)(*_FAMILIES[name])
  wrapped = tfd.Independent(theirs, theirs.batch_shape.rank)
  x = sampling.sample(wrapped, [50], seed=7)
  np.testing.assert_array_equal(x, ours.sample([50], seed=7))
  expected = ours.log_prob(x)
  np.testing.assert_array_equal(sampling.log_prob(theirs, x), expected)
  if theirs.batch_shape.rank:
    expected = tf.reduce_sum(expected, -1)
  np.testing.assert_array_equal(sampling.log_prob(wrapped, x), expected)


def test_chi_squared_is_a_gamma() -> None:
  theirs, ours = tfd.Chi2([0.02, 3.0]), distributions.Gamma([0.01, 1.5], 0.5)
  x = sampling.sample(theirs, [50], seed=7)
  np.testing.assert_array_equal(x, ours.sample([50], seed=7))
  np.testing.assert_array_equal(sampling.log_prob(theirs, x), ours.log_prob(x))
  ordinary = x[x[:, 0] > 0]
  np.testing.assert_allclose(
    theirs.log_prob(ordinary), ours.log_prob(ordinary), rtol=1e-5
  )


def test_a_diagonal_normal_is_drawn_and_scored_as_a_normal() -> None:
  loc, scale = tf.constant([[1.0, 2.0]]), tf.constant([[0.5, 1e-9]])
  normal = tfd.Independent(tfd.Normal(loc, scale), 1)
  for diagonal in (
    tfd.MultivariateNormalDiag(loc, scale),
    tfd.MultivariateNormalDiag(loc, scale_diag=scale),
  ):
    z = sampling.sample(diagonal, [4], seed=7)
    np.testing.assert_array_equal(z, sampling.sample(normal, [4], seed=7))
    np.testing.assert_array_equal(
      sampling.log_prob(diagonal, z), sampling.log_prob(normal, z)
    )
  centred = tfd.MultivariateNormalDiag(scale_diag=scale)
  z = sampling.sample(centred, [4], seed=7)
  np.testing.assert_allclose(
    sampling.log_prob(centred, z), centred.log_prob(z), rtol=1e-6
  )


def test_gamma_keeps_its_logarithm_inside_independent() -> None:
  gamma = distributions.Gamma(tf.fill([2, 3], 1e-3), 1.0)
  plain = sampling.sample(gamma, [4, tf.constant(5)], seed=7)
  nested = tfd.Independent(tfd.Independent(gamma, 1), 1)
  samples = sampling.sample(nested, [4, tf.constant(5)], seed=7)
  assert samples.shape == (4, 5, 2, 3)
  np.testing.assert_array_equal(samples, plain)
  np.testing.assert_array_equal(samples, gamma.sample([4, 5], seed=7))
  log_x = gamma.sample_log([4, 5], seed=7)
  np.testing.assert_array_equal(log_sample.log(samples), log_x)
  assert np.min(log_x) < -100  # far below the smallest sample


def test_sizes_may_be_tensors_in_a_graph() -> None:
  @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
  def draw(size: tf.Tensor) -> list[tf.Tensor]:
    return [
      sampling.sample(_DISTRIBUTIONS[form](), [1, size], seed=7)
      for form in ('independent', 'normal', 'gamma')
    ]

  for form, samples in zip(
    ('independent', 'normal', 'gamma'), draw(tf.constant(4)), strict=True
  ):
    expected = sampling.sample(_DISTRIBUTIONS[form](), [1, 4], seed=7)
    np.testing.assert_allclose(samples, expected, rtol=1e-6)


def test_unwrap() -> None:
  bernoulli = tfd.Bernoulli(logits=_LOGITS)
  assert sampling.unwrap(bernoulli) is bernoulli
  once = tfd.Independent(bernoulli, 1)
  assert sampling.unwrap(once) is bernoulli
  assert sampling.unwrap(tfd.Independent(once, 1)) is bernoulli


def test_unwrap_leaves_a_subclass_of_independent_alone() -> None:
  class Shifted(tfd.Independent):
    def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
      return super()._sample_n(n, seed) + 100

  shifted = Shifted(tfd.Normal(tf.zeros([2]), 1.0), 1)
  assert sampling.unwrap(shifted) is shifted
  assert sampling.sample(shifted, [3], seed=0).numpy().min() > 50
