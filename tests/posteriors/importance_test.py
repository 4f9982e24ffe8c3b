"""Tests of the bound with many samples against exact sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import tiny
from tf_mco import evaluation
from tf_mco._tfp import tfd

_ROWS = 40_000


_Q_LOGITS = np.array([0.3, -0.8])


_TABLE = np.array([-0.5, -2.0, -3.0, 0.4])  # log p(x, z) of four states


def _posterior(rows: int) -> tfd.Distribution:
  logits = tf.constant(np.tile(_Q_LOGITS, (rows, 1)))
  return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float64), 1)


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  state = tf.cast(2 * z[..., 0] + z[..., 1], tf.int32)
  return tf.gather(tf.constant(_TABLE), state)


def _exact(num_samples: int) -> tuple[float, float]:
  """Returns mean and variance of the K-sample bound, by enumeration."""
  log_q = tiny.log_bernoulli(tiny.all_states(2), _Q_LOGITS)
  log_w = _TABLE - log_q
  draws = np.array(list(itertools.product(range(4), repeat=num_samples)))
  bound = special.logsumexp(log_w[draws], axis=1) - np.log(num_samples)
  probability = np.exp(log_q[draws].sum(1))
  mean = probability @ bound
  return mean, probability @ (bound - mean) ** 2


@pytest.mark.parametrize(
  ('num_samples', 'chunk_size'),
  [(1, 50), (3, 50), (2, 1), (4, 2), (5, 2), (6, 3)],
)
def test_expectation_is_that_of_k_independent_samples(
  num_samples: int, chunk_size: int
) -> None:
  # |z| < 4 in six cases: a false alarm in 2,500 changes of the seed. Chunks
  # that shared their noise would have another expectation.
  bound = evaluation.importance_bound(
    _log_joint,
    _posterior(_ROWS),
    num_samples,
    chunk_size=chunk_size,
    seed=tf.constant([1, num_samples]),
  )
  assert (bound.shape, bound.dtype) == ((_ROWS,), tf.float64)
  mean, variance = _exact(num_samples)
  z = (np.mean(bound) - mean) / np.sqrt(variance / _ROWS)
  assert abs(z) < 4, z
  ratio = np.var(bound) / variance
  assert abs(ratio - 1) < 0.1, ratio


@pytest.mark.parametrize(
  ('num_samples', 'chunk_size', 'compiled'),
  [
    (1, 50, False),
    (7, 50, False),
    (7, 7, False),
    (7, 3, True),
    (6, 3, True),
  ],
)
def test_exact_posterior_gives_exact_likelihood_for_any_k(
  num_samples: int, chunk_size: int, compiled: bool
) -> None:
  posterior = _posterior(5)
  log_p_x = np.linspace(-900, 3, 5)  # also where weights underflow

  def bound() -> tf.Tensor:
    return evaluation.importance_bound(
      lambda z: posterior.log_prob(z) + log_p_x,
      posterior,
      num_samples,
      chunk_size=chunk_size,
      seed=3,
    )

  if compiled:
    bound = tf.function(bound, jit_compile=True)
  np.testing.assert_allclose(bound(), log_p_x, rtol=1e-12)


def test_no_more_than_a_chunk_is_held_in_memory() -> None:
  sizes: list[int] = []

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    sizes.append(z.shape[0])
    return _log_joint(z)

  evaluation.importance_bound(log_joint, _posterior(2), 8, chunk_size=3, seed=0)
  assert sizes == [3, 3, 2]
  sizes.clear()
  evaluation.importance_bound(log_joint, _posterior(2), 50, seed=0)
  assert sizes == [20, 20, 10]


@pytest.mark.parametrize('option', ['num_samples', 'chunk_size'])
@pytest.mark.parametrize('value', [0, -1, 2.0])
def test_bad_numbers_are_errors(option: str, value: float) -> None:
  options = {'num_samples': 3, 'chunk_size': 2, option: value}
  with pytest.raises(ValueError, match=f'`{option}`'):
    evaluation.importance_bound(_log_joint, _posterior(2), seed=0, **options)
