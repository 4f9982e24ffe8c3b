"""Checks that a draw is one that the estimator itself has made.

`draw` and `surrogate` are two calls, and users may come between them. A draw of
another number of samples would be weighted, or reported, as if it had the
estimator's own number.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tf_mco import types


def samples(draw: types.Draw, num_samples: int) -> None:
  """Raises ValueError unless a draw has K samples, `[K, B, ...]` per layer.

  Args:
    draw: the argument of `surrogate`.
    num_samples: K, which the estimator draws.
  """
  _require_draw(draw)
  path = types.as_path(draw.samples)
  if not path or not all(_has_size(z, num_samples) for z in path):
    raise ValueError(
      f'`draw` must have {num_samples} samples, [{num_samples}, B, ...] in '
      'each stochastic layer, as `draw` of the same estimator makes them. '
      f'Received: samples of shape(s) {_shapes(path)}'
    )


def pairs(draw: types.Draw, num_pairs: int, num_layers: int) -> None:
  """Raises ValueError unless a draw has P antithetic pairs in each layer.

  Args:
    draw: the argument of `surrogate`.
    num_pairs: P, which the estimator draws.
    num_layers: the number of stochastic layers.
  """
  _require_draw(draw)
  good = len(draw.pairs) == num_layers and all(
    _has_size(z, num_pairs)
    for pair in draw.pairs
    for z in (*pair.path, *pair.antithetic, pair.uniform)
  )
  if not good:
    shapes = [_shapes(pair.path) for pair in draw.pairs]
    raise ValueError(
      f'`draw` must have {num_pairs} antithetic pair(s) for each of '
      f'{num_layers} stochastic layer(s), as `draw` of the same estimator '
      f'makes them. Received: pairs of shapes {shapes}'
    )


def noise(draw: types.Draw, num_samples: int) -> None:
  """Raises ValueError unless a draw has the noise of K samples."""
  _require_draw(draw)
  parts = tf.nest.flatten(draw.extras)
  known = all(map(tf.is_tensor, parts))
  # The first axis of the other parts may be another one.
  if not known or not _has_size(parts[0], num_samples):
    received = _shapes(parts) if known else draw.extras
    raise ValueError(
      f'`draw` must have the noise of {num_samples} samples in `extras`, as '
      '`draw` of the same estimator makes it. Received: extras of shapes '
      f'{received}'
    )


def _require_draw(draw: object) -> None:
  if not isinstance(draw, types.Draw):
    raise ValueError(
      '`draw` must be a tf_mco.Draw, the result of `draw` of the same '
      f'estimator. Received: {type(draw).__name__}'
    )


def _has_size(z: tf.Tensor, size: int) -> bool:
  """Returns whether samples are `[size, B, ...]`, as far as that is known."""
  shape = tf.TensorShape(z.shape)
  if shape.rank is None:
    return True
  return shape.rank >= 2 and shape[0] in (None, size)


def _shapes(path: Sequence[tf.Tensor]) -> list[tuple[int | None, ...]]:
  return [tuple(z.shape) for z in path]
