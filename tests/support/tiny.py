"""Models of a few pixels and latent variables, and their exact values.

The second half is written in NumPy from the definitions, without tf_mco.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import keras
import numpy as np
from scipy import special

import tf_mco
from tf_mco import layers
from tf_mco import models

PIXELS = 4
LATENTS = (3, 2)  # of the first and of the second stochastic layer


def images(num: int, *, seed: int = 0, dtype: str = 'uint8') -> np.ndarray:
  """Returns `[num, PIXELS]` pixels: bytes, or floating in [0, 1]."""
  pixels = np.random.default_rng(seed).integers(0, 256, (num, PIXELS))
  if dtype == 'uint8':
    return pixels.astype('uint8')
  return (pixels / 255).astype(dtype)


def binary_images(num: int, *, seed: int = 0) -> np.ndarray:
  """Returns `[num, PIXELS]` of 0.0 and 1.0."""
  return (images(num, seed=seed) > 127).astype('float32')


def all_states(num_variables: int) -> np.ndarray:
  """Returns every binary vector, `[2^n, n]`."""
  return np.array(list(itertools.product([0.0, 1.0], repeat=num_variables)))


def parts(num_layers: int = 1, dtype: str = 'float32') -> dict[str, Any]:
  """Returns encoder, decoder and prior: one dense layer each."""

  def init(seed: int) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=1.0, seed=seed)

  def head(cls: type, units: int, seed: int) -> keras.layers.Layer:
    return cls(
      units,
      kernel_initializer=init(seed),
      bias_initializer=init(seed + 10),
      dtype=dtype,
    )

  widths = (PIXELS, *LATENTS)[: num_layers + 1]
  encoder = [
    head(layers.BernoulliPosterior, units, seed)
    for seed, units in enumerate(widths[1:])
  ]
  decoder = [
    head(layers.BernoulliLikelihood, units, seed + 5)
    for seed, units in enumerate(widths[:-1])
  ]
  prior = layers.BernoulliPrior(
    widths[-1], logits_initializer=init(20), dtype=dtype
  )
  if num_layers == 1:
    return {'encoder': encoder[0], 'decoder': decoder[0], 'prior': prior}
  return {'encoder': encoder, 'decoder': decoder, 'prior': prior}


def model(
  estimator: tf_mco.Estimator | str = 'reinforce_loo',
  *,
  num_layers: int = 1,
  dtype: str = 'float32',
  built: bool = True,
  **options: Any,
) -> models.LatentVariableModel:
  """Returns a model that is the same at every call."""
  made = models.LatentVariableModel(
    **parts(num_layers, dtype), estimator=estimator, dtype=dtype, **options
  )
  if built:
    made.build((None, PIXELS))
  return made


def trained_values(model: keras.Model) -> np.ndarray:
  """Returns all trainable values as one vector."""
  return np.concatenate(
    [np.asarray(v).ravel() for v in model.trainable_variables]
  )


def state(model: keras.Model) -> list[np.ndarray]:
  """Returns every weight and every variable of the optimizer."""
  variables = [*model.weights, *model.optimizer.variables]
  return [np.asarray(v) for v in variables]


def assert_same_state(model: keras.Model, other: keras.Model) -> None:
  """Asserts equality to the last bit of weights and optimizer."""
  for ours, theirs in zip(state(model), state(other), strict=True):
    np.testing.assert_array_equal(ours, theirs)


class Numbers(NamedTuple):
  """The parameters of a model of `parts`, in float64."""

  encoder: list[tuple[np.ndarray, np.ndarray]]  # kernel and bias
  decoder: list[tuple[np.ndarray, np.ndarray]]
  prior: np.ndarray


def numbers(objective: Any) -> Numbers:
  """Returns the parameters of a built model or objective of `parts`."""
  dense = [
    tuple(np.asarray(w, np.float64) for w in part.dense.weights)
    for part in objective.parts[:-1]
  ]
  depth = len(dense) // 2
  prior = np.asarray(objective.prior.logits, np.float64)
  return Numbers(dense[:depth], dense[depth:], prior)


def log_bernoulli(value: np.ndarray, logits: np.ndarray) -> np.ndarray:
  """Returns log p(value), summed over the last axis, nats."""
  probability = np.stack([special.expit(-logits), special.expit(logits)])
  return np.log(value * probability[1] + (1 - value) * probability[0]).sum(-1)


def log_joint(n: Numbers, x: np.ndarray, *path: np.ndarray) -> np.ndarray:
  """Returns log p(x, z1, ...), `[K, B]`, of x `[B, D]` and z `[K, B, D]`."""
  total = log_bernoulli(path[-1], n.prior)
  for below, given, (kernel, bias) in zip(
    (x, *path), path, n.decoder, strict=False
  ):
    total = total + log_bernoulli(below, given @ kernel + bias)
  return total


def log_posterior(n: Numbers, x: np.ndarray, *path: np.ndarray) -> np.ndarray:
  """Returns log q(z1, ... | x), `[K, B]`."""
  total = 0.0
  for value, given, (kernel, bias) in zip(
    path, (x, *path), n.encoder, strict=False
  ):
    total = total + log_bernoulli(value, given @ kernel + bias)
  return total


def log_likelihood(n: Numbers, x: np.ndarray) -> np.ndarray:
  """Returns the exact log p(x), `[B]`, of a model of one layer."""
  states = all_states(len(n.prior))[:, np.newaxis]
  z = np.repeat(states, len(x), axis=1)
  return special.logsumexp(log_joint(n, x, z), axis=0)


class Recorder(keras.layers.Layer):
  """A layer that passes its input on, and keeps a copy of every value."""

  def __init__(self, **kwargs: Any):
    super().__init__(**kwargs)
    self.shapes: list[tuple] = []
    self.values: list[np.ndarray] = []

  def call(self, inputs: Any) -> Any:
    """Returns the inputs."""
    self.shapes.append(tuple(inputs.shape))
    if hasattr(inputs, 'numpy'):
      self.values.append(inputs.numpy())
    return inputs


class Batches(keras.callbacks.Callback):
  """A callback that keeps the batches after which it was called."""

  def __init__(self) -> None:
    super().__init__()
    self.seen: list[int] = []
    self.logs: list[dict[str, float]] = []

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    """Keeps the batch and its logs."""
    self.seen.append(batch)
    self.logs.append({name: float(value) for name, value in logs.items()})
