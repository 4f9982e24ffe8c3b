"""The signal-to-noise ratio of the posterior's gradient, measured as K grows.

Rainforth et al. (2018), arXiv:1802.04537: IWAE's falls as K^-1/2. Tucker et
al. (2019), arXiv:1810.04152: DReG's does not fall (it grows as K^1/2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tests.contract.oracles import gaussian_problems
import tf_mco
from tf_mco import estimators
from tf_mco import random
from tf_mco import types

_COUNTS = (1, 4, 16, 64, 256)
_ROWS = 4096
_CHUNKS = 25  # 102,400 draws


def _problem() -> gaussian_problems.Problem:
  """Returns q off by about one standard deviation, and wider."""
  values = dict(gaussian_problems.at_posterior('normal', 1).values)
  values['loc'] = values['loc'] + 0.5
  values['log_scale'] = values['log_scale'] + 0.2
  return gaussian_problems.Problem(values)


def _make_step(num_samples: int) -> Any:
  """Returns a compiled function: seed -> sums of g and g^2, two estimators."""
  problem = _problem()
  example = np.zeros(_ROWS, int)

  @tf.function(jit_compile=True)
  def step(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    parameters = problem.rows(example, tf.float32)
    noise = random.normal([num_samples, _ROWS, 1], dtype=tf.float32, seed=seed)
    posterior_names = problem.groups['posterior']
    with tf.GradientTape(persistent=True) as tape:
      tape.watch(parameters)
      draw = types.Draw(problem.samples(parameters, noise))
      losses = [
        estimator.surrogate(
          problem.log_joint(parameters), problem.posterior(parameters), draw
        ).loss
        for estimator in _estimators(num_samples)
      ]
    gradients = [
      [tape.gradient(loss, parameters[name])[:, 0] for name in posterior_names]
      for loss in losses
    ]
    g = tf.cast(tf.stack(gradients), tf.float64)  # [estimator, parameter, R]
    return tf.reduce_sum(g, -1), tf.reduce_sum(g**2, -1)

  return step


def _estimators(num_samples: int) -> list[tf_mco.Estimator]:
  return [estimators.Iwae(num_samples), estimators.Dreg(num_samples)]


def _moments() -> tuple[np.ndarray, np.ndarray]:
  """Returns mean and standard deviation, `[K, estimator, parameter]`."""
  means, deviations = [], []
  for num_samples in _COUNTS:
    step = _make_step(num_samples)
    total, square = np.zeros([2, 2, 2])
    for chunk in range(_CHUNKS):
      sums = step(random.fold_in(17 + num_samples, chunk))
      total, square = total + sums[0], square + sums[1]
    draws = _ROWS * _CHUNKS
    means.append(total / draws)
    deviations.append(np.sqrt(square / draws - means[-1] ** 2))
  return np.abs(means), np.array(deviations)


def _exponents(ratio: np.ndarray, first: int = 0) -> np.ndarray:
  """Returns the powers of K that fit `[K, parameter]` best."""
  x = np.log(_COUNTS[first:])
  return np.polyfit(x, np.log(ratio[first:]), 1)[0]


def test_signal_to_noise_falls_for_iwae_and_grows_for_dreg() -> None:
  """All three exponents are of the same draws, and so in one test."""
  mean, deviation = _moments()
  # IWAE's mean gradient gives -0.53, because K = 1 is not yet the limit. The
  # standard error is 0.013: the tolerance is four of them beyond 0.03, a false
  # alarm in 10,000 seeds.
  exponent = _exponents(mean[:, 0] / deviation[:, 0])[0]
  np.testing.assert_allclose(exponent, -0.5, atol=0.085)
  # The means of both are one, and DReG's error is below 1 %: no false alarms.
  exponents = _exponents(mean[:, 1] / deviation[:, 0], first=2)
  np.testing.assert_allclose(exponents, [-0.5, -0.5], atol=0.03)
  # DReG's grows with every K, by a tenth at least, and errors are below 1 %.
  ratio = mean[:, 1] / deviation[:, 1]
  assert (ratio[1:] > ratio[:-1]).all()
  np.testing.assert_allclose(_exponents(ratio, first=2), [0.5, 0.5], atol=0.06)
