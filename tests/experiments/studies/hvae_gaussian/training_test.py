"""The bounds of the methods, and the descent along their gradients."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from experiments.studies.hvae_gaussian import methods
from experiments.studies.hvae_gaussian import point_sets
from experiments.studies.hvae_gaussian import training


@pytest.mark.parametrize('name', ['hvae_tempered_1', 'hvae_1', 'nf_1', 'vb'])
def test_bounds(name: str) -> None:
  """Of many samples at a start near the posterior, below log p(x)."""
  data = point_sets.make(2, repeats=3, num_points=4, seed=1)
  options = point_sets.MethodOptions(samples=20_000)
  start = methods.start(name, 2, 3, options, seed=1)
  values = {key: tf.constant(value) for key, value in start.items()}
  values['delta'] = tf.constant(data.mean)
  values['log_sigma'] = tf.zeros([3, 2], tf.float64)
  bound = methods.bound(name, values, data, options, seed=tf.constant([1, 2]))
  exact = data.log_evidence(data.mean, np.ones((3, 2)))
  gap = exact - bound.numpy()
  assert (gap > 0.02).all()
  assert (gap < 10).all()


def test_every_method_learns() -> None:
  data = point_sets.make(2, repeats=2, num_points=20, seed=1)
  for name in ('hvae_tempered_1', 'nf_1'):
    options = point_sets.MethodOptions(samples=2)
    start = methods.start(name, 2, 2, options, seed=0)
    before = methods.bound(
      name,
      {key: tf.constant(value) for key, value in start.items()},
      data,
      options,
      seed=tf.constant([1, 2]),
    ).numpy()
    parameters, after = training.train(
      name, data, options, iterations=300, learning_rate=1e-2, seed=0
    )
    assert (after > before + 10).all()
    assert (parameters['log_sigma'] < 1.5).all()


def test_divergence_is_reported() -> None:
  data = point_sets.make(1, repeats=1, num_points=20, seed=1)
  with pytest.raises(ValueError, match='hvae_1 is not finite.*step sizes'):
    training.train(
      'hvae_1',
      data,
      point_sets.MethodOptions(samples=1),
      iterations=30,
      learning_rate=1e4,
      seed=0,
    )
