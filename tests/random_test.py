"""Random numbers: a function of the seed, of the right distribution.

Statistical tests have fixed seeds and at least 1e5 draws; |z| < 4.5 fails a
right sampler once in 150,000 comparisons, of which there are about 100.
"""

from __future__ import annotations

from collections.abc import Callable
import itertools
from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling

_MAX_Z = 4.5
_DRAWS = 200_000


def test_an_integer_seed_is_two_words() -> None:
  assert random.as_seed(5).numpy().tolist() == [5, 0]
  assert random.as_seed(5 + (7 << 32)).numpy().tolist() == [5, 7]
  assert random.as_seed(-1).numpy().tolist() == [-1, -1]
  assert random.as_seed(np.int64(5)).numpy().tolist() == [5, 0]
  tensor = tf.constant([3, -4])
  assert random.as_seed(tensor) is tensor
  assert random.as_seed(np.array([3, 4], np.int32)).numpy().tolist() == [3, 4]


def test_all_64_bits_matter() -> None:
  seeds = [1 << shift for shift in range(64)] + [0]
  numbers = {
    random.uniform([], dtype=tf.float64, seed=seed).numpy() for seed in seeds
  }
  assert len(numbers) == len(seeds)


@pytest.mark.parametrize(
  'seed',
  [
    None,
    1.0,
    np.float64(1),
    True,
    np.bool_(True),
    '1',
    (1, 2, 3),
    tf.constant(1),
    tf.constant([1, 2], tf.int64),
    tf.constant([1.0, 2.0]),
  ],
)
def test_what_is_no_seed(seed: Any) -> None:
  for function in (
    random.as_seed,
    lambda seed: random.fold_in(seed, 1),
    lambda seed: random.split(seed, 2),
    lambda seed: random.uniform([2], dtype=tf.float32, seed=seed),
    lambda seed: random.normal([2], dtype=tf.float32, seed=seed),
    lambda seed: sampling.sample(tfd.Normal(0.0, 1.0), [2], seed=seed),
    lambda seed: sampling.sample(tfd.Gamma(1.0, 1.0), [2], seed=seed),
  ):
    with pytest.raises(ValueError, match=r'shape \[2\].*Received: seed='):
      function(seed)


def test_derived_seeds_all_differ() -> None:
  parents = [0, 1, 2, 1 << 32]
  seeds = [random.as_seed(parent) for parent in parents]
  for parent in parents:
    folded = [random.fold_in(parent, data) for data in range(5)]
    seeds += folded + random.split(parent, 5)
    seeds += [seed for child in folded for seed in random.split(child, 3)]
  assert all(seed.dtype == tf.int32 and seed.shape == (2,) for seed in seeds)
  assert len({tuple(seed.numpy()) for seed in seeds}) == len(seeds)


@pytest.mark.parametrize('data', [3, np.int64(3), tf.constant(3, tf.int64)])
def test_fold_in_takes_any_integer(data: Any) -> None:
  found = random.fold_in(11, data)
  np.testing.assert_array_equal(found, random.fold_in(11, tf.constant(3)))


def test_streams_of_derived_seeds_are_uncorrelated() -> None:
  seeds = [*random.split(4, 4), *(random.fold_in(4, i) for i in range(4))]
  streams = [
    random.uniform([_DRAWS], dtype=tf.float64, seed=seed).numpy()
    for seed in [random.as_seed(4), *seeds]
  ]
  for one, two in itertools.combinations(streams, 2):
    for shift in range(3):
      length = _DRAWS - shift
      z = np.corrcoef(one[shift:], two[:length])[0, 1] * np.sqrt(length)
      assert abs(z) < _MAX_Z


_GENERATORS: dict[str, Callable[..., tf.Tensor]] = {
  'uniform': lambda seed, dtype: random.uniform([3, 5], dtype=dtype, seed=seed),
  'normal': lambda seed, dtype: random.normal([3, 5], dtype=dtype, seed=seed),
  'bernoulli': lambda seed, dtype: sampling.sample(
    tfd.Bernoulli(logits=tf.zeros([50], dtype)), [3], seed=seed
  ),
}


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('name', _GENERATORS)
def test_same_seed_same_numbers(name: str, dtype: tf.DType) -> None:
  generate = _GENERATORS[name]
  found = generate(6, dtype)
  assert found.dtype == dtype
  np.testing.assert_array_equal(found, generate(tf.constant([6, 0]), dtype))
  assert (found.numpy() != generate(7, dtype).numpy()).any()
  graph = tf.function(lambda seed: generate(seed, dtype))
  for _ in range(2):
    np.testing.assert_array_equal(found, graph(tf.constant([6, 0])))


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('name', _GENERATORS)
def test_jit_gives_the_same_numbers(name: str, dtype: tf.DType) -> None:
  generate = _GENERATORS[name]
  jitted = tf.function(lambda seed: generate(seed, dtype), jit_compile=True)
  np.testing.assert_allclose(
    jitted(tf.constant([6, 0])), generate(6, dtype), rtol=1e-6
  )


def test_jit_gives_the_same_seeds() -> None:
  def derive(seed: tf.Tensor) -> list[tf.Tensor]:
    return [random.fold_in(seed, 3), *random.split(seed, 3)]

  seed = tf.constant([6, 7])
  jitted = tf.function(derive, jit_compile=True)(seed)
  np.testing.assert_array_equal(jitted, derive(seed))


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('name', ['uniform', 'normal'])
def test_distribution_of_the_numbers(name: str, jit_compile: bool) -> None:
  generate = {'uniform': random.uniform, 'normal': random.normal}[name]

  def draw() -> tf.Tensor:
    return generate([_DRAWS], dtype=tf.float32, seed=2006)

  draw_fn = tf.function(draw, jit_compile=True) if jit_compile else draw
  numbers = draw_fn().numpy()
  reference = {'uniform': 'uniform', 'normal': 'norm'}[name]
  assert scipy.stats.kstest(numbers, reference).pvalue > 1e-5
  z = np.corrcoef(numbers[1:], numbers[:-1])[0, 1] * np.sqrt(_DRAWS)
  assert abs(z) < _MAX_Z
  if name == 'uniform':
    assert 0 <= numbers.min() < numbers.max() < 1


def test_uniform_like_of_unknown_shape() -> None:
  @tf.function(input_signature=[tf.TensorSpec([None, 3])])
  def step(tensor: tf.Tensor) -> tf.Tensor:
    numbers = random.uniform_like(tensor, [2], seed=1)
    assert numbers.shape.as_list() == [2, None, 3]
    return numbers

  expected = random.uniform([2, 4, 3], dtype=tf.float32, seed=1)
  np.testing.assert_array_equal(step(tf.zeros([4, 3])), expected)


def test_open_uniform_has_a_finite_logarithm() -> None:
  for dtype, half_step in ((tf.float32, 2.0**-24), (tf.float64, 2.0**-53)):
    u = random.uniform([1000], dtype=dtype, seed=1)
    numbers = random.open_uniform([1000], dtype=dtype, seed=1)
    np.testing.assert_array_equal(numbers, u + half_step)


def test_normal_like_has_the_numbers_of_normal() -> None:
  numbers = random.normal_like(tf.zeros([4, 3], tf.float64), [2], seed=1)
  expected = random.normal([2, 4, 3], dtype=tf.float64, seed=1)
  np.testing.assert_array_equal(numbers, expected)


def test_salts_are_the_numbers_of_stored_runs() -> None:
  numbers = {name: int(salt) for name, salt in random.Salt.__members__.items()}
  assert numbers == {
    'MOMENTUM': 1,
    'DEFENSIVE': 1,
    'CALL': -1,
    'EVALUATION': -2,
    'BINARIZATION': -1,
    'MEASUREMENT': -1,
    'DESCENT': -2,
  }
  for salt in random.Salt:
    plain = random.fold_in(5, int(salt))
    np.testing.assert_array_equal(random.fold_in(5, salt), plain)
