"""Distributions keep variables and deferred tensors, as those of TFP do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util


def _mixture(logits: Any, loc: Any) -> tfd.Distribution:
  return distributions.MixtureSameFamily(
    tfd.Categorical(logits=logits), tfd.Normal(loc, np.float64(1))
  )


def _chain(loc: Any, scale: Any) -> tfd.Distribution:
  return distributions.Autoregressive(
    [
      lambda: tfd.Normal(loc, np.float64(1)),
      lambda z: tfd.Normal(z, scale),
    ]
  )


# The family, its parameters before and after, and a value.
_FAMILIES: dict[str, tuple[Callable, Sequence, Sequence, Any]] = {
  'bernoulli': (distributions.Bernoulli, [[0.3, -9.0]], [[-2.0, 9.0]], 1.0),
  'word_counts': (
    distributions.WordCounts,
    [[0.2, 0.8]],
    [[0.6, 0.4]],
    [2.0, 1.0],
  ),
  'gamma': (distributions.Gamma, [0.7, 2.0], [3.0, 5.0], 0.4),
  'gamma_log_rate': (
    lambda a, b: distributions.Gamma(a, log_rate=b),
    [0.7, 2.0],
    [3.0, 0.5],
    0.4,
  ),
  'inverse_gamma': (distributions.InverseGamma, [0.7, 2.0], [3.0, 5.0], 0.4),
  'beta': (distributions.Beta, [0.7, 2.0], [3.0, 5.0], 0.4),
  'beta_cdf': (
    functools.partial(distributions.Beta, gradient='cdf'),
    [0.7, 2.0],
    [3.0, 5.0],
    0.4,
  ),
  'dirichlet': (
    distributions.Dirichlet,
    [[0.7, 2.0, 1.0]],
    [[3.0, 5.0, 0.5]],
    [0.2, 0.5, 0.3],
  ),
  'von_mises': (distributions.VonMises, [0.7, 2.0], [-1.0, 5.0], 0.4),
  'truncated_normal': (
    distributions.TruncatedNormal,
    [0.1, 0.5, 0.0, 1.0],
    [0.6, 0.7, -0.5, 0.9],
    0.4,
  ),
  'student_t': (distributions.StudentT, [3.0, 0.5, 1.0], [5.0, 0.1, 2.0], 0.4),
  'student_t_cdf': (
    functools.partial(distributions.StudentT, gradient='cdf'),
    [3.0, 0.5, 1.0],
    [5.0, 0.1, 2.0],
    0.4,
  ),
  'mixture': (
    _mixture,
    [[0.0, 1.0], [-1.0, 1.0]],
    [[1.0, 0.5], [0.0, 3.0]],
    0.4,
  ),
  'autoregressive': (_chain, [0.0, 1.0], [2.0, 0.5], [0.4, 0.7]),
  'implicit': (
    lambda a, b: distributions.implicit(tfd.Weibull(a, b)),
    [0.7, 2.0],
    [3.0, 5.0],
    0.4,
  ),
}

# A family whose variables are held by functions, which nothing can look into.
_OPAQUE = ('autoregressive',)
_WITHOUT_SAMPLES = ('word_counts',)
_WITHOUT_MEAN = ('autoregressive', 'inverse_gamma')
_DISCRETE = ('bernoulli', 'word_counts')


def _values(name: str, q: tfd.Distribution) -> list[tf.Tensor]:
  """Returns all that depends on the parameters."""
  value = tf.constant(_FAMILIES[name][3], tf.float64)
  values = [q.log_prob(value)]
  if name not in _WITHOUT_SAMPLES:
    values.append(q.sample(4, seed=3))
    values.append(distributions.sample(q, [4], seed=3))
  if name not in _WITHOUT_MEAN:
    values.append(q.mean())
  return values


@pytest.mark.parametrize('form', ['variable', 'deferred'])
@pytest.mark.parametrize('name', list(_FAMILIES))
def test_parameters_are_read_at_every_call(name: str, form: str) -> None:
  make, before, after, _ = _FAMILIES[name]
  variables = [tf.Variable(p, dtype=tf.float64) for p in before]
  given: list[Any] = list(variables)
  if form == 'deferred':
    given = [tfp_util.DeferredTensor(v, lambda t: t * 1.0) for v in variables]
  q = make(*given)
  for values in (before, after):
    for variable, value in zip(variables, values, strict=True):
      variable.assign(value)
    fresh = make(*(tf.constant(value, tf.float64) for value in values))
    for found, expected in zip(
      _values(name, q), _values(name, fresh), strict=True
    ):
      np.testing.assert_allclose(found, expected, rtol=1e-12)
  if name not in _OPAQUE:
    assert {v.ref() for v in q.trainable_variables} == {
      v.ref() for v in variables
    }
  with tf.GradientTape(persistent=True) as tape:
    log_prob, *samples = _values(name, q)
  assert None not in tape.gradient(log_prob, variables)
  if name not in _DISCRETE:
    for sample in samples[:2]:
      assert None not in tape.gradient(sample, variables)


@pytest.mark.parametrize(
  'name', ['gamma', 'dirichlet', 'beta', 'von_mises', 'bernoulli']
)
def test_divergence_reads_the_variables(name: str) -> None:
  make, before, after, _ = _FAMILIES[name]
  variables = [tf.Variable(p, dtype=tf.float64) for p in before]
  q = make(*variables)
  other = make(*(tf.constant(p, tf.float64) for p in before))
  np.testing.assert_allclose(tfd.kl_divergence(q, other), 0, atol=1e-12)
  for variable, value in zip(variables, after, strict=True):
    variable.assign(value)
  fresh = make(*(tf.constant(p, tf.float64) for p in after))
  np.testing.assert_allclose(
    tfd.kl_divergence(q, other), tfd.kl_divergence(fresh, other), rtol=1e-12
  )
  with tf.GradientTape() as tape:
    divergence = tfd.kl_divergence(q, other)
  assert None not in tape.gradient(divergence, variables)
