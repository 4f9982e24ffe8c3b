"""Tests of the Hamiltonian VAE's model: the plain VAE, dynamics, optimizers."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.data import datasets
from experiments.hvae import experiment as hvae_experiment
from experiments.hvae import measures as hvae_measures
from experiments.hvae import model as hvae_model
from experiments.hvae import optimizer as hvae_optimizer
from experiments.hvae import settings as hvae_settings
from tf_mco import random


def _settings(**flags: Any) -> hvae_settings.HvaeSettings:
  small = {'units': 3, 'hidden_units': 8, 'leapfrog_steps': 1, 'step_size': 0.2}
  return hvae_experiment.EXPERIMENT.make_settings('digits', {**small, **flags})


def test_no_leapfrog_steps_is_the_plain_vae() -> None:
  images = datasets.load('digits')
  model = hvae_model.make(_settings(leapfrog_steps=0), images)
  objective = model.objective
  x = tf.constant(images.test[:6])
  found = objective.surrogate(x, seed=5).bound
  data_seed, draw_seed = random.split(5, 2)
  prepared = objective.prepare(x, seed=data_seed)
  posterior = objective.encode_batch(prepared).posterior
  z = posterior.sample(1, seed=draw_seed)
  distribution = posterior.conditional([])
  mean = np.asarray(distribution.mean(), np.float64)
  scale = np.asarray(distribution.stddev(), np.float64)
  logits = np.asarray(model.objective.decoder(z[0]), np.float64)
  likelihood = prepared * logits - np.logaddexp(0, logits)
  kl = 0.5 * (mean**2 + scale**2 - 1) - np.log(scale)
  expected = np.sum(likelihood, axis=1) - np.sum(kl, axis=1)
  np.testing.assert_allclose(found, expected, rtol=1e-5)
  assert hvae_measures.dynamics(model) == {}
  assert isinstance(model.optimizer, keras.optimizers.Optimizer)


@pytest.mark.parametrize(
  ('flags', 'scale', 'shape'),
  [
    ({'tempering': 'none'}, 1.0, (3,)),
    ({'tempering': 'fixed'}, math.sqrt(1.5), (3,)),
    ({'tempering': 'fixed', 'schedule': 'inverse_sqrt_beta'}, 1.5, (3,)),
    ({'tempering': 'free', 'step_size_per_step': True}, 0.9**-2, (2, 3)),
  ],
)
def test_dynamics_start_as_the_originals(flags, scale, shape) -> None:
  images = datasets.load('digits')
  model = hvae_model.make(_settings(leapfrog_steps=2, **flags), images)
  sizes = model.encoder_conditional().head.step_sizes()
  np.testing.assert_allclose(sizes, np.full(shape, 0.2), rtol=1e-6)
  found = hvae_measures.dynamics(model)
  assert found['step_size'] == pytest.approx(0.2)
  assert found['momentum_scale'] == pytest.approx(scale, rel=1e-5)


@pytest.mark.parametrize(
  ('name', 'kind'),
  [
    ('original', hvae_optimizer.PlainAdamax),
    ('adamax', keras.optimizers.Adamax),
    ('adam', keras.optimizers.Adam),
  ],
)
def test_optimizers(name: str, kind: type) -> None:
  settings = _settings(optimizer=name, learning_rate=0.25)
  optimizer = hvae_model.make(settings, datasets.load('digits')).optimizer
  assert isinstance(optimizer, kind)
  assert float(optimizer.learning_rate) == 0.25
  assert (name in settings.label) == (name != 'original')
