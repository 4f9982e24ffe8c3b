"""`fit` trains with every estimator of the registry."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.support import positive_models
from tests.support import tiny
import tf_mco
from tf_mco import layers
from tf_mco import models


def _gaussian(num_layers: int) -> dict[str, Any]:
  widths = tiny.LATENTS[:num_layers]
  # The scale is an exponential: Glorot's weights of two units are too large.
  init = keras.initializers.RandomNormal(stddev=0.1, seed=1)

  def head(cls: type, units: int) -> keras.layers.Layer:
    return cls(units, kernel_initializer=init)

  likelihoods = [head(layers.GaussianLikelihood, n) for n in widths[:-1]]
  return {
    'encoder': [head(layers.GaussianPosterior, width) for width in widths],
    'decoder': [head(layers.BernoulliLikelihood, tiny.PIXELS), *likelihoods],
    'prior': layers.GaussianPrior(widths[-1], learned=True),
  }


# RSVI and GREP are for Gamma variables in one layer.
_GAMMA = ('grep', 'rsvi')


def _trained(name: str, num_layers: int) -> models.LatentVariableModel:
  """Returns a model of latents that the estimator can serve."""
  if name in _GAMMA:
    parts = positive_models.parts('gamma', dtype='float32')
    return models.LatentVariableModel(*parts, estimator=name)
  try:
    return tiny.model(name, num_layers=num_layers)
  except ValueError:  # it needs reparameterized samples
    return models.LatentVariableModel(**_gaussian(num_layers), estimator=name)


@pytest.mark.parametrize(
  ('name', 'num_layers'),
  [
    *((name, 1) for name in tf_mco.estimator_names()),
    *((name, 2) for name in ('vimco', 'local_disarm')),
  ],
)
def test_every_estimator_trains_every_group(name: str, num_layers: int) -> None:
  """The steps are eager; `latent_variable_model_test.py` compares graphs."""
  model = _trained(name, num_layers)
  model.build((None, tiny.PIXELS))
  model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
  before = [np.array(v) for v in model.trainable_variables]
  # A likelihood of real numbers would read bytes as they are.
  x = tiny.images(8, dtype='float32') if name in _GAMMA else tiny.images(8)
  history = model.fit(x, batch_size=4, verbose=0).history
  assert int(model.objective.step) == 2
  assert history['loss'][0] == pytest.approx(-history['bound'][0], rel=1e-5)
  for old, new in zip(before, model.trainable_variables, strict=True):
    change = np.abs(np.asarray(new) - old).max()
    assert 0 < change < 10, new.path
