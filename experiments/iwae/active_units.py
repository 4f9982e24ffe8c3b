"""A model of Gaussian latent variables without the units it does not use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tf_mco import models


def without_inactive(
  model: models.LatentVariableModel,
  active: Sequence[np.ndarray],
  make: Callable[[list[int]], models.LatentVariableModel],
) -> models.LatentVariableModel | None:
  """Returns the model without its inactive units.

  The networks that compute an inactive unit lose the columns of the unit, and
  the networks that read the unit lose its rows.

  Args:
    model: its latent variables are Gaussian, its networks dense layers.
    active: `[D]` booleans for each stochastic layer.
    make: a function that returns a built model with that many units in each
      layer.
  Returns:
    The smaller model; None if a layer would be left without a unit.
  """
  if not all(mask.any() for mask in active):
    return None
  small = make([int(mask.sum()) for mask in active])
  for depth, mask in enumerate(active):
    below = active[depth - 1] if depth else None
    encoder, decoder = _networks(model, depth)
    small_encoder, small_decoder = _networks(small, depth)
    small_encoder.set_weights(_sliced(encoder.get_weights(), below, mask))
    small_decoder.set_weights(_sliced(decoder.get_weights(), mask, below))
  return small


def _networks(model: models.LatentVariableModel, depth: int) -> tuple[Any, Any]:
  encoder = model.encoder_conditional(depth)
  decoder = model.decoder_conditional(depth)
  return encoder.network, decoder.network


def _sliced(
  weights: list[np.ndarray],
  inputs: np.ndarray | None,
  outputs: np.ndarray | None,
) -> list[np.ndarray]:
  """Returns the weights of a dense network with fewer inputs and outputs.

  Args:
    weights: kernel and bias of each layer.
    inputs: which inputs remain; None for all of them.
    outputs: which units remain; None for all of them. The last layer computes
      the mean and the log-scale of each unit.
  """
  weights = list(weights)
  if inputs is not None:
    weights[0] = weights[0][inputs]
  if outputs is not None:
    columns = np.concatenate([outputs, outputs])
    weights[-2:] = [weights[-2][:, columns], weights[-1][columns]]
  return weights
