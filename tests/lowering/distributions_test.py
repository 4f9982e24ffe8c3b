"""Samples, densities and their gradients run on a device without the host."""

from __future__ import annotations

import re

import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tests.lowering import stablehlo
from tests.lowering import steps
from tf_mco import distributions
from tf_mco import layers


def _of_head(make):
  """Returns a function from features `[B, 3]` to a posterior."""
  head = make(2, kernel_initializer='ones')
  return lambda features: head.distribution(head(features))


# A function of positive parameters `[2, 3]` for every distribution.
_MADE = {
  'Autoregressive': lambda p: distributions.Autoregressive(
    [lambda: tfd.Normal(p[0], 1.0), lambda x: tfd.Normal(x, p[1])]
  ),
  'Bernoulli': lambda p: distributions.Bernoulli(logits=p),
  # Heads stand for the distributions that they return.
  'Beta': _of_head(layers.BetaPosterior),
  'Dirichlet': _of_head(layers.DirichletPosterior),
  'Gamma': _of_head(layers.GammaPosterior),
  'InverseGamma': lambda p: distributions.InverseGamma(p, p[0]),
  'MixtureSameFamily': lambda p: distributions.MixtureSameFamily(
    tfd.Categorical(p), tfd.Normal(p, 1.0)
  ),
  'StudentT': lambda p: distributions.StudentT(p, p[0], 1.0),
  'TruncatedNormal': lambda p: distributions.TruncatedNormal(p, 1.0, -1.0, 3.0),
  'VonMises': _of_head(layers.VonMisesPosterior),
  'implicit': lambda p: distributions.implicit(tfd.Gumbel(p, 1.0)),
}
_NO_DISTRIBUTION = {'divergences', 'log_prob', 'sample', 'support_of', 'unwrap'}
# Word counts have no samples; a step of `step_test` has their density.
_NO_SAMPLES = {'WordCounts'}


@pytest.mark.parametrize('name', _MADE)
def test_sample_and_density_need_nothing_of_the_host(name):
  def gradient(p, seed):
    with tf.GradientTape() as tape:
      tape.watch(p)
      q = _MADE[name](p)
      x = distributions.sample(q, [4], seed=seed)
      total = tf.reduce_sum(x) + tf.reduce_sum(distributions.log_prob(q, x))
    return x, tape.gradient(total, p)

  p = tf.constant([[0.5, 1.0, 2.0], [1.5, 1.0, 0.3]])
  _MADE[name](p)  # makes the variables of a head
  program = stablehlo.lower(gradient, p, tf.constant([1, 2]))
  assert stablehlo.obstacles(program) == []
  assert 'tensor<4x' in program


_PRIORS = {
  'BetaPrior': [0.2, 0.8],
  'DirichletPrior': [0.2, 0.8],
  'GammaPrior': [0.2, 3.0],
  'VonMisesPrior': [0.2, -3.0],
}


def test_the_priors_need_nothing_of_the_host():
  priors = {name: getattr(layers, name)(2) for name in _PRIORS}

  def densities():
    return [
      prior.distribution().log_prob(_PRIORS[name])
      for name, prior in priors.items()
    ]

  for prior in priors.values():
    prior.build()
  assert stablehlo.obstacles(stablehlo.lower(densities)) == []


def test_the_tables_have_every_head_and_every_prior():
  made = [
    part
    for step in steps.STEPS
    for part in steps.make_model(step).objective.parts
  ]
  used = {type(part).__name__ for part in made} | set(_PRIORS)
  used |= {f'{name}Posterior' for name in _MADE}
  # `Prior` itself is a protocol.
  kinds = re.compile('.+(Posterior|Likelihood|Prior)')
  assert {name for name in layers.__all__ if kinds.fullmatch(name)} <= used


def test_the_table_has_every_distribution():
  named = set(distributions.__all__) - _NO_DISTRIBUTION - _NO_SAMPLES
  assert named == set(_MADE)
