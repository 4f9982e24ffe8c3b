"""The interface of a posterior: what a class must define, and its defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd

_LOC = tf.constant([[0.3, -0.2], [1.0, 0.5], [-0.7, 0.1]])


def _normal() -> tfd.Distribution:
  return tfd.Independent(tfd.Normal(_LOC, 0.5), 1)


class _Two(posteriors.Posterior):
  """A posterior of two layers, made from `num_layers` and `conditional`."""

  @property
  def num_layers(self) -> int:
    """The number of layers."""
    return 2

  def conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    """Returns a normal distribution around the previous sample."""
    if not previous:
      return _normal()
    return tfd.Independent(tfd.Normal(previous[0], 2.0), 1)


class _Scores(NamedTuple):
  """The scores of a draw."""

  log_p: tf.Tensor
  log_q: tf.Tensor


class _OwnSamples(posteriors.Posterior):
  """A posterior that scores only the samples that it draws itself."""

  can_rescore = False

  def sample_and_score(
    self, log_joint: types.LogJoint, num_samples: int, *, seed: types.Seed
  ) -> types.Draw:
    """Returns the samples of a normal distribution, and a score of zero."""
    normal = posteriors.as_posterior(_normal())
    samples = normal.sample(num_samples, seed=seed)
    return types.Draw(
      samples, extras=_Scores(log_joint(samples), normal.log_prob(samples))
    )


def _log_joint(z: tf.Tensor) -> tf.Tensor:
  return -tf.reduce_sum(z**2, -1)


def test_a_conditional_is_all_that_a_posterior_needs() -> None:
  """Everything else is that of a Chain of the same conditionals."""
  chain = posteriors.Chain(
    [_normal(), lambda z: tfd.Independent(tfd.Normal(z, 2.0), 1)]
  )
  made = _Two()
  samples = made.sample(4, seed=3)
  for one, two in zip(samples, chain.sample(4, seed=3), strict=True):
    np.testing.assert_array_equal(one, two)
  np.testing.assert_array_equal(made.log_prob(samples), chain.log_prob(samples))
  assert made.evaluations_per_sample == 1
  log_joint = lambda z: _log_joint(z[0]) + _log_joint(z[1])  # noqa: E731
  one, two = (
    tf_mco.estimate(tf_mco.estimators.Iwae(4), log_joint, q, seed=1)
    for q in (made, chain)
  )
  np.testing.assert_array_equal(one.log_weights, two.log_weights)


def test_a_plain_distribution_is_wrapped_once() -> None:
  wrapped = posteriors.as_posterior(_normal())
  assert posteriors.as_posterior(wrapped) is wrapped
  assert wrapped.num_layers == 1
  assert wrapped.base.event_shape == (2,)
  samples = wrapped.sample(5, seed=0)
  np.testing.assert_allclose(
    wrapped.log_prob(samples), _normal().log_prob(samples), rtol=1e-6
  )
  assert 'Independent' in repr(wrapped)


@pytest.mark.parametrize('other', [None, 3, 'normal', _LOC], ids=type)
def test_anything_else_is_no_posterior(other: Any) -> None:
  with pytest.raises(ValueError, match='must be a tfd.Distribution.*Received'):
    posteriors.as_posterior(other)


def test_a_class_without_a_way_to_sample_is_refused() -> None:
  for body in ({}, {'can_rescore': False}, {'num_layers': 2}):
    with pytest.raises(TypeError, match='must define `conditional`'):
      type('Lame', (posteriors.Posterior,), body)


@pytest.mark.parametrize(
  'name', ['reinforce_loo', 'disarm', 'dreg', 'rws', 'vimco', 'piwae']
)
def test_own_samples_do_not_serve_who_must_score_again(name: str) -> None:
  with pytest.raises(ValueError, match='only the samples.*OwnSamples'):
    estimator = tf_mco.get_estimator(name)
    tf_mco.estimate(estimator, _log_joint, _OwnSamples(), seed=0)


def test_own_samples_serve_attached_bounds() -> None:
  """The reported log-weights are those of `extras`."""
  posterior = _OwnSamples()
  extras = posterior.sample_and_score(_log_joint, 4, seed=0).extras
  for name in ('elbo', 'iwae', 'ciwae', 'renyi'):
    estimator = tf_mco.get_estimator(name, num_samples=4)
    found = tf_mco.estimate(estimator, _log_joint, posterior, seed=0)
    np.testing.assert_array_equal(
      found.log_weights, extras.log_p - extras.log_q
    )


def test_there_is_no_control_variate_by_default() -> None:
  with pytest.raises(ValueError, match='`analytic_kl` needs.*Received'):
    posteriors.as_posterior(_normal()).with_prior(_normal())
  draw = types.Draw(_normal().sample(2, seed=1))
  assert posteriors.as_posterior(_normal()).elbo_integrand(None, draw) is None
