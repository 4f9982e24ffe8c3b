"""Tests of the names of supports."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tf_mco import distributions
from tf_mco.distributions import supports

tfb = tfp.bijectors
tfd = tfp.distributions

_TWO = tf.constant([1.0, 2.0])
_INFINITE = float('inf')


def _trapped() -> tfd.Distribution:
  return distributions.Autoregressive(
    [lambda: tfd.Normal(0.0, 1.0), lambda z: distributions.Gamma(2.0, 1.0)]
  )


_SUPPORTS: dict[str, list[Callable[[], tfd.Distribution]]] = {
  'real': [
    lambda: tfd.Normal(0.0, 1.0),
    lambda: tfd.Independent(tfd.Laplace(_TWO, 1.0), 1),
    lambda: tfd.MultivariateNormalDiag(_TWO),
    lambda: tfd.MultivariateNormalTriL(_TWO, tf.eye(2)),
    lambda: distributions.StudentT(3.0, 0.0, 1.0),
    lambda: tfd.TruncatedNormal(0.0, 1.0, -_INFINITE, _INFINITE),
    lambda: tfd.MixtureSameFamily(
      tfd.Categorical([0.0, 1.0]), tfd.Normal(_TWO, 1.0)
    ),
    lambda: distributions.MixtureSameFamily(
      tfd.Categorical([0.0, 1.0]), tfd.Normal(_TWO, 1.0)
    ),
    lambda: distributions.Autoregressive(
      [lambda: tfd.Normal(0.0, 1.0), lambda z: tfd.Normal(z, 1.0)]
    ),
    lambda: tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Shift(2.0)),
  ],
  'positive': [
    lambda: distributions.Gamma(_TWO, 1.0),
    lambda: tfd.Gamma(_TWO, 1.0),
    lambda: distributions.InverseGamma(1.0, 1.0),
    lambda: tfd.LogNormal(0.0, 1.0),
    lambda: tfd.Exponential(1.0),
    lambda: tfd.HalfNormal(1.0),
    lambda: tfd.Weibull(1.0, 1.0),
    lambda: distributions.TruncatedNormal(0.0, 1.0, 0.0, _INFINITE),
    lambda: distributions.implicit(tfd.Exponential(1.0)),
    lambda: tfd.Sample(tfd.Gamma(1.0, 1.0), 2),
  ],
  'unit_interval': [
    lambda: distributions.Beta(1.0, 2.0),
    lambda: tfd.Beta(_TWO, 2.0),
    lambda: tfd.Uniform(0.0, 1.0),
    lambda: tfd.LogitNormal(0.0, 1.0),
    lambda: tfd.Kumaraswamy(1.0, 2.0),
    lambda: tfd.ContinuousBernoulli(0.0),
    lambda: tfd.RelaxedBernoulli(1.0, 0.0),
    lambda: distributions.TruncatedNormal(0.0, 1.0, 0.0, 1.0),
  ],
  'interval': [
    lambda: tfd.Uniform(0.0, 2.0),
    lambda: tfd.Uniform(0.0, _TWO),
    lambda: distributions.TruncatedNormal(0.0, 1.0, -1.0, 1.0),
    lambda: tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Tanh()),
  ],
  'simplex': [
    lambda: distributions.Dirichlet(_TWO),
    lambda: tfd.Dirichlet(_TWO),
    lambda: tfd.RelaxedOneHotCategorical(1.0, _TWO),
  ],
  'circle': [
    lambda: distributions.VonMises(_TWO, 1.0),
    lambda: tfd.Independent(tfd.VonMises(_TWO, 1.0), 1),
  ],
  'binary': [
    lambda: distributions.Bernoulli(_TWO),
    lambda: tfd.Independent(tfd.Bernoulli(_TWO), 1),
  ],
  'count': [
    lambda: tfd.Poisson(1.0),
    lambda: tfd.Binomial(3.0, logits=0.0),
    lambda: tfd.NegativeBinomial(3.0, logits=0.0),
    lambda: tfd.Geometric(logits=0.0),
    lambda: tfd.Multinomial(3.0, logits=_TWO),
    lambda: distributions.WordCounts([0.5, 0.5]),
  ],
  'categorical': [lambda: tfd.Categorical(_TWO)],
  'one_hot': [lambda: tfd.OneHotCategorical(_TWO)],
}


@pytest.mark.parametrize('name', _SUPPORTS)
def test_names(name: str) -> None:
  found = [distributions.support_of(make()) for make in _SUPPORTS[name]]
  assert found == [name] * len(found)


def test_every_name_is_tested() -> None:
  assert set(_SUPPORTS) == set(supports.ALL)


def test_an_unknown_support_is_none() -> None:
  """A mixed vector, a sphere and a half-line from 2 have no name."""
  assert distributions.support_of(_trapped()) is None
  sphere = tfd.VonMisesFisher([0.0, 1.0], 1.0)
  assert distributions.support_of(sphere) is None
  assert distributions.support_of(tfd.Pareto(1.0, 2.0)) is None


def test_a_class_of_a_users_own() -> None:
  class Own(tfd.Distribution):
    def __init__(self) -> None:
      super().__init__(
        tf.float32, tfd.FULLY_REPARAMETERIZED, False, True, name='Own'
      )

  assert distributions.support_of(Own()) is None
  distributions.support_of.register(Own, lambda distribution: 'positive')
  assert distributions.support_of(tfd.Independent(Own(), 0)) == 'positive'


def test_bounds_that_a_graph_does_not_know() -> None:
  @tf.function
  def name(high: tf.Tensor) -> str:
    support = distributions.support_of(tfd.Uniform(0.0, high))
    assert support == 'interval'
    return high

  name(tf.constant(1.0))


def test_require_equal() -> None:
  normal, gamma = tfd.Normal(_TWO, 1.0), tfd.Gamma(_TWO, 1.0)
  supports.require_equal('q', normal, 'p', tfd.Laplace(0.0, 1.0))
  with pytest.raises(ValueError, match="q and p must .* 'real'.*'positive'"):
    supports.require_equal('q', normal, 'p', gamma)
  with pytest.raises(ValueError, match=r'\(2,\)'):
    supports.require_equal('q', tfd.Independent(normal, 1), 'p', normal)
