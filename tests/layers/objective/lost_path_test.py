"""A network that cuts the gradient is found in each factor of a model.

A cut likelihood would hide behind the gradient of the prior, and the encoder
would be trained without a word on the prior alone.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mco import layers
from tf_mco import models
from tf_mco.posteriors import importance

_X = np.random.default_rng(0).normal(size=(6, 3)).astype('float32')
_PATH_NAMES = (
  *('elbo', 'iwae', 'ciwae', 'renyi', 'miwae', 'piwae'),
  *('stl', 'dreg', 'rws_dreg', 'aisle'),
)


@keras.saving.register_keras_serializable(package='tf_mco_tests')
class Cut(keras.layers.Layer):
  """The identity, without its gradient."""

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    return tf.stop_gradient(inputs)


@keras.saving.register_keras_serializable(package='tf_mco_tests')
class InNumpy(keras.layers.Layer):
  """A function whose gradient TensorFlow does not see."""

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    result = tf.numpy_function(np.tanh, [inputs], inputs.dtype)
    return tf.ensure_shape(result, inputs.shape)


def _parts(network: keras.layers.Layer, **options: Any) -> dict[str, Any]:
  return {
    'encoder': options.get('encoder', layers.GaussianPosterior(2)),
    'decoder': (network, layers.GaussianLikelihood(3)),
    'prior': layers.GaussianPrior(2),
  }


def _objective(
  estimator: str = 'elbo', network: Any = None, **options: Any
) -> layers.MonteCarloObjective:
  parts = _parts(network or Cut(), **options)
  return layers.MonteCarloObjective(**parts, estimator=estimator)


@pytest.mark.parametrize('name', _PATH_NAMES)
def test_a_cut_likelihood(name: str) -> None:
  objective = _objective(name)
  with pytest.raises(ValueError, match='the likelihood has no gradient.*layer'):
    objective(_X)


@pytest.mark.parametrize('name', ['reinforce_loo', 'vimco', 'rws'])
def test_scores_need_no_gradient(name: str) -> None:
  assert np.isfinite(_objective(name)(_X)).all()


@pytest.mark.parametrize('jit_compile', [False, True])
def test_training_does_not_start(jit_compile: bool) -> None:
  model = models.LatentVariableModel(**_parts(Cut()), estimator='stl')
  model.compile('sgd', jit_compile=jit_compile)
  with pytest.raises(ValueError, match='the likelihood has no gradient'):
    model.fit(_X, epochs=1, verbose=0)
  assert int(model.optimizer.iterations) == 0


def test_numpy_in_a_network() -> None:
  with pytest.raises(ValueError, match='the likelihood has no gradient'):
    _objective(network=InNumpy())(_X)


def test_analytic_kl() -> None:
  objective = layers.MonteCarloObjective(
    **_parts(Cut()), estimator='elbo', analytic_kl=True
  )
  with pytest.raises(ValueError, match='`log_likelihood` has no gradient'):
    objective(_X)


@pytest.mark.parametrize('num_steps', [0, 2])
def test_trajectories(num_steps: int) -> None:
  posterior = layers.HamiltonianPosterior(
    layers.GaussianPosterior(2), num_steps=num_steps, step_size=0.1
  )
  objective = _objective('iwae', encoder=posterior)
  with pytest.raises(ValueError, match='the likelihood has no gradient'):
    objective(_X)


def _chain(cut: int) -> layers.MonteCarloObjective:
  """Returns a model of two layers with a cut in one network of the decoder."""
  heads = [layers.GaussianLikelihood(3), layers.GaussianLikelihood(2)]
  decoder: list[Any] = list(heads)
  decoder[cut] = (Cut(), heads[cut])
  return layers.MonteCarloObjective(
    encoder=[layers.GaussianPosterior(2), layers.GaussianPosterior(2)],
    decoder=decoder,
    prior=layers.GaussianPrior(2),
    estimator='dreg',
  )


@pytest.mark.parametrize(
  ('cut', 'message'),
  [
    (0, 'the likelihood has no gradient.*layer 0'),
    (1, 'stochastic layer 1 of the decoder has no gradient.*layer 1'),
  ],
)
def test_a_chain(cut: int, message: str) -> None:
  with pytest.raises(ValueError, match=message):
    _chain(cut)(_X)


def test_evaluation_needs_no_gradient() -> None:
  objective = _objective('reinforce_loo')
  objective(_X)
  batch = objective.encode_batch(objective.prepare(_X, seed=0))
  bound = importance.importance_bound(
    batch.log_joint, batch.posterior, 5, seed=0
  )
  assert np.isfinite(bound).all()
