"""A share of the samples comes from a broad distribution in place of q."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from tests.contract.oracles import binary_problems
from tests.contract.oracles import enumeration
from tests.contract.oracles import oracle
import tf_mco
from tf_mco import distributions
from tf_mco import estimators
from tf_mco import posteriors
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.estimators import defensive

_SHARE = 0.3
_RWS = estimators.Rws(2, defensive=_SHARE)


def _log_r(
  problem: binary_problems.Problem, example: np.ndarray, path: tuple
) -> tuple[np.ndarray, np.ndarray]:
  """Returns log q and the log-probability of the mixture, `[K, R]`."""
  logits = problem.logits_of_path(example, path)
  log_q = sum(
    scipy.special.log_expit((2 * z - 1) * logit).sum(-1)
    for z, logit in zip(path, logits, strict=True)
  )
  broad = math.log(_SHARE) - sum(problem.sizes) * math.log(2)
  return log_q, np.logaddexp(math.log1p(-_SHARE) + log_q, broad)


@pytest.mark.parametrize('sizes', [(2,), (2, 1)])
def test_weights_are_of_the_mixture_and_scores_of_q(
  sizes: tuple[int, ...],
) -> None:
  """This holds for every draw; model and prior get the mixture's gradient."""
  problem = binary_problems.toy(sizes, 3)
  outcomes = enumeration.independent(problem, 2)
  path = outcomes.source.samples
  terms = problem.terms(outcomes.example, path)
  log_q, log_r = _log_r(problem, outcomes.example, path)
  log_w = terms.log_w + log_q - log_r
  weights = scipy.special.softmax(log_w, 0)
  found = oracle.estimates(_RWS, problem, outcomes, stopped=True)
  expected = scipy.special.logsumexp(log_w, 0) - math.log(2)
  np.testing.assert_allclose(found.value, expected, rtol=1e-11)
  for name, slope in {**terms.score, **terms.model}.items():
    weight = weights.reshape(*weights.shape, *[1] * (slope.ndim - 2))
    np.testing.assert_allclose(
      found.gradient[name],
      (weight * slope).sum(0),
      rtol=1e-10,
      atol=1e-12,
      err_msg=name,
    )


@pytest.mark.parametrize('sizes', [(2,), (2, 1)])
def test_samples_have_the_probabilities_of_the_mixture(
  sizes: tuple[int, ...],
) -> None:
  """A chi-square test of whole paths fails a right one in a million seeds."""
  problem, num_draws = binary_problems.toy(sizes, 3), 1 << 15
  states = enumeration.independent(problem, 1)
  _, log_r = _log_r(problem, states.example, states.source.samples)
  expected = num_draws * np.exp(log_r[0])
  example = np.repeat(np.arange(3), num_draws)
  posterior = problem.posterior(problem.rows(example))
  drawn = problem.source(
    estimators.Rws(1, defensive=_SHARE).draw(None, posterior, seed=5)
  )
  keys, sampled = (
    100 * index + np.concatenate(path, -1)[0] @ 2 ** np.arange(sum(sizes))
    for index, path in (
      (states.example, states.source.samples),
      (example, drawn.samples),
    )
  )
  observed = np.array([(sampled == key).sum() for key in keys])
  assert observed.sum() == len(example)
  statistic = ((observed - expected) ** 2 / expected).sum()
  assert scipy.stats.chi2.sf(statistic, len(keys) - 3) > 1e-6


def test_normal_variables_are_replaced_by_standard_ones() -> None:
  """The posterior is narrow and far away, and some samples are near zero."""
  q = tfd.Independent(tfd.Normal(tf.fill([1, 2], 50.0), 0.1), 1)
  samples = estimators.Rws(20_000, defensive=_SHARE).draw(None, q, seed=1)
  near = samples.samples.numpy()[:, 0] < 25
  np.testing.assert_array_equal(near[:, 0], near[:, 1])
  # |z| < 4 for the share, and for mean and variance of its samples.
  assert abs(near[:, 0].mean() - _SHARE) < 4 * math.sqrt(0.21 / 20_000)
  replaced = samples.samples.numpy()[near[:, 0], 0]
  error = 1 / math.sqrt(replaced.size)
  assert abs(replaced.mean()) < 4 * error
  assert abs(replaced.var() - 1) < 4 * math.sqrt(2) * error


def test_other_variables_have_no_broad_counterpart() -> None:
  q = tfd.Independent(distributions.Gamma(tf.ones([2, 3]), 1.0), 1)
  with pytest.raises(ValueError, match='Bernoulli or Normal.*Received'):
    tf_mco.estimate(_RWS, lambda z: tf.reduce_sum(z, -1), q, seed=0)


def test_a_share_below_the_steps_of_a_uniform_number_is_drawn_that_rarely(
  monkeypatch: pytest.MonkeyPatch,
) -> None:
  # The lowest random number replaces a sample if the share is 1e-9, and must
  # not if the share is 1e-10, which is less than half a step.
  monkeypatch.setattr(
    random, 'words_like', lambda like, *_, **__: tf.fill(like.shape, -(2**30))
  )
  posterior = posteriors.as_posterior(
    tfd.Independent(tfd.Normal(tf.zeros([1, 2]), 1.0), 1)
  )
  samples = tf.ones([3, 1, 2])
  for share, replaced in ((1e-9, True), (1e-10, False)):
    drawn = defensive.sample(posterior, samples, share, seed=1)
    assert bool(tf.reduce_all(drawn == samples)) is not replaced
