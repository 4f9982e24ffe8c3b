"""Tests of active units on models whose activity is known."""

import keras
import numpy as np
import pytest

from experiments.iwae import active_units
from experiments.iwae import networks as iwae_networks
import tf_mco
from tf_mco import evaluation

_PIXELS, _HIDDEN = 6, 8


def _model(latents, seed=0):
  keras.utils.set_random_seed(seed)
  parts = iwae_networks.gaussian(np.full(_PIXELS, 0.5), latents, _HIDDEN)
  model = tf_mco.models.LatentVariableModel(
    parts.encoder,
    parts.decoder,
    parts.prior,
    tf_mco.estimators.Iwae(num_samples=2),
    binarization='none',
  )
  model.build((None, _PIXELS))
  return model


def _networks(model):
  encoder, decoder = model.objective.encoder, model.objective.decoder
  if not isinstance(encoder, list):
    encoder, decoder = [encoder], [decoder]
  return encoder, decoder


def _silence(model, depth, units, scale=1.0):
  """Makes units equal to their prior, N(0, scale^2), and without an effect.

  The other units of a layer keep their density where these are gone.
  """
  encoder, decoder = _networks(model)
  weights = encoder[depth].get_weights()
  width = weights[-1].size // 2
  columns = [*units, *(width + np.array(units))]
  weights[-2][:, columns] = 0
  weights[-1][[*units]] = 0
  weights[-1][width + np.array(units)] = np.log(scale)
  encoder[depth].set_weights(weights)
  _cut_rows(decoder[depth], units)
  if depth + 1 < len(encoder):
    _cut_rows(encoder[depth + 1], units)
    above = decoder[depth + 1].get_weights()
    above[-2][:, columns] = 0
    above[-1][[*units]] = 0
    above[-1][width + np.array(units)] = np.log(scale)
    decoder[depth + 1].set_weights(above)


def _cut_rows(network, units):
  weights = network.get_weights()
  weights[0][[*units]] = 0
  network.set_weights(weights)


def _images(count=500):
  return np.random.default_rng(1).integers(0, 2, [count, _PIXELS]) * np.uint8(
    255
  )


def test_variances_of_one_layer_are_those_of_the_means():
  model, x = _model([4]), _images()
  (found,) = evaluation.unit_variances(model, x, seed=0)
  parameters = model.objective.encoder((x / 255).astype('float32'))
  means = np.asarray(parameters)[:, :4]
  np.testing.assert_allclose(found, means.var(axis=0), rtol=1e-4)


def test_a_linear_unit_has_the_variance_of_its_pixel():
  # A layer so nearly linear that h = x[0] - 1/2 and 2 (x[1] - 1/2), exactly
  # 1/4 and 1 of variance for pixels that are 1 half of the time.
  model = _model([2])
  small = 1e-3
  weights = [np.zeros_like(w) for w in model.objective.encoder.get_weights()]
  weights[0][0, 0] = weights[0][1, 1] = small
  weights[2][0, 0] = weights[2][1, 1] = 1.0
  weights[4][0, 0], weights[4][1, 1] = 1 / small, 2 / small
  model.objective.encoder.set_weights(weights)
  x = np.zeros([4, _PIXELS], np.uint8)
  x[2:, 0] = x[1::2, 1] = 255
  (found,) = evaluation.unit_variances(model, x, seed=0)
  np.testing.assert_allclose(found, [0.25, 1.0], rtol=1e-5)


@pytest.mark.parametrize('depth', [0, 1])
def test_silent_units_are_the_inactive_ones(depth):
  model = _model([4, 3])
  encoder, _ = _networks(model)
  for network in encoder:  # Far above the threshold, whatever the seed.
    weights = network.get_weights()
    weights[-2] *= 10
    network.set_weights(weights)
  _silence(model, depth, [0, 2])
  active = evaluation.active_units(
    evaluation.unit_variances(model, _images(), seed=0)
  )
  expected = [np.ones(4, bool), np.ones(3, bool)]
  expected[depth][[0, 2]] = False
  for one, other in zip(active, expected, strict=True):
    np.testing.assert_array_equal(one, other)


def test_the_mean_of_the_second_layer_is_given_a_sample_of_the_first():
  model = _model([4, 3])
  encoder, _ = _networks(model)
  weights = encoder[0].get_weights()
  weights[-2][:], weights[-1][:] = 0, 0  # z1 ~ N(0, 1), whatever x is
  encoder[0].set_weights(weights)
  first, second = evaluation.unit_variances(model, _images(), seed=0)
  np.testing.assert_array_equal(first, np.zeros(4))
  assert np.all(second > 1e-3)  # the noise of z1, not its mean


def test_the_threshold_is_not_active():
  just = np.array([0.01, np.nextafter(0.01, 1), 0.0099, 5.0])
  (found,) = evaluation.active_units([just])
  np.testing.assert_array_equal(found, [False, True, False, True])


@pytest.mark.parametrize(
  ('latents', 'depth'), [([5], 0), ([4, 3], 0), ([4, 3], 1)]
)
def test_removing_silent_units_keeps_every_weight(latents, depth):
  # log w is the same function of the units that are left, if the others are
  # their prior and are not listened to.
  model = _model(latents)
  scale = 1.0 if depth == len(latents) - 1 else 0.7
  _silence(model, depth, [1], scale)
  active = [np.ones(units, bool) for units in latents]
  active[depth][1] = False
  small = active_units.without_inactive(model, active, lambda n: _model(n, 9))
  assert small.objective.prior.units == int(active[-1].sum())

  x = _images(7).astype('float32') / 255
  large_problem = model.objective.encode_batch(x)
  small_problem = small.objective.encode_batch(x)
  chain = len(latents) > 1
  rng = np.random.default_rng(3)
  full = [rng.normal(size=[2, 7, n]).astype('float32') for n in latents]
  part = [z[..., mask] for z, mask in zip(full, active, strict=True)]
  log_w = [
    problem.log_joint(tuple(z) if chain else z[0])
    - problem.posterior.log_prob(tuple(z) if chain else z[0])
    for problem, z in ((large_problem, full), (small_problem, part))
  ]
  np.testing.assert_allclose(log_w[0], log_w[1], rtol=1e-5, atol=1e-5)


def test_a_layer_without_units_is_no_model():
  active = [np.zeros(5, bool)]
  assert active_units.without_inactive(_model([5]), active, _model) is None
