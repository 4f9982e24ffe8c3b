"""Tests of the supports and event shapes of posteriors and priors."""

from __future__ import annotations

from collections.abc import Callable
import itertools

import keras
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tf_mco import layers
from tf_mco import models

tfd = tfp.distributions

_POSTERIORS = {
  'real': layers.GaussianPosterior,
  'binary': layers.BernoulliPosterior,
  'positive': layers.GammaPosterior,
  'unit_interval': layers.BetaPosterior,
  'simplex': layers.DirichletPosterior,
  'circle': layers.VonMisesPosterior,
}
_PRIORS = {
  'real': layers.GaussianPrior,
  'binary': layers.BernoulliPrior,
  'positive': layers.GammaPrior,
  'unit_interval': layers.BetaPrior,
  'simplex': layers.DirichletPrior,
  'circle': layers.VonMisesPrior,
}


class Silent(layers.DenseHead):
  """A head that does not say what its variables are."""

  num_parameters = 2

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns log-normal variables."""
    loc, raw = tf.split(parameters, 2, axis=-1)
    return tfd.LogNormal(loc, tf.exp(raw))


class SilentPrior(keras.layers.Layer):
  """A prior that does not say what its variables are."""

  def __init__(self, distribution: tfd.Distribution):
    super().__init__()
    self._distribution = distribution

  def distribution(self) -> tfd.Distribution:
    """Returns the distribution."""
    return self._distribution


def _model(
  encoder: object, prior: keras.layers.Layer, decoder: object = None
) -> models.LatentVariableModel:
  return models.LatentVariableModel(
    encoder, decoder or layers.BernoulliLikelihood(4), prior, 'reinforce'
  )


@pytest.mark.parametrize(
  ('posterior', 'prior'), itertools.product(_POSTERIORS, _PRIORS)
)
def test_posterior_and_prior(posterior: str, prior: str) -> None:
  parts = _POSTERIORS[posterior](3), _PRIORS[prior](3)
  if posterior == prior:
    _model(*parts).build((None, 4))
  else:
    with pytest.raises(
      ValueError, match=f"support.*'{posterior}'.*'{prior}'.*layer 0"
    ):
      _model(*parts)


def test_layers_of_a_chain() -> None:
  encoder = [layers.GaussianPosterior(3), layers.BernoulliPosterior(2)]
  prior = layers.BernoulliPrior(2)
  below = layers.GaussianLikelihood(3)
  _model(encoder, prior, [layers.BernoulliLikelihood(4), below])
  with pytest.raises(ValueError, match="'real'.*'binary'.*layer 0"):
    _model(
      encoder,
      prior,
      [layers.BernoulliLikelihood(4), layers.BernoulliLikelihood(3)],
    )
  with pytest.raises(ValueError, match='event shape.*layer 1'):
    _model(
      encoder,
      layers.BernoulliPrior(5),
      [layers.BernoulliLikelihood(4), below],
    )


def test_the_base_of_trajectories() -> None:
  with pytest.raises(ValueError, match="`base_layer`.*'positive'"):
    layers.HamiltonianPosterior(layers.GammaPosterior(2), 3)
  head = layers.HamiltonianPosterior(layers.VonMisesPosterior(2), 3)
  with pytest.raises(ValueError, match="'circle'.*'real'"):
    _model(head, layers.GaussianPrior(2))


@pytest.mark.parametrize(
  ('distribution', 'fault'),
  [
    (lambda: tfd.LogNormal([0.0, 0.0], 1.0), None),
    (lambda: tfd.Gamma([2.0, 2.0], 1.0), None),
    (lambda: tfd.Normal([0.0, 0.0], 1.0), "'positive'.*'real'"),
    (lambda: tfd.LogNormal([0.0], 1.0), r'\(2,\).*\(1,\)'),
  ],
)
def test_parts_that_declare_nothing(
  distribution: Callable[[], tfd.Distribution], fault: str | None
) -> None:
  """They are compared when the model is built, before any work."""
  prior = SilentPrior(tfd.Independent(distribution(), 1))
  model = _model(Silent(2), prior)
  if fault is None:
    model.build((None, 4))
    return
  with pytest.raises(ValueError, match=fault):
    model.build((None, 4))


def test_a_head_that_declares_what_is_not_true() -> None:
  head = Silent(2)
  head.support = 'real'
  model = _model(head, layers.GaussianPrior(2))
  with pytest.raises(ValueError, match="declares.*'positive'.*'real'"):
    model.build((None, 4))
  head.support = 'reals'
  with pytest.raises(ValueError, match="'reals'"):
    _model(head, SilentPrior(tfd.Normal(0.0, 1.0))).build((None, 4))


def test_the_support_of_a_likelihood_that_declares_none() -> None:
  model = _model(
    layers.GaussianPosterior(2), layers.GaussianPrior(2), Silent(4)
  )
  assert model.support is None
  model.build((None, 4))
  assert model.support == 'positive'


def test_a_decoder_of_raw_angles() -> None:
  """A dense decoder differs at -pi and pi. A periodic one does not."""

  def model(*decoder: keras.layers.Layer) -> models.LatentVariableModel:
    return _model(
      layers.VonMisesPosterior(3, embedding='angle'),
      layers.VonMisesPrior(3),
      keras.Sequential([*decoder, layers.BernoulliLikelihood(4)]),
    )

  with pytest.raises(ValueError, match='periodic'):
    model(keras.layers.Dense(5)).build((None, 4))
  model(keras.layers.Lambda(tf.cos)).build((None, 4))
