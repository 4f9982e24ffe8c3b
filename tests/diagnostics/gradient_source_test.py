"""Tests of model_source: what of a model is measured, and what is kept."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import small_model
import tf_mco
from tf_mco import diagnostics
from tf_mco.diagnostics import gradient_source as source_lib

_GREY = np.random.default_rng(0).random((8, 6)).astype(np.float32)
_BINARY = np.round(_GREY)


def test_two_pass_moments_of_a_model() -> None:
  model = small_model.make(dtype='float64')
  source = diagnostics.model_source(
    model,
    _BINARY,
    estimator=tf_mco.get_estimator('vimco', num_samples=3),
  )
  found = diagnostics.gradient_statistics(
    source, num_draws=50, num_batches=7, jit_compile=False, seed=3
  )
  assert list(found) == ['encoder', 'decoder', 'prior']
  with source_lib.preserve(source.preserved):
    draw = tf.function(source.gradients)
    draws = [draw(tf_mco.random.fold_in(3, i)) for i in range(50)]
  for group, index in {'encoder': 0, 'decoder': 2, 'prior': 4}.items():
    values = np.stack([np.asarray(draw[index], np.float64) for draw in draws])
    result = found[group]
    np.testing.assert_allclose(result.means[0], values.mean(0), atol=1e-12)
    np.testing.assert_allclose(
      result.variances[0], values.var(0, ddof=1), rtol=1e-9, atol=1e-12
    )
    assert result.evaluations == 3
  group = found['decoder']
  entries = np.concatenate([array.ravel() for array in group.variances])
  assert entries.size == 3 * 6 + 6
  assert group.variance == pytest.approx(entries.mean())
  assert group.total_variance == pytest.approx(entries.sum())


def test_data_noise() -> None:
  model = small_model.make()

  def measure(x: tf.Tensor, **options: Any) -> Any:
    source = diagnostics.model_source(model, x, groups=['encoder'], **options)
    return diagnostics.gradient_statistics(
      source, num_draws=1000, jit_compile=False, seed=0
    )['encoder']

  fixed, noisy = measure(_GREY), measure(_GREY, include_data_noise=True)
  assert noisy.variance - fixed.variance > 4 * noisy.standard_error
  binary = measure(_BINARY), measure(_BINARY, include_data_noise=True)
  # The same draws, in programs that need not round alike.
  assert binary[0].variance == pytest.approx(binary[1].variance, rel=1e-5)


def test_measuring_leaves_the_model_as_it_was() -> None:
  model = small_model.make(keras.layers.BatchNormalization())
  before = [v.numpy() for v in model.variables]
  source = diagnostics.model_source(model, _GREY)
  source.gradients(tf_mco.random.as_seed(0))
  changed = [
    not np.array_equal(a, b.numpy())
    for a, b in zip(before, model.variables, strict=True)
  ]
  assert any(changed)  # the normalization's moments, by a bare draw
  before = [v.numpy() for v in model.variables]
  diagnostics.gradient_statistics(
    source, num_draws=40, jit_compile=False, seed=0
  )
  for value, variable in zip(before, model.variables, strict=True):
    np.testing.assert_array_equal(value, variable.numpy())


def test_bad_data_and_groups() -> None:
  model = small_model.make()
  with pytest.raises(ValueError, match="groups=.'control'"):
    diagnostics.model_source(model, _GREY, groups=['control'])
  with pytest.raises(ValueError, match='in the measured batch'):
    diagnostics.model_source(model, 2 * _GREY)
