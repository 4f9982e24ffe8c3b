"""Tests of models of images, and of half precision."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers
from tf_mco import models
from tf_mco import types
from tf_mco.estimators import vimco

_BATCH = 8
_SHAPE = (8, 8, 1)


def _images(num: int) -> np.ndarray:
  rng = np.random.default_rng(0)
  return rng.integers(0, 256, (num, *_SHAPE)).astype('uint8')


def _encoder() -> list[keras.layers.Layer]:
  return [
    keras.layers.Conv2D(2, 3, strides=2, activation='relu'),
    keras.layers.Flatten(),
  ]


def _decoder() -> list[keras.layers.Layer]:
  return [
    keras.layers.Dense(4 * 4 * 2),
    keras.layers.Reshape((4, 4, 2)),
    keras.layers.Conv2DTranspose(1, 3, strides=2, padding='same'),
  ]


def _sequential() -> dict[str, Any]:
  return {
    'encoder': keras.Sequential([*_encoder(), layers.BernoulliPosterior(3)]),
    'decoder': keras.Sequential([*_decoder(), layers.BernoulliLikelihood()]),
  }


def _pairs_and_nesting() -> dict[str, Any]:
  codes = keras.Input((3,))
  inner = keras.Sequential(_decoder())
  decoder = keras.Model(codes, layers.BernoulliLikelihood()(inner(codes)))
  encoder = keras.Sequential(_encoder()), layers.BernoulliPosterior(3)
  return {'encoder': encoder, 'decoder': decoder}


@pytest.mark.parametrize('make', [_sequential, _pairs_and_nesting])
def test_images_through_convolutions(make: Any, tmp_path: pathlib.Path) -> None:
  model = models.LatentVariableModel(
    **make(), prior=layers.BernoulliPrior(3), estimator='vimco'
  )
  model.compile('adam', jit_compile=False)
  x = _images(6)
  model.fit(x, batch_size=3, verbose=0)
  # About log(2) per pixel: neither a mean over pixels nor a product of images.
  bound = model.predict(x, verbose=0)
  assert bound.shape == (6,)
  np.testing.assert_allclose(bound, -64 * np.log(2), rtol=0.25)
  codes = model.encode(x)
  assert codes.shape == (6, 3)
  shape = (6, *_SHAPE)
  assert model.decode(codes).shape == model.reconstruct(x).shape == shape
  assert model.sample(4).shape == (4, *_SHAPE)
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  np.testing.assert_array_equal(loaded.predict(x, verbose=0), bound)
  np.testing.assert_array_equal(loaded.sample(4), model.sample(4))


def test_log_likelihood_of_an_image_is_a_sum_over_its_pixels() -> None:
  model = models.LatentVariableModel(
    **_sequential(), prior=layers.BernoulliPrior(3), estimator='vimco'
  )
  model.build((None, *_SHAPE))
  x = (_images(5) > 127).astype('float32')
  z = np.random.default_rng(1).integers(0, 2, (2, 5, 3)).astype('float32')
  log_p = model.objective.encode_batch(x).log_likelihood(z)
  mean = model.decode(z.reshape(-1, 3)).numpy().reshape(2, 5, 64)
  logits = special.logit(mean.astype('float64'))
  expected = tiny.log_bernoulli(x.reshape(5, 64), logits)
  np.testing.assert_allclose(log_p, expected, rtol=1e-4)


@pytest.mark.parametrize(
  ('policy', 'by_group'), [('mixed_bfloat16', False), ('mixed_float16', True)]
)
def test_half_precision_trains_and_resumes(
  policy: str, by_group: bool, tmp_path: pathlib.Path
) -> None:
  model = tiny.model('disarm', num_layers=2, dtype=policy)
  groups = dict.fromkeys(model.parameter_groups(), 'adam')
  model.compile(groups if by_group else 'adam', jit_compile=False)
  x = tiny.images(8)
  start = tiny.trained_values(model)
  model.fit(x, batch_size=4, verbose=0)
  assert np.abs(tiny.trained_values(model) - start).max() > 1e-4
  result = model.objective.surrogate(x, seed=0)
  assert {tensor.dtype.name for tensor in result} == {'float32'}
  assert {v.dtype for v in model.trainable_variables} == {'float32'}
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  for one in (model, loaded):
    one.fit(x, batch_size=4, shuffle=False, verbose=0)
  tiny.assert_same_state(loaded, model)


@dataclasses.dataclass(frozen=True)
class _AtGivenSamples(vimco.Vimco):
  """VIMCO at the same samples, however the posterior's logits are rounded."""

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    del log_joint, posterior, seed
    shape = self.num_samples, _BATCH, tiny.LATENTS[0]
    z = np.random.default_rng(1).integers(0, 2, shape)
    return types.Draw(tf.constant(z, tf.float32))


@pytest.mark.parametrize(
  ('policy', 'rounding', 'jit'),
  [
    ('mixed_bfloat16', 2.0**-8, True),
    ('mixed_float16', 2.0**-11, False),
  ],
)
def test_half_precision_estimates_the_same_gradient(
  policy: str, rounding: float, jit: bool
) -> None:
  # A sample that flips, because its logit was rounded, is another estimate,
  # and whether one does depends on the processor. So both precisions are given
  # the same samples, and images that binarization leaves as they are. What is
  # left is rounding: logits, and the derivatives by them, are rounded once or
  # twice on the way, by half a unit in the last place each. In units of it,
  # the difference was 0.5 (compiled) to 1.3, on a processor that rounds to
  # float16 in software; 8 leaves room for one that also adds up in it.
  x, steps = tiny.binary_images(_BATCH), {}
  for dtype in ('float32', policy):
    model = tiny.model(_AtGivenSamples(), dtype=dtype)
    start = tiny.trained_values(model)
    model.compile(keras.optimizers.SGD(1.0), jit_compile=jit)
    model.fit(x, batch_size=_BATCH, shuffle=False, verbose=0)
    steps[dtype] = tiny.trained_values(model) - start
  logits = model.objective.encoder(x)
  assert logits.dtype == policy.removeprefix('mixed_')
  size = np.abs(steps['float32']).max()
  assert size > 0.05
  difference = np.abs(steps[policy] - steps['float32']).max()
  assert difference < 8 * rounding * size
