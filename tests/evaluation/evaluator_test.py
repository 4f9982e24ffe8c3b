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
  where = (
    'batch 1 of the data to evaluate' if stream else 'the data to evaluate'
  )
  with pytest.raises(ValueError, match=f'Bad values in {where}: .*pixels'):
    evaluator(data, batch_size=3)


class _Fixed(evaluation.Evaluator):
  """An evaluator whose bounds are the first pixels, but for white ones."""

  value = np.nan

  def bound(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns the first pixel, or another value for white."""
    del seed
    return tf.where(x[:, 0] == 1, tf.cast(self.value, x.dtype), x[:, 0])


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_a_bound_that_is_none_is_an_error(value: float) -> None:
  evaluate = _Fixed(tiny.model(), num_samples=1, jit_compile=False)
  evaluate.value = value
  x = np.full([6, 4], 0.5)
  x[4] = 1
  if value == -np.inf:  # the probability of an example may be 0
    assert evaluate(x, batch_size=3).tolist() == [0.5] * 4 + [-np.inf, 0.5]
  else:
    with pytest.raises(ValueError, match=f'bound of example 4 is {value}'):
      evaluate(x, batch_size=3)


def test_bits_and_counts_are_what_the_likelihood_says() -> None:
  bits, model = tiny.binary_images(6), tiny.model()
  found, expected = (
    evaluation.log_likelihood_bounds(model, x, num_samples=4, jit_compile=False)
    for x in (bits.astype('uint8'), bits)
  )
  np.testing.assert_array_equal(found, expected)
  stream = tf.data.Dataset.from_tensor_slices(tiny.images(6)).batch(3)
  with pytest.raises(ValueError, match='were bits'):
    evaluation.log_likelihood_bounds(model, stream, num_samples=4)


def test_nothing_to_evaluate_is_an_error() -> None:
  with pytest.raises(ValueError, match='empty'):
    evaluation.log_likelihood_bounds(tiny.model(), tiny.images(0))
