"""`fit` and files of models of real variables, for each kind of estimator."""

from __future__ import annotations

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.contract import table
from tests.support import gaussian_models
import tf_mco
from tf_mco import random

_K = 4


def _values(model: keras.Model) -> list[np.ndarray]:
  return [np.asarray(v) for v in model.trainable_variables]


def _check_fit(
  row: table.Row, likelihood: str, num_layers: int, *, jit: bool
) -> None:
  """Checks that a step of SGD in a graph is that of the eager gradient."""
  model = gaussian_models.model(row.make(_K), likelihood, num_layers)
  before, x = _values(model), tf.constant(gaussian_models.data(likelihood))
  seed = random.fold_in(model.objective.seed, 0)
  with tf.GradientTape() as tape:
    surrogate = model.objective.surrogate(x, training=True, seed=seed)
    loss = tf.reduce_mean(surrogate.loss)
  gradient = tape.gradient(loss, [v.value for v in model.trainable_variables])

  model.compile(keras.optimizers.SGD(0.5), jit_compile=jit)
  found = model.fit(x, batch_size=len(x), shuffle=False, verbose=0).history
  np.testing.assert_allclose(found['loss'], [loss], rtol=1e-6)
  bound = np.mean(surrogate.bound)
  np.testing.assert_allclose(found['bound'], [bound], rtol=1e-6)
  for old, slope, new in zip(before, gradient, _values(model), strict=True):
    assert np.abs(slope).max() > 0
    np.testing.assert_allclose(new, old - 0.5 * slope, rtol=0, atol=1e-11)


# One row of each kind of gradient; one of them is compiled by XLA.
_ONE_LAYER = [
  table.BY_NAME[name] for name in ('elbo', 'dreg', 'aisle-chi2-score', 'piwae')
]
_JITTED = ('dreg',)


@pytest.mark.parametrize('row', _ONE_LAYER, ids=str)
def test_fit(row: table.Row) -> None:
  names = sorted(gaussian_models.LIKELIHOODS)
  likelihood = names[_ONE_LAYER.index(row) % len(names)]
  _check_fit(row, likelihood, 1, jit=str(row) in _JITTED)


@pytest.mark.parametrize(
  ('name', 'likelihood'),
  [('iwae', 'bernoulli'), ('stl', 'logistic')],
)
def test_fit_of_two_layers(name: str, likelihood: str) -> None:
  _check_fit(table.BY_NAME[name], likelihood, 2, jit=False)


@pytest.mark.parametrize(
  ('name', 'options'),
  [
    ('elbo', {'num_samples': 3}),
    ('aisle', {'divergence': 1.5, 'reparameterized': False}),
    ('piwae', {'num_samples_per_bound': 2}),
  ],
)
def test_file_round_trip(
  name: str, options: dict, tmp_path: pathlib.Path
) -> None:
  estimator = tf_mco.get_estimator(name, **options)
  model = gaussian_models.model(estimator, num_layers=2)
  model.save(tmp_path / 'model.keras')
  again = keras.saving.load_model(tmp_path / 'model.keras')
  assert again.estimator == estimator
  assert type(again.estimator) is type(estimator)
  x = gaussian_models.data()
  np.testing.assert_array_equal(
    again.predict(x, verbose=0), model.predict(x, verbose=0)
  )
