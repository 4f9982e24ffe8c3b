"""Pairs of binary paths: their joint probabilities, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from tests.contract.oracles import binary_problems
from tests.contract.oracles import enumeration
import tf_mco
from tf_mco._tfp import tfd

_LOGITS = tf.constant(np.random.default_rng(0).normal(size=(5, 2)))
_NAMES = ('arm', 'disarm', 'local_disarm')


def test_pairs_have_the_joint_probabilities_of_the_paper() -> None:
  """P(1,1) = max(2s - 1, 0), P(0,0) = max(1 - 2s, 0), else min(s, 1 - s)."""
  problem = binary_problems.toy((1,), 8)
  outcomes = enumeration.antithetic(problem, 1)
  s = scipy.special.expit(problem.values['logits'][:, 0])
  expected = {
    (1, 1): np.maximum(2 * s - 1, 0),
    (0, 0): np.maximum(1 - 2 * s, 0),
    (1, 0): np.minimum(s, 1 - s),
    (0, 1): np.minimum(s, 1 - s),
  }
  (pair,) = outcomes.source.pairs
  halves = pair.path[0][0, :, 0], pair.antithetic[0][0, :, 0]
  for outcome, probability in expected.items():
    found = np.bincount(
      outcomes.example,
      outcomes.probability * np.all(np.transpose(halves) == outcome, -1),
    )
    np.testing.assert_allclose(found, probability, rtol=1e-12, atol=1e-15)


def _bernoulli(logits: tf.Tensor) -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=logits.dtype), 1)


_OTHERS: dict[str, Callable[[tf.Tensor], tfd.Distribution]] = {
  'normal': lambda x: tfd.Independent(tfd.Normal(x, tf.ones_like(x)), 1),
  'one_hot': lambda x: tfd.OneHotCategorical(logits=x),
  'continuous': lambda x: tfd.Independent(tfd.ContinuousBernoulli(logits=x), 1),
  'relaxed': lambda x: tfd.Independent(tfd.RelaxedBernoulli(0.5, logits=x), 1),
}


@pytest.mark.parametrize(
  ('name', 'other', 'num_layers'),
  [
    *(('disarm', other, layers) for other in _OTHERS for layers in (1, 2)),
    *((name, 'normal', 2) for name in ('arm', 'local_disarm')),
  ],
)
def test_variables_that_are_not_binary_are_refused(
  name: str, other: str, num_layers: int
) -> None:
  make = _OTHERS[other]
  posterior: Any = make(_LOGITS)
  if num_layers == 2:
    posterior = tf_mco.posteriors.Chain(
      [_bernoulli(_LOGITS), lambda z: make(_LOGITS + tf.zeros_like(z))]
    )
  log_joint = lambda z: tf.reduce_sum(z, -1)  # noqa: E731
  with pytest.raises(ValueError, match='Bernoulli variables.*Received') as e:
    estimator = tf_mco.get_estimator(name)
    tf_mco.estimate(estimator, log_joint, posterior, seed=0)
  assert repr(make(_LOGITS))[:20] in str(e.value)


@pytest.mark.parametrize('name', _NAMES)
def test_saturated_probability(name: str) -> None:
  probs = tf.sigmoid(tf.constant([[20.0, 0.0]]))  # 1 in float32
  posterior = tfd.Independent(tfd.Bernoulli(probs=probs), 1)
  estimator = tf_mco.get_estimator(name)
  log_joint = lambda z: tf.reduce_sum(z, -1)  # noqa: E731
  surrogate = tf_mco.estimate(estimator, log_joint, posterior, seed=0)
  np.testing.assert_array_equal(surrogate.loss, -surrogate.bound)
