"""Parts of an objective: their precision, and those that do not fit."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tests.support import tiny
from tf_mco import layers
from tf_mco import models


@pytest.mark.parametrize('policy', ['float64', 'mixed_bfloat16'])
def test_bound_keeps_its_precision(policy: str) -> None:
  objective = layers.MonteCarloObjective(
    **tiny.parts(dtype=policy), estimator='vimco', dtype=policy
  )
  dtype = 'float64' if policy == 'float64' else 'float32'
  inputs = keras.Input((tiny.PIXELS,), dtype=dtype)
  model = keras.Model(inputs, objective(inputs))
  bound = model(tiny.images(4, dtype=dtype))
  assert bound.dtype.name == model.output.dtype == dtype
  assert model.losses[0].dtype.name == dtype


@pytest.mark.parametrize(
  ('options', 'message'),
  [
    ({'estimator': 'nonesuch'}, 'Unknown estimator'),
    ({'estimator': 3}, 'Expected an estimator'),
    ({'binarization': 'static'}, '`binarization` must be one of'),
    ({'analytic_kl': 1}, '`analytic_kl` must be True or False'),
    ({'prior': keras.layers.Dense(3)}, '`prior` must be'),
    ({'decoder': keras.layers.Dense(4)}, '`decoder` must be'),
    ({'encoder': tiny.parts(2)['encoder']}, 'same number of stochastic'),
  ],
)
def test_errors(options: dict[str, Any], message: str) -> None:
  arguments = {**tiny.parts(), 'estimator': 'disarm', **options}
  with pytest.raises(ValueError, match=message):
    layers.MonteCarloObjective(**arguments)


@pytest.mark.parametrize(
  ('encoder', 'decoder', 'prior'),
  [
    ([3], [4], 1),  # would broadcast, and train another model
    ([3], [1], 3),
    ([3, 2], [4, 1], 2),
    ([3], [4], 2),
    ([3], [5], 3),
    ([3, 2], [4, 4], 2),
  ],
)
def test_parts_that_do_not_fit_are_an_error(
  encoder: list[int], decoder: list[int], prior: int
) -> None:
  with pytest.raises(ValueError, match='shape'):
    models.LatentVariableModel(
      [layers.BernoulliPosterior(units) for units in encoder],
      [layers.BernoulliLikelihood(units) for units in decoder],
      layers.BernoulliPrior(prior),
      'vimco',
    ).build((None, tiny.PIXELS))
