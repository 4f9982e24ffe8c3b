"""Normal samples that keep the noise from which they came.

A sample z = loc + scale * e is rounded to the spacing of floating numbers
around loc. Where the scale is smaller than that spacing, (z - loc) / scale is
nothing but rounding, and XLA may round z in one way where z is scored and in
another where z is used. The sample therefore remembers e; see `sample_memory`.
The density is that of e wherever e and z agree within the rounding of z.

A sample without memory is scored as it stands.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tf_mco.distributions import sample_memory
from tf_mco.ops import gradients

# The rounding of z, of loc, and of their difference, in units of the spacing
# of floating numbers, with a margin.
_ROUNDINGS = 4.0


def sample(loc: tf.Tensor, scale: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
  """Returns loc + scale * noise, which keeps the noise.

  Args:
    loc: broadcasts with the noise; the gradient flows.
    scale: likewise, positive.
    noise: standard normal numbers, of the shape of the sample.
  """
  z = loc + scale * noise
  memory = sample_memory.Memory(noise=noise, source=(loc, scale))
  return sample_memory.remember(z, memory)


def log_prob(z: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
  """Returns log N(z; loc, scale^2), in nats, by the noise that z keeps.

  Args:
    z: a sample, with a memory of its noise. Gradients of any order flow to the
      sample, to the location and to the scale. They are those of the density,
      at the sample before it was rounded.
    loc: broadcasts with z.
    scale: likewise, positive.
  """
  memory = sample_memory.of(z)
  distance = z - loc
  if memory.noise is not None:
    unrounded = scale * memory.noise
    drew_z = len(memory.source) == 2
    drew_z = drew_z and memory.source[0] is loc and memory.source[1] is scale
    if not drew_z:
      unrounded = _where_equal(z, loc, distance, unrounded)
    # Serves every parameter: the value is exact and the gradient is that of the
    # distance, in z and in loc.
    distance = gradients.with_gradient_of(unrounded, distance)
  normalizer = tf.math.log(scale) + 0.5 * math.log(2 * math.pi)
  return -0.5 * (distance / scale) ** 2 - normalizer


def _where_equal(
  z: tf.Tensor, loc: tf.Tensor, distance: tf.Tensor, unrounded: tf.Tensor
) -> tf.Tensor:
  """Returns the unrounded distance where it differs by rounding only.

  A conditional of a chain is made anew to be scored, and its parameters are
  other tensors than those that z was drawn with. Elsewhere the noise belongs to
  another distribution, and z is taken as it is.
  """
  spacing = np.finfo(z.dtype.as_numpy_dtype).eps
  rounding = _ROUNDINGS * spacing * (tf.abs(z) + tf.abs(loc))
  # False for a noise that is NaN.
  equal = tf.abs(distance - unrounded) <= rounding
  return tf.where(equal, unrounded, distance)
