"""Tests of several estimators measured along one run."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import small_model
import tf_mco
from tf_mco import diagnostics


def test_along_a_run() -> None:
  basket = diagnostics.EstimatorComparison(
    ['disarm', 'reinforce_loo'],
    small_model.IMAGES[:5],
    every_epochs=2,
    num_draws=60,
    groups=('encoder', 'prior'),
    jit_compile=False,  # which costs more than these few draws
    seed=7,
  )
  model = small_model.compiled()
  history = model.fit(
    small_model.BATCHES, epochs=4, verbose=0, callbacks=[basket]
  )
  logged = history.history
  for name in ('disarm', 'reinforce_loo'):
    for group in ('encoder', 'prior'):
      values = logged[f'basket/{name}/{group}']
      assert len(values) == 2
      assert values[0] != values[1]
      # The model still has the parameters of the last measurement.
      source = diagnostics.model_source(
        model,
        small_model.IMAGES[:5],
        estimator=name,
        groups=[group],
        seed=tf_mco.random.fold_in(7, -1),
      )
      again = diagnostics.gradient_statistics(
        source,
        num_draws=60,
        jit_compile=False,
        seed=tf_mco.random.fold_in(7, 40),
      )
      assert values[1] == pytest.approx(again[group].variance, rel=1e-5)
      assert basket.statistics[name][group].evaluations == 2

  plain = small_model.compiled()
  plain.fit(small_model.BATCHES, epochs=4, verbose=0)
  for one, other in zip(plain.variables, model.variables, strict=True):
    np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_unequal_cost_is_an_error_before_training() -> None:
  basket = diagnostics.EstimatorComparison(
    {'pair': 'disarm', 'five': tf_mco.get_estimator('vimco', num_samples=5)},
    small_model.IMAGES[:5],
  )
  model = small_model.compiled()
  with pytest.raises(ValueError, match='pair: 2, five: 5'):
    model.fit(small_model.BATCHES, verbose=0, callbacks=[basket])
  assert int(model.objective.step) == 0
