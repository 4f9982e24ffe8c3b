"""Numbers of NumPy are taken wherever Python's are, and stored as Python's.

Options are written to configurations, which are JSON.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
import tf_mco
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import posteriors
from tf_mco import registry
from tf_mco._tfp import tfd

_OF_NUMPY: dict[type, Callable[[Any], Any]] = {
  bool: np.bool_,
  int: np.int64,
  float: np.float64,
  str: str,
}


@pytest.mark.parametrize('name', tf_mco.estimator_names())
def test_options_of_estimators(name: str) -> None:
  plain = tf_mco.get_estimator(name)
  options = dataclasses.asdict(plain)
  given = {key: _OF_NUMPY[type(v)](v) for key, v in options.items()}
  estimator = tf_mco.get_estimator(name, **given)
  assert estimator == plain
  assert {type(v) for v in vars(estimator).values()} <= {bool, int, float, str}
  assert json.dumps(registry.to_config(estimator))


@pytest.mark.parametrize(
  'layer',
  [
    layers.BagOfWordsLikelihood(np.int64(3)),
    layers.BernoulliPosterior(np.int32(3)),
    layers.BernoulliPrior(np.int64(3)),
    layers.BetaPosterior(np.uint8(3), minimum=np.float32(0.5)),
    layers.DirichletPosterior(np.int64(3)),
    layers.DirichletPrior(np.int64(3), concentration=np.float32(0.5)),
    layers.GammaPosterior(3, clip=(np.float32(0.5), np.int64(2))),
    layers.GammaPosterior(3, clip=np.array([0.5, 2.0])),
    layers.GammaPrior(np.int64(3), rate=np.array([1.0, 2.0, 3.0])),
    layers.GaussianLikelihood(np.int64(3), minimum_scale=np.float32(0.5)),
    layers.GaussianPrior(np.int64(3), learned=np.bool_(True)),
    layers.HamiltonianPosterior(
      layers.GaussianPosterior(3),
      np.int64(2),
      step_size=np.float32(0.25),
      alpha=np.float64(0.5),
      recompute=np.bool_(True),
    ),
    layers.VonMisesPosterior(np.int64(3)),
    layers.MonteCarloObjective(
      **tiny.parts(),
      estimator=tf_mco.estimators.Reinforce(np.int64(2)),
      analytic_kl=np.bool_(False),
      seed=np.int64(7),
    ),
  ],
  ids=lambda layer: type(layer).__name__,
)
def test_configurations_of_layers(layer: keras.layers.Layer) -> None:
  assert json.dumps(keras.saving.serialize_keras_object(layer))


def test_counts_of_functions() -> None:
  normal = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    return -tf.reduce_sum(z**2, -1)

  for whole in (int, np.int64):
    chain = posteriors.Chain([normal])
    assert chain.sample(whole(3), seed=0)[0].shape == (3, 5, 2)
    bound = evaluation.importance_bound(
      log_joint, normal, whole(4), chunk_size=whole(3), seed=whole(1)
    )
    assert bound.shape == (5,)
    moved = posteriors.Hamiltonian(normal, num_steps=whole(1), step_size=0.1)
    draw = moved.sample_and_score(log_joint, whole(2), seed=whole(0))
    assert draw.samples.shape == (2, 5, 2)
    log_w = tf.zeros([3, 5])
    assert evaluation.jackknife(log_w, whole(1)).shape == (5,)
    assert evaluation.cubo(log_w, whole(2)).shape == (5,)
