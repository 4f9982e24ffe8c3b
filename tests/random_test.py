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
  seeds = [1 << shift for shift in range(63)] + [-(2**63), -1, 0]
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
    2**63,
    2**64,
    -(2**63) - 1,
    np.uint64(2**63),
    object(),
    [None, 1],
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


def _philox(key: int, counter: int) -> list[int]:
  """Philox 4x32-10 by Salmon et al. (2011), in integers: four words."""
  low, high = key % 2**32, key >> 32
  words = [(counter >> shift) % 2**32 for shift in (0, 32, 64, 96)]
  for _ in range(10):
    first, second = 0xD2511F53 * words[0], 0xCD9E8D57 * words[2]
    words = [
      (second >> 32) ^ words[1] ^ low,
      second % 2**32,
      (first >> 32) ^ words[3] ^ high,
      first % 2**32,
    ]
    low, high = (low + 0x9E3779B9) % 2**32, (high + 0xBB67AE85) % 2**32
  return words


@pytest.mark.parametrize('data', [0, 3, -1, 2**31, 2**40 + 1, -(2**63)])
@pytest.mark.parametrize('seed', [0, 11, -1, 7 << 32, 2**63 - 1])
def test_fold_in_is_a_block_of_philox(seed: int, data: int) -> None:
  counter = data % 2**64 + (0x666F6C64 << 64)
  expected = np.array(_philox(seed % 2**64, counter)[:2], np.uint32)
  found = random.fold_in(seed, tf.constant(data, tf.int64))
  np.testing.assert_array_equal(found, expected.view(np.int32))
  np.testing.assert_array_equal(random.fold_in(seed, data), found)


def test_philox_of_these_tests_is_that_of_its_authors() -> None:
  # From kat_vectors of Random123: key and counter are the digits of pi.
  words = _philox(0x299F31D0A4093822, 0x0370734413198A2E85A308D3243F6A88)
  assert words == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


@pytest.mark.parametrize(
  'data',
  [
    3,
    np.int64(3),
    np.uint64(3),
    *(tf.constant(3, dtype) for dtype in (tf.int64, tf.uint8, tf.uint32)),
  ],
)
def test_fold_in_takes_any_integer(data: Any) -> None:
  found = random.fold_in(11, data)
  np.testing.assert_array_equal(found, random.fold_in(11, tf.constant(3)))


@pytest.mark.parametrize(
  'data',
  [
    None,
    3.0,
    True,
    '3',
    2**63,
    -(2**63) - 1,
    np.float64(3),
    tf.constant(3.0),
    tf.constant(3, tf.uint64),
    tf.constant([3, 4]),
  ],
)
def test_what_fold_in_does_not_take(data: Any) -> None:
  with pytest.raises(ValueError, match=r'`data` must be .*Received: data='):
    random.fold_in(11, data)


def test_children_of_many_parents_do_not_collide() -> None:
  """Were 32 bits of a parent kept, one collision would be expected here."""
  parents = np.arange(2**16, dtype=np.int32)
  seeds = np.stack([parents[::-1], parents], axis=1)

  @tf.function
  def children(seeds: tf.Tensor, data: tf.Tensor) -> tf.Tensor:
    return tf.map_fn(lambda seed: random.fold_in(seed, data), seeds)

  found = np.concatenate(
    [children(tf.constant(seeds), tf.constant(data)) for data in (0, 1)]
  )
  assert len(np.unique(found, axis=0)) == len(found)
  # Each bit is one in half of the children.
  ones = np.unpackbits(found.astype(np.int32).view(np.uint8), axis=1).mean(0)
  assert np.abs(ones - 0.5).max() < 5 * 0.5 / np.sqrt(len(found))


def test_a_child_depends_on_both_words_of_its_parent() -> None:
  parents = [[a, b] for a in (0, 1, -1) for b in (0, 1, -1)]
  children = [random.fold_in(tf.constant(p), 5).numpy() for p in parents]
  for word in (0, 1):
    assert len({child[word] for child in children}) == len(parents)


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


@pytest.mark.parametrize(('dtype', 'more'), [(tf.float32, 8), (tf.float64, 11)])
def test_words_are_the_uniform_numbers_with_more_digits(
  dtype: tf.DType, more: int
) -> None:
  digits = 52 if dtype == tf.float64 else 23
  u = random.uniform([1000], dtype=dtype, seed=3).numpy()
  for jit in (False, True):
    draw = tf.function(
      lambda: random.words([1000], dtype=dtype, seed=3), jit_compile=jit
    )
    words = draw().numpy().astype(object)  # integers of Python
    cells = (words + 2 ** (digits + more - 1)) // 2**more
    np.testing.assert_array_equal(cells, u * 2.0**digits)


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
    'ORDER': -3,
    'BINARIZATION': -1,
    'MEASUREMENT': -1,
    'DESCENT': -2,
  }
  for salt in random.Salt:
    plain = random.fold_in(5, int(salt))
    np.testing.assert_array_equal(random.fold_in(5, salt), plain)


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('seed', [7, -7, 2**62 + 11])
def test_a_piece_of_a_draw(seed: int, jit: bool) -> None:
  # TensorFlow's own operation that makes a key of a seed differs under XLA
  # where a word of the seed is negative.
  for name, dtype in (
    ('bits', tf.int32),
    ('bits', tf.int64),
    ('uniform', tf.float32),
    ('open_uniform', tf.float64),
    ('normal', tf.float32),
    ('normal', tf.float64),
  ):
    draw = getattr(random, name)

    @tf.function(jit_compile=jit)
    def piece(seed: tf.Tensor, draw: Callable = draw, dtype: tf.DType = dtype):
      return draw([30], dtype=dtype, seed=seed, start=tf.constant(12))

    whole = draw([100], dtype=dtype, seed=seed)
    np.testing.assert_allclose(
      piece(random.as_seed(seed)), whole[12:42], rtol=1e-5, err_msg=name
    )


def test_the_counter_of_a_piece_carries() -> None:
  counter = tf.constant([2**64 - 2, 5], tf.uint64)
  moved = random._advanced(counter, tf.constant(3, tf.int64))
  assert moved.numpy().tolist() == [1, 6]
  moved = random._advanced(counter, tf.constant(1, tf.int64))
  assert moved.numpy().tolist() == [2**64 - 1, 5]


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
def test_numbers_made_of_uniform_ones(dtype: tf.DType) -> None:
  u = random.uniform([1000], dtype=dtype, seed=3)
  for made, name in (
    (random.normal_of(u), 'normal'),
    (random.opened(u), 'open_uniform'),
  ):
    drawn = getattr(random, name)([1000], dtype=dtype, seed=3)
    np.testing.assert_array_equal(made, drawn)
