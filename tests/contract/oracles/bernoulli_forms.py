"""The ways in which a user may write a layer of Bernoulli variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd


class Form(NamedTuple):
  """One way to write D Bernoulli variables, and the shape of their event."""

  distribution: Callable[[tf.Tensor], tfd.Distribution]  # of logits [..., D]
  event_rank: int = 1


def _independent(logits: tf.Tensor) -> tfd.Distribution:
  return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=logits.dtype), 1)


def _probs(logits: tf.Tensor) -> tfd.Distribution:
  probs = tf.sigmoid(logits)
  return tfd.Independent(tfd.Bernoulli(probs=probs, dtype=logits.dtype), 1)


def _matrix(logits: tf.Tensor) -> tfd.Distribution:
  bernoulli = tfd.Bernoulli(logits=logits[..., tf.newaxis, :])
  return tfd.Independent(bernoulli, 2)


FORMS = {
  'independent': Form(_independent),
  # TFP's default dtype is int32.
  'int32': Form(lambda x: tfd.Independent(tfd.Bernoulli(logits=x), 1)),
  'probs': Form(_probs),
  'tf_mco': Form(lambda x: tfd.Independent(distributions.Bernoulli(x), 1)),
  # `[..., 1, D]`
  'matrix': Form(_matrix, event_rank=2),
  # D = 1 and no event axis at all.
  'scalar': Form(lambda x: tfd.Bernoulli(logits=x[..., 0]), event_rank=0),
  'nested': Form(lambda x: tfd.Independent(_independent(x), 0)),
}


def to_event(form: str, values: tf.Tensor) -> tf.Tensor:
  """Returns `[K, R, D]` values in the shape of the form's samples."""
  rank = FORMS[form].event_rank
  if rank == 0:
    return tf.squeeze(values, -1)
  return values[:, :, tf.newaxis] if rank == 2 else values


def from_event(form: str, samples: tf.Tensor) -> tf.Tensor:
  """Returns samples as `[K, R, D]`."""
  rank = FORMS[form].event_rank
  if rank == 0:
    return samples[..., tf.newaxis]
  return tf.squeeze(samples, -2) if rank == 2 else samples
