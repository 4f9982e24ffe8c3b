"""Momentum tempering: how hot a trajectory starts, and how it cools.

The momentum starts as scale * noise and is multiplied by alpha[k] after step k.
scale * prod_k alpha[k] = 1 throughout: the change of volume cancels against the
normalizer of the first momentum, and the last one is at temperature 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco.ops import checks
from tf_mco.posteriors.hamiltonian import validation

TEMPERINGS = ('none', 'fixed', 'free')
SCHEDULES = ('inverse_sqrt_beta', 'variance')


# A number, a list or an array of them, or a tensor.
Factor: TypeAlias = float | list[float] | np.ndarray | tf.Tensor


class Tempering(NamedTuple):
  """Factors of the momentum, each a scalar or `[B]`."""

  scale: tf.Tensor  # of the first momentum
  alphas: tuple[tf.Tensor, ...]  # after each step


def check(kind: str, schedule: str, alphas: Factor | None) -> None:
  """Raises ValueError for unknown names, and for factors without a use."""
  checks.one_of('tempering', kind, TEMPERINGS)
  checks.one_of('schedule', schedule, SCHEDULES)
  if alphas is not None and kind != 'free':
    raise ValueError(
      "`alphas` are for tempering='free'. Received: "
      f'tempering={kind!r}, alphas={alphas!r}'
    )


def make(
  kind: str,
  num_steps: int,
  dtype: tf.DType,
  *,
  schedule: str,
  initial_temperature: Factor,
  alphas: Factor,
) -> Tempering:
  """Returns the factors of one kind of tempering.

  Args:
    kind: one of `TEMPERINGS`.
    num_steps: the number of leapfrog steps. Without any step there is nothing
      to temper.
    dtype: the dtype of the factors.
    schedule: one of `SCHEDULES`, for 'fixed'.
    initial_temperature: for 'fixed', at least 1, a scalar or `[B]`.
    alphas: for 'free', in (0, 1], `[num_steps]` or `[num_steps, B]`.
  Raises:
    ValueError: if a value is out of its range or of the wrong shape.
  """
  first = validation.within(
    'initial_temperature', initial_temperature, dtype, 1, math.inf
  )
  if kind == 'none' or not num_steps:
    return none(num_steps, dtype)
  if kind == 'fixed':
    if first.shape.rank not in (0, 1):
      raise ValueError(
        '`initial_temperature` must be a scalar or [B]. Received: a shape of '
        f'{first.shape}'
      )
    return fixed(first, num_steps, schedule)
  factors = validation.within('alphas', alphas, dtype, 0, 1, low_included=False)
  if factors.shape.rank not in (1, 2) or factors.shape[0] != num_steps:
    raise ValueError(
      '`alphas` must be [num_steps] or [num_steps, B]. Received: a shape of '
      f'{factors.shape} for num_steps={num_steps}'
    )
  return free(factors)


def none(num_steps: int, dtype: tf.DType) -> Tempering:
  """Returns factors of 1."""
  one = tf.ones([], dtype)
  return Tempering(one, (one,) * num_steps)


def fixed(
  initial_temperature: tf.Tensor, num_steps: int, schedule: str
) -> Tempering:
  """Returns the factors of T[k] = T[0] + (1 - T[0]) k^2 / num_steps^2.

  Args:
    initial_temperature: T[0] >= 1, a scalar or `[B]`. Gradients flow to it.
    num_steps: the number of steps, at least 1.
    schedule: the meaning of T. 'inverse_sqrt_beta': T is 1 / sqrt(beta), the
      momentum's standard deviation. 'variance': T is 1 / beta, its variance.
  """
  first = tf.convert_to_tensor(initial_temperature)
  temperatures = [
    first + (1 - first) * (k / num_steps) ** 2 for k in range(num_steps)
  ]
  temperatures.append(tf.ones_like(first))
  alphas = [
    after / before
    for before, after in zip(temperatures, temperatures[1:], strict=False)
  ]
  if schedule == 'variance':
    return Tempering(tf.sqrt(first), tuple(tf.sqrt(a) for a in alphas))
  return Tempering(first, tuple(alphas))


def free(alphas: tf.Tensor) -> Tempering:
  """Returns the factors `alphas`, `[num_steps]` or `[num_steps, B]`.

  The first momentum has the variance T[0] = (prod_k alpha[k])^-2.
  """
  return Tempering(
    1 / tf.reduce_prod(alphas, axis=0), tuple(tf.unstack(alphas))
  )
