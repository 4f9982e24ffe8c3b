"""The Hamiltonian layer: its weights, and what a model does with it."""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import gaussian_models
import tf_mco
from tf_mco import layers
from tf_mco import models
from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco.layers.objective import encoded_batch as encoded_batch

_X = gaussian_models.data('bernoulli', 8)
_TRAINED = {
  'none': {},
  'fixed': {'tempering': 'fixed', 'step_size_per_step': True},
  'free': {'tempering': 'free', 'schedule': 'variance'},
}


def _layer(num_steps: int = 2, units: int = 3, **options: Any) -> Any:
  init = keras.initializers.RandomNormal(stddev=0.3, seed=1)
  base = layers.GaussianPosterior(
    units, kernel_initializer=init, dtype='float64'
  )
  return layers.HamiltonianPosterior(base, num_steps, **options)


def _model(
  estimator: Any = 'elbo', compile_options: Any = None, **options: Any
) -> models.LatentVariableModel:
  keras.utils.set_random_seed(1)
  if estimator == 'elbo':
    estimator = tf_mco.estimators.Elbo(2)
  analytic_kl = options.pop('analytic_kl', False)
  encoder = options.pop('encoder', None) or _layer(**options)
  init = keras.initializers.RandomNormal(stddev=0.5, seed=2)
  decoder = (
    keras.layers.Dense(5, 'tanh', kernel_initializer=init, dtype='float64'),
    layers.BernoulliLikelihood(
      gaussian_models.PIXELS, kernel_initializer=init, dtype='float64'
    ),
  )
  model = models.LatentVariableModel(
    encoder,
    decoder,
    layers.GaussianPrior(3, learned=True, dtype='float64'),
    estimator,
    binarization='none',
    analytic_kl=analytic_kl,
    dtype='float64',
  )
  compile_options = {'jit_compile': False, **(compile_options or {})}
  model.compile(keras.optimizers.Adam(0.05), **compile_options)
  return model


def _options(layer: Any) -> dict[str, Any]:
  """Returns a layer's configuration, without what it was built with."""
  config = layer.get_config()
  base = layer.base_layer.get_config()
  return {**config, 'base_layer': {**base, 'name': None}}


def _fit(model: Any, **options: Any) -> list[np.ndarray]:
  model.fit(_X, batch_size=4, epochs=2, verbose=0, shuffle=False, **options)
  return [np.asarray(w) for w in model.trainable_variables]


def test_without_steps_there_are_only_the_weights_of_the_base() -> None:
  layer = _layer(0, tempering='fixed')
  layer.build((None, 4))
  assert len(layer.weights) == 2
  eager = {'run_eagerly': True}
  weights = _fit(_model(num_steps=0, compile_options=eager))
  assert all(np.isfinite(w).all() for w in weights)


@pytest.mark.parametrize('name', _TRAINED)
def test_all_weights_are_of_the_encoder_and_trained(name: str) -> None:
  eager = {'run_eagerly': True}
  model = _model(**_TRAINED[name], compile_options=eager)
  model.build((None, gaussian_models.PIXELS))
  head = model.objective.encoder_conditionals[0].head
  group = {id(v) for v in model.parameter_groups()['encoder']}
  own = [head.raw_step_sizes, head.raw_temperature, head.raw_alphas]
  own = [v for v in own if v is not None]
  assert len(own) == (1 if name == 'none' else 2)
  assert all(id(v) in group for v in own)
  before = [v.numpy() for v in model.trainable_variables]
  after = _fit(model)
  for one, two in zip(before, after, strict=True):
    assert (one != two).all()


def test_fit_with_jit_is_fit_without() -> None:
  """The compiled `fit`, which recomputes, gives the same weights."""
  options = {**_TRAINED['fixed'], 'num_steps': 1}
  plain = _fit(_model(**options, compile_options={'jit_compile': False}))
  jit = _fit(
    _model(
      **options,
      recompute=True,
      compile_options={'jit_compile': True, 'steps_per_execution': 2},
    )
  )
  for one, two in zip(plain, jit, strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-10)


def test_log_weights_of_a_model() -> None:
  """The surrogate of the layer is that of the posterior it stands for."""
  model = _model(tf_mco.estimators.Iwae(3), tempering='fixed')
  model.build((None, gaussian_models.PIXELS))
  x = tf.constant(_X)
  problem = model.objective.encode_batch(x)
  found = model.objective.surrogate(x, seed=5)
  _, seed = random.split(5, 2)
  draw = problem.posterior.sample_and_score(problem.log_joint, 3, seed=seed)
  log_p = problem.log_joint(draw.samples)
  expected = log_p - draw.extras.log_q
  np.testing.assert_allclose(found.log_weights, expected, rtol=1e-12)
  np.testing.assert_allclose(
    model.encode(x), problem.posterior.base.mean(), rtol=1e-12
  )
  assert model.reconstruct(x).shape == _X.shape
  assert np.isfinite(model.reconstruct(x)).all()


def test_save_load_and_export(tmp_path: pathlib.Path) -> None:
  network = keras.Sequential(
    [
      keras.Input([gaussian_models.PIXELS], dtype='float64'),
      keras.layers.Dense(6, 'tanh', dtype='float64'),
      _layer(tempering='fixed', step_size_per_step=True, max_step_size=0.6),
    ]
  )
  model = _model(encoder=network)
  _fit(model)
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  head = loaded.objective.encoder_conditionals[0].head
  original = model.objective.encoder_conditionals[0].head
  assert _options(head) == _options(original)
  np.testing.assert_array_equal(head.step_sizes(), original.step_sizes())
  for one, two in zip(_fit(loaded), _fit(model), strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-12)
  model.export(tmp_path / 'served', num_samples=7)
  served = tf.saved_model.load(str(tmp_path / 'served'))
  seed = tf.constant([3, 4])
  expected = model.log_likelihood_bound(_X, num_samples=7, seed=seed)
  found = served.bound(x=tf.constant(_X), seed=seed)['bound']
  np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_divergence_in_fit_names_the_step_size() -> None:
  """The step size is that of the step that diverged, before its update."""
  options = {'steps_per_execution': 2}
  model = _model(compile_options=options)
  model.build((None, gaussian_models.PIXELS))
  head = model.objective.encoder_conditionals[0].head
  head.max_step_size = 1e200
  head.raw_step_sizes.assign([-np.log(3), 0.0, np.log(3)])
  message = 'step 0 is not finite.*leapfrog step sizes from 2.5e.199 to 7.5e'
  with pytest.raises(ValueError, match=message):
    model.fit(_X, batch_size=4, verbose=0)


def test_divergence_in_eager_fit() -> None:
  model = _model(compile_options={'run_eagerly': True})
  model.build((None, gaussian_models.PIXELS))
  model.objective.encoder_conditionals[0].head.max_step_size = 1e200
  with pytest.raises(ValueError, match='trajectories are not finite.*4e.199'):
    model.fit(_X, batch_size=4, verbose=0)


def test_parts_that_do_not_fit() -> None:
  model = _model(tf_mco.estimators.Dreg(3))
  with pytest.raises(ValueError, match='only the samples'):
    model.fit(_X, verbose=0)


class _WithoutPrior(posteriors.Posterior):
  """A posterior of one's own that scores its samples alone."""

  can_rescore = False

  def __init__(self, posterior: posteriors.Posterior):
    self._posterior = posterior

  def sample_and_score(self, *arguments: Any, seed: Any) -> types.Draw:
    """Returns the other posterior's draw."""
    return self._posterior.sample_and_score(*arguments, seed=seed)


def test_no_divergence_of_another_distribution_than_the_samples() -> None:
  """The divergence of the base, of other samples, would bias the bound."""
  model = _model(analytic_kl=True)
  model.build((None, gaussian_models.PIXELS))
  batch = model.objective.encode_batch(tf.constant(_X))
  batch.posterior = _WithoutPrior(batch.posterior)
  with pytest.raises(ValueError, match='`analytic_kl` needs.*with_prior'):
    encoded_batch.estimate(model.estimator, batch, analytic_kl=True, seed=1)


def test_the_analytic_divergence_is_a_control_variate() -> None:
  """The mean over 2e4 draws is the same, and the variance is less."""
  bounds = []
  for analytic_kl in (False, True):
    model = _model(analytic_kl=analytic_kl)
    x = tf.tile(tf.constant(_X[:1]), [20_000, 1])
    bounds.append(model.objective.surrogate(x, seed=1).bound.numpy())
  plain, controlled = bounds
  error = (plain - controlled).std() / np.sqrt(len(plain))
  assert abs(plain.mean() - controlled.mean()) < 4 * error
  assert controlled.var() < 0.8 * plain.var()
