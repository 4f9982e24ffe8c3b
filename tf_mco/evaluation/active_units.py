"""Which latent variables a model uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types

THRESHOLD = 0.01


def unit_variances(model: Any, x: Any, *, seed: types.Seed) -> list[np.ndarray]:
  """Returns the variance over the data of each unit's posterior mean.

  The mean of a layer above the first is conditional on one sample of the layers
  below. Dynamic data are binarized once.

  Args:
    model: a built `LatentVariableModel` whose posteriors have a mean.
    x: `[N, ...]` images, as given to `fit`.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `[D]` for each stochastic layer.
  Reference: Burda, Grosse and Salakhutdinov (2016), section 5.
  """
  objective = model.objective
  data_seed, seed = random.split(seed, 2)
  stages = objective.encoder_conditionals
  prepared = objective.prepare(tf.convert_to_tensor(x), seed=data_seed)
  given = objective.encode_batch(prepared).first_posterior
  found = [given.mean()]
  sample = random.sample(given, [1], seed=seed)
  for depth, stage in enumerate(stages[1:], start=1):
    given = stage.distribution(sample)
    found.append(given.mean()[0])
    sample = random.sample(given, [], seed=random.fold_in(seed, depth))
  return [np.var(mean.numpy(), axis=0) for mean in found]


def active_units(of_units: Sequence[np.ndarray]) -> list[np.ndarray]:
  """Returns for each unit whether its mean varies by more than 0.01."""
  return [variance > THRESHOLD for variance in of_units]
