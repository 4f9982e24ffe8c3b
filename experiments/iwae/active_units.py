"""A model of Gaussian latent variables without the units it does not use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tf_mco import models


def without_inactive(
  model: models.LatentVariableModel,
  kept: Sequence[np.ndarray],
  make: Callable[[list[int]], models.LatentVariableModel],
) -> models.LatentVariableModel | None:
  """Returns the model without the units that are not kept.

  Their columns go from the networks that give them, and their rows from those
  that they are given to.

  Args:
    model: of Gaussian latent variables, its networks made of dense layers.
    kept: `[D]` booleans for each stochastic layer.
    make: returns a built model with that many units in each layer.
  Returns:
    None if a layer would be left without a unit.
  """
  if not all(mask.any() for mask in kept):
    return None
  small = make([int(mask.sum()) for mask in kept])
  for depth, mask in enumerate(kept):
    below = kept[depth - 1] if depth else None
    encoder, decoder = _networks(model, depth)
    small_encoder, small_decoder = _networks(small, depth)
    small_encoder.set_weights(_sliced(encoder.get_weights(), below, mask))
    small_decoder.set_weights(_sliced(decoder.get_weights(), mask, below))
  return small


def _networks(model: models.LatentVariableModel, depth: int) -> tuple[Any, Any]:
  objective = model.objective
  stages = (
    objective.encoder_conditionals[depth],
    objective.decoder_conditionals[depth],
  )
  return stages[0].network, stages[1].network


def _sliced(
  weights: list[np.ndarray],
  inputs: np.ndarray | None,
  outputs: np.ndarray | None,
) -> list[np.ndarray]:
  """Returns the weights of a dense network with fewer inputs and outputs.

  Args:
    weights: kernel and bias of each layer.
    inputs: which inputs are kept; None: all of them.
    outputs: which units are kept, of which the last layer gives mean and
      log-scale; None: all of them.
  """
  weights = list(weights)
  if inputs is not None:
    weights[0] = weights[0][inputs]
  if outputs is not None:
    columns = np.concatenate([outputs, outputs])
    weights[-2:] = [weights[-2][:, columns], weights[-1][columns]]
  return weights
