"""A posterior of three stochastic layers, against sums written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco._tfp import tfd

_B = 4
_LOGITS = tf.constant(np.random.default_rng(0).normal(size=(_B, 2)))


def _first() -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits=_LOGITS), 1)


def _second(z1: tf.Tensor) -> tfd.Distribution:
  loc = tf.reduce_sum(z1, -1, keepdims=True) * tf.ones([3], tf.float64)
  return tfd.Independent(tfd.Normal(loc, tf.constant(0.5, tf.float64)), 1)


def _third(z1: tf.Tensor, z2: tf.Tensor) -> tfd.Distribution:
  return tfd.Bernoulli(logits=z1[..., 0] - 2 * z2[..., 1])


@pytest.fixture(params=['distribution', 'function'])
def chain(request: pytest.FixtureRequest) -> posteriors.Chain:
  first = _first() if request.param == 'distribution' else _first
  return posteriors.Chain([first, _second, _third])


def test_shapes(chain: posteriors.Chain) -> None:
  assert chain.num_layers == 3
  samples = chain.sample(5, seed=0)
  assert [z.shape for z in samples] == [(5, _B, 2), (5, _B, 3), (5, _B)]
  assert {z.dtype for z in samples} == {tf.float64}
  assert chain.log_prob(samples).shape == (5, _B)


@pytest.mark.parametrize('num_layers', [0, 1, 2, 3])
def test_the_first_layers_alone(
  chain: posteriors.Chain, num_layers: int
) -> None:
  part = chain.sample(5, num_layers=num_layers, seed=0)
  assert len(part) == num_layers
  for one, two in zip(part, chain.sample(5, seed=0), strict=False):
    np.testing.assert_array_equal(one, two)


def test_log_prob(chain: posteriors.Chain) -> None:
  samples = chain.sample(5, seed=0)
  z1, z2, z3 = (z.numpy() for z in samples)
  p1 = 1 / (1 + np.exp(-_LOGITS.numpy()))
  p3 = 1 / (1 + np.exp(-(z1[..., 0] - 2 * z2[..., 1])))
  expected = [
    np.log(np.where(z1 == 1, p1, 1 - p1)).sum(-1),
    scipy.stats.norm.logpdf(z2, z1.sum(-1, keepdims=True), 0.5).sum(-1),
    np.log(np.where(z3 == 1, p3, 1 - p3)),
  ]
  found = chain.log_probs(samples)
  for one, two in zip(found, expected, strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-12)
  np.testing.assert_allclose(chain.log_prob(samples), sum(expected), rtol=1e-12)


def test_layers_are_drawn_from_their_conditionals() -> None:
  """The test asks |z| < 4.5 on 80,000 draws: 1 in 150,000 false alarms."""
  z1, z2, z3 = posteriors.Chain([_first(), _second, _third]).sample(
    40_000, seed=3
  )
  p1 = tf.sigmoid(_LOGITS)
  p3 = tf.sigmoid(z1[..., 0] - 2 * z2[..., 1])
  noise = (z2 - tf.reduce_sum(z1, -1, keepdims=True)) / 0.5
  for layer in (
    (z1 - p1) / tf.sqrt(p1 * (1 - p1)),
    noise,
    (noise**2 - 1) / np.sqrt(2),
    (z3 - p3) / tf.sqrt(p3 * (1 - p3)),
    noise * (2 * z1[..., :1] - 2 * p1[..., :1]),  # of two layers
    noise[..., :1] * noise[..., 1:2],
  ):
    values = layer.numpy().reshape(40_000 * _B, -1)
    z = values.mean(0) / values.std(0) * np.sqrt(len(values))
    np.testing.assert_array_less(np.abs(z), 4.5)


def test_layers_share_no_random_numbers() -> None:
  """A chi-square test of 80,000 paths has a false-alarm rate of 1e-6."""
  fair = tfd.Bernoulli(logits=tf.zeros([_B]))
  chain = posteriors.Chain(
    [fair, *[lambda *z: tfd.Bernoulli(logits=0 * z[0])] * 3]
  )
  bits = tf.stack(chain.sample(20_000, seed=5), -1).numpy().reshape(-1, 4)
  counts = np.bincount((bits @ [8, 4, 2, 1]).astype(int), minlength=16)
  assert scipy.stats.chisquare(counts).pvalue > 1e-6


def test_extend(chain: posteriors.Chain) -> None:
  prefix = chain.sample(5, num_layers=2, seed=0)
  path = chain.extend(prefix[:1], seed=1)
  assert path[0] is prefix[0]
  assert len(path) == 3
  np.testing.assert_array_equal(
    chain.extend(prefix[:1], num_layers=2, seed=1)[1], path[1]
  )
  assert chain.extend(path, seed=1) == path
  other = chain.extend(prefix[:1], seed=2)
  assert (path[1].numpy() != other[1].numpy()).all()


def test_one_seed_is_common_randomness() -> None:
  """Two prefixes continued with one seed use the same uniform numbers."""
  chain = posteriors.Chain([_first(), _second])
  shift = tf.ones([5, _B, 2], tf.float64)
  low = chain.extend((0 * shift,), seed=1)[1]
  high = chain.extend((shift,), seed=1)[1]
  np.testing.assert_allclose(high - low, 2 * np.ones([5, _B, 3]), rtol=1e-12)


def test_gradient_of_a_score_flows_to_every_layer() -> None:
  scale = tf.constant(0.5, tf.float64)
  with tf.GradientTape() as tape:
    tape.watch((_LOGITS, scale))
    chain = posteriors.Chain(
      [
        tfd.Independent(tfd.Bernoulli(logits=_LOGITS), 1),
        lambda z: tfd.Independent(tfd.Normal(z, scale), 1),
      ]
    )
    samples = tuple(tf.stop_gradient(z) for z in chain.sample(3, seed=0))
    log_q = tf.reduce_sum(chain.log_prob(samples))
  by_logits, by_scale = tape.gradient(log_q, (_LOGITS, scale))
  z1, z2 = samples
  score = tf.reduce_sum(z1 - tf.sigmoid(_LOGITS), 0)
  np.testing.assert_allclose(by_logits, score, rtol=1e-12)
  expected = tf.reduce_sum((z2 - z1) ** 2 / scale**3 - 1 / scale)
  np.testing.assert_allclose(by_scale, expected, rtol=1e-12)


def test_seeds(chain: posteriors.Chain) -> None:
  one, same, other = (
    [z.numpy() for z in chain.sample(50, seed=seed)]
    for seed in (1, random.as_seed(1), 2)
  )
  for layer in range(3):
    np.testing.assert_array_equal(one[layer], same[layer])
    assert (one[layer] != other[layer]).any()


@pytest.mark.parametrize(
  'conditionals',
  [
    [_first(), _third],
    [_first(), lambda: _first()],
    [_first(), _first()],
    [_second],
    [_first(), lambda *, z1: _second(z1)],
  ],
  ids=['too_many', 'too_few', 'distribution', 'first', 'keyword'],
)
def test_arity(conditionals: list[Any]) -> None:
  with pytest.raises(ValueError, match='positional argument each.*Received'):
    posteriors.Chain(conditionals)


def test_optional_arguments_are_allowed() -> None:
  posteriors.Chain([_first(), lambda z1, scale=1.0: _second(z1)])
  posteriors.Chain([_first(), lambda *previous: _second(*previous)])


@pytest.mark.parametrize('num_layers', [1, 2])
def test_samples_of_too_few_layers(
  chain: posteriors.Chain, num_layers: int
) -> None:
  samples = chain.sample(5, seed=0)
  with pytest.raises(ValueError, match='Received'):
    chain.log_prob(samples[:num_layers])
