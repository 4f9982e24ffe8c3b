"""The training steps that every framework makes, as numbers and arrays.

This module needs NumPy alone, because the processes of all frameworks import
it. All of them start from the same parameters and see the same images.
"""

from __future__ import annotations

from collections.abc import Mapping
import itertools
from typing import NamedTuple

import numpy as np

# Arrays by name: 'encoder/0/w', 'encoder/0/b' and so on, 'decoder/0/w' and so
# on, and 'prior'.
Arrays = Mapping[str, np.ndarray]

PIXELS = 784
LEAKY_SLOPE = 0.3
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
_LEAST_MEAN = 0.001


class Case(NamedTuple):
  """A training step."""

  estimator: str
  options: Mapping[str, int]  # of the estimator of tf_mco
  batch_size: int
  samples: int  # K of the bound; for pairs their number
  hidden: tuple[int, ...]
  units: int
  gaussian: bool  # else binary latent variables, centred networks
  learning_rate: float  # of Adam, for encoder and decoder
  prior_learning_rate: float  # of plain descent, for the prior's logits
  execution: int  # steps in one program
  pixels: int = PIXELS


def _binary(
  estimator: str, samples: int, hidden: tuple[int, ...] = (), **options: int
) -> Case:
  return Case(
    estimator, options, 50, samples, hidden, 200, False, 1e-4, 1e-2, 100
  )


def _iwae(batch_size: int, samples: int) -> Case:
  options = {'num_samples': samples}
  return Case(
    'iwae', options, batch_size, samples, (200, 200), 50, True, 1e-3, 0.0, 100
  )


CASES: Mapping[str, Case] = {
  'disarm linear': _binary('disarm', 1),
  'disarm nonlinear': _binary('disarm', 1, (200, 200)),
  'vimco K=20 linear': _binary('vimco', 20, num_samples=20),
  'local_disarm 10 pairs linear': _binary('local_disarm', 10, num_pairs=10),
  'iwae batch 100, K=5': _iwae(100, 5),
  'iwae batch 32, K=64': _iwae(32, 64),
}


def widths(case: Case, network: str) -> list[int]:
  """Returns the widths of a network's input and of every dense layer."""
  code = case.units * (2 if case.gaussian else 1)
  if network == 'encoder':
    return [case.pixels, *case.hidden, code]
  return [case.units, *case.hidden, case.pixels]


def initial(case: Case, mean: np.ndarray, seed: int = 0) -> Arrays:
  """Returns the parameters before training.

  Args:
    case: the training step.
    mean: `[D]` mean of the images in [0, 1].
    seed: of the weights, which are uniform as Glorot and Bengio propose.
  """
  rng = np.random.default_rng(seed)
  arrays: dict[str, np.ndarray] = {}
  for network in ('encoder', 'decoder'):
    sizes = widths(case, network)
    for index, (rows, columns) in enumerate(itertools.pairwise(sizes)):
      limit = np.sqrt(6 / (rows + columns))
      arrays[f'{network}/{index}/w'] = rng.uniform(
        -limit, limit, [rows, columns]
      ).astype(np.float32)
      arrays[f'{network}/{index}/b'] = np.zeros(columns, np.float32)
  if not case.gaussian:
    clipped = np.clip(mean, _LEAST_MEAN, 1 - _LEAST_MEAN)
    bias = np.log(clipped / (1 - clipped)).astype(np.float32)
    arrays[f'decoder/{len(case.hidden)}/b'] = bias
    arrays['prior'] = np.zeros(case.units, np.float32)
  return arrays


class Order:
  """The images of every step: one permutation of all images per epoch."""

  def __init__(self, num_images: int, seed: int = 0):
    self._num_images = num_images
    self._rng = np.random.default_rng(seed)
    self._rest = np.zeros(0, np.int32)

  def take(self, steps: int, batch_size: int) -> np.ndarray:
    """Returns the indices of the next steps, int32 `[steps, batch_size]`."""
    wanted = steps * batch_size
    while len(self._rest) < wanted:
      epoch = self._rng.permutation(self._num_images).astype(np.int32)
      self._rest = np.concatenate([self._rest, epoch])
    taken, self._rest = self._rest[:wanted], self._rest[wanted:]
    return taken.reshape(steps, batch_size)
