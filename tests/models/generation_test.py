"""The uses of a trained model, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import observed_models
from tests.support import tiny

_X = tiny.binary_images(5).astype('float64')


def test_samples_from_the_prior_have_the_exact_mean() -> None:
  # |z| < 4 for four pixels: a false alarm in 4,000 changes of the seed.
  num = 100_000
  model = tiny.model(num_layers=2, dtype='float64')
  (first, second), prior = tiny.numbers(model.objective)[1:]
  means = model.sample(num, seed=1).numpy()
  assert means.shape == (num, tiny.PIXELS)
  mean, square = np.zeros(tiny.PIXELS), np.zeros(tiny.PIXELS)
  for z2 in tiny.all_states(2):
    p2 = np.exp(tiny.log_bernoulli(z2, prior))
    for z1 in tiny.all_states(3):
      p1 = np.exp(tiny.log_bernoulli(z1, z2 @ second[0] + second[1]))
      pixel = special.expit(z1 @ first[0] + first[1])
      mean += p2 * p1 * pixel
      square += p2 * p1 * pixel**2
  z = (means.mean(0) - mean) / np.sqrt((square - mean**2) / num)
  assert np.all(np.abs(z) < 4), z


def test_encode_decode_reconstruct() -> None:
  model = tiny.model(dtype='float64')
  numbers = tiny.numbers(model.objective)
  (kernel, bias), (out, out_bias) = numbers.encoder[0], numbers.decoder[0]
  codes = model.encode(_X)
  np.testing.assert_allclose(codes, special.expit(_X @ kernel + bias))
  pixels = special.expit(codes @ out + out_bias)
  np.testing.assert_allclose(model.decode(codes), pixels)
  possible = special.expit(tiny.all_states(3) @ out + out_bias)
  for row in model.reconstruct(_X, seed=4).numpy():
    assert np.isclose(possible, row).all(1).any()


@pytest.mark.parametrize('support', ['count', 'circle', 'simplex', 'binary'])
def test_what_cannot_be_scored_gives_nan_in_a_compiled_function(
  support: str,
) -> None:
  model = observed_models.model(support)
  bad = observed_models.BAD[support][-1]
  x = observed_models.spoilt(support, bad).astype('float32')
  for use in (model.encode, model.reconstruct):
    with pytest.raises(ValueError, match='Bad values in the observations'):
      use(x)
    result = tf.function(
      use, input_signature=[tf.TensorSpec([None, None], 'float32')]
    )(x)
    assert np.isnan(result).all(-1).tolist() == [True, False, False]
    good = observed_models.GOOD[support].astype('float32')
    np.testing.assert_allclose(result[1:], use(good)[1:], rtol=1e-5)
