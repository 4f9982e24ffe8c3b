"""Tests of the bounds of a model with many samples."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import evaluation


def test_many_samples_approach_the_exact_likelihood_of_a_model() -> None:
  # The error of log(mean(w)) is normal with variance chi2 / K, to first
  # order; 5 standard deviations for 6 examples: a false alarm in 3e5.
  num_samples = 5000
  model = tiny.model(binarization='none')
  x = tiny.binary_images(6)
  bounds = evaluation.log_likelihood_bounds(
    model, x, num_samples=num_samples, batch_size=3
  )
  numbers = tiny.numbers(model.objective)
  exact = tiny.log_likelihood(numbers, x)
  z = np.repeat(tiny.all_states(3)[:, np.newaxis], 6, axis=1)
  log_q = tiny.log_posterior(numbers, x, z)
  log_p_z = tiny.log_joint(numbers, x, z) - exact
  chi2 = np.exp(2 * log_p_z - log_q).sum(0) - 1
  assert np.all(np.abs(bounds - exact) < 5 * np.sqrt(chi2 / num_samples))
  assert np.ptp(exact) > 0.5  # else the examples could be interchanged


@pytest.fixture(scope='module')
def evaluator() -> evaluation.Evaluator:
  """Returns an evaluator, compiled once for batches of three."""
  return evaluation.Evaluator(tiny.model(), num_samples=4)


def test_the_same_seed_gives_the_same_numbers_from_array_and_stream(
  evaluator: evaluation.Evaluator,
) -> None:
  x = tiny.images(6)
  stream = tf.data.Dataset.from_tensor_slices(x).batch(3)
  first = evaluation.log_likelihood_bounds(
    tiny.model(), x, num_samples=4, batch_size=3
  )
  assert first.shape == (6,)
  for data in (x, stream, stream.map(lambda batch: (batch,))):
    np.testing.assert_array_equal(evaluator(data, batch_size=3), first)
  assert not np.array_equal(evaluator(x, batch_size=3, seed=1), first)


def test_without_xla_the_numbers_are_the_same() -> None:
  # In float64, where no sample flips by the rounding of its logit.
  x, model = tiny.images(6), tiny.model(dtype='float64')
  found, expected = (
    evaluation.log_likelihood_bounds(
      model, x, num_samples=4, batch_size=3, jit_compile=jit
    )
    for jit in (False, True)
  )
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_batches_and_rows_have_noise_of_their_own(
  evaluator: evaluation.Evaluator,
) -> None:
  x = np.tile(tiny.images(1), (6, 1))
  assert len(np.unique(evaluator(x, batch_size=3))) > 4


@pytest.mark.parametrize('stream', [False, True])
def test_bad_pixels_do_not_pass_unnoticed(
  evaluator: evaluation.Evaluator, stream: bool
) -> None:
  x = tiny.images(6, dtype='float32')
  x[4, 1] = np.nan
  data = tf.data.Dataset.from_tensor_slices(x).batch(3) if stream else x
  try:
    bounds = evaluator(data, batch_size=3)
  except ValueError as error:
    assert 'pixels' in str(error)
  else:
    assert np.isnan(bounds).tolist() == [False] * 4 + [True, False]


def test_nothing_to_evaluate_is_an_error() -> None:
  with pytest.raises(ValueError, match='empty'):
    evaluation.log_likelihood_bounds(tiny.model(), tiny.images(0))
