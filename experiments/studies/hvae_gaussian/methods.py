"""HVAE, planar flow and mean-field VB, as bounds of R data sets at once.

Every method starts from q = N(0, I), and estimates its ELBO by S samples. Each
data set has parameters of its own, so that R is the leading axis of all
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from experiments.studies.hvae_gaussian import flow as planar_flow
from experiments.studies.hvae_gaussian import point_sets
import tf_mco
from tf_mco import posteriors
from tf_mco._tfp import tfd

Parameters = Mapping[str, tf.Tensor]
MAX_STEP_SIZE = 0.5
_STEP_SIZE = 0.005
_INITIAL_TEMPERATURE = 5.0
# Tells the random numbers of the start from those of the data.
_START_STREAM = 1


class PosteriorMethod(NamedTuple):
  """A family of posteriors: one line of the figure."""

  label: str
  start: Callable[..., dict[str, np.ndarray]]
  bound: Callable[..., tf.Tensor]


def start(
  method: str,
  dims: int,
  repeats: int,
  options: point_sets.MethodOptions,
  *,
  seed: int,
) -> dict[str, np.ndarray]:
  """Returns the start of all parameters, `[R, ...]` by name."""
  rng = np.random.default_rng([seed, dims, _START_STREAM])
  of_posterior = METHODS[method].start(dims, repeats, options, rng)
  shape = (repeats, dims)
  return {
    'delta': np.zeros(shape),
    'log_sigma': np.full(shape, 3.0),
    **of_posterior,
  }


def bound(
  method: str,
  parameters: Parameters,
  data: point_sets.PointSets,
  options: point_sets.MethodOptions,
  *,
  seed: tf.Tensor,
) -> tf.Tensor:
  """Returns an estimate of the ELBO of each data set, `[R]`, in nats.

  The gradient flows to the parameters.
  """
  return METHODS[method].bound(parameters, data, options, seed=seed)


def _normal(loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
  return tfd.Independent(tfd.Normal(loc, scale), 1)


def _elbo(
  log_joint: tf_mco.types.LogJoint,
  posterior: Any,
  options: point_sets.MethodOptions,
  seed: tf.Tensor,
) -> tf.Tensor:
  estimator = tf_mco.estimators.Elbo(options.samples)
  return -tf_mco.estimate(estimator, log_joint, posterior, seed=seed).loss


def _start_hvae(
  dims: int,
  repeats: int,
  options: point_sets.MethodOptions,
  rng: np.random.Generator,
  *,
  tempered: bool,
) -> dict[str, np.ndarray]:
  del options, rng
  raw = math.log(_STEP_SIZE / (MAX_STEP_SIZE - _STEP_SIZE))
  parameters: dict[str, np.ndarray] = {
    'raw_step_size': np.full((repeats, dims), raw)
  }
  if tempered:
    hot = math.log(_INITIAL_TEMPERATURE - 1)
    parameters['raw_temperature'] = np.full(repeats, hot)
  return parameters


def _hvae(
  parameters: Parameters,
  data: point_sets.PointSets,
  options: point_sets.MethodOptions,
  *,
  num_steps: int,
  tempered: bool,
  seed: tf.Tensor,
) -> tf.Tensor:
  size = MAX_STEP_SIZE * tf.sigmoid(parameters['raw_step_size'])
  zeros = tf.zeros_like(size)
  tempering: dict[str, Any] = {}
  if tempered:
    tempering = {
      'tempering': 'fixed',
      'schedule': options.schedule,
      'initial_temperature': 1 + tf.exp(parameters['raw_temperature']),
    }
  posterior = posteriors.Hamiltonian(
    _normal(zeros, tf.ones_like(size)),
    num_steps=num_steps,
    step_size=size[tf.newaxis],  # all steps share that of a data set
    **tempering,
  )
  log_joint = data.log_joint(parameters['delta'], parameters['log_sigma'])
  return _elbo(log_joint, posterior, options, seed)


def _start_vb(
  dims: int,
  repeats: int,
  options: point_sets.MethodOptions,
  rng: np.random.Generator,
) -> dict[str, np.ndarray]:
  del options, rng
  zeros = np.zeros((repeats, dims))
  return {'loc': zeros, 'log_scale': zeros}


def _vb(
  parameters: Parameters,
  data: point_sets.PointSets,
  options: point_sets.MethodOptions,
  *,
  seed: tf.Tensor,
) -> tf.Tensor:
  posterior = _normal(parameters['loc'], tf.exp(parameters['log_scale']))
  log_joint = data.log_joint(parameters['delta'], parameters['log_sigma'])
  return _elbo(log_joint, posterior, options, seed)


def _make_hvae(num_steps: int, *, tempered: bool) -> PosteriorMethod:
  name = 'tempered HVAE' if tempered else 'HVAE'
  return PosteriorMethod(
    f'{name}, K = {num_steps}',
    functools.partial(_start_hvae, tempered=tempered),
    functools.partial(_hvae, num_steps=num_steps, tempered=tempered),
  )


def _make_nf(num_steps: int) -> PosteriorMethod:
  return PosteriorMethod(
    f'planar flow, K = {num_steps}',
    functools.partial(planar_flow.start, num_steps=num_steps),
    functools.partial(planar_flow.bound, num_steps=num_steps),
  )


METHODS: dict[str, PosteriorMethod] = {
  'hvae_tempered_10': _make_hvae(10, tempered=True),
  'hvae_tempered_1': _make_hvae(1, tempered=True),
  'hvae_10': _make_hvae(10, tempered=False),
  'hvae_1': _make_hvae(1, tempered=False),
  'nf_30': _make_nf(30),
  'nf_1': _make_nf(1),
  'vb': PosteriorMethod('mean-field VB', _start_vb, _vb),
}
