"""Antithetic Bernoulli pairs, and the gradients of ARM and DisARM from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import functools

import tensorflow as tf

from tf_mco import types
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics
from tf_mco.ops import checks
from tf_mco.ops import gradients


def antithetic_bernoulli(
  logits: tf.Tensor, words: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns two Bernoulli samples from the same random integers.

  Args:
    logits: `[B, D]` or `[P, B, D]`. No gradient flows.
    words: `[P, B, D]`, of `random.words`, uniform and symmetric about -1/2.
  Returns:
    With the number u in (0, 1) that `uniform_of` makes of each word,
    b = 1[u > 1 - sigmoid(logits)] and b_tilde = 1[u < sigmoid(logits)]. Both
    have the same marginal distribution, which is right at any logit (see
    `distributions.numerics.bernoulli`), and they differ as often as two
    samples with these marginals can.
  """
  threshold = bernoulli_numerics.threshold(logits)
  # The complement of a word is the word of 1 - u, without any rounding.
  b = tf.cast(tf.bitwise.invert(words) < threshold, logits.dtype)
  b_tilde = tf.cast(words < threshold, logits.dtype)
  return b, b_tilde


def uniform_of(words: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
  """Returns the uniform numbers u, `[P, B, D]`, that words stand for.

  A word stands for the middle of its interval, so that u - 1/2 is symmetric
  about 0. Rounding may bring u to 0 or 1.
  """
  size = 2.0 ** (1 - words.dtype.size * 8)
  return (tf.cast(words, dtype) + 0.5) * size + 0.5


def disarm_gradient(
  f: tf.Tensor,
  f_tilde: tf.Tensor,
  b: tf.Tensor,
  b_tilde: tf.Tensor,
  logits: tf.Tensor,
) -> tf.Tensor:
  """Returns DisARM's estimate of the gradient of E[f(b)] in the logits.

    1/2 (f - f~) (-1)^b~ 1[b != b~] sigmoid(|logits|)

  Args:
    f: `[...]` the function at b; f_tilde: `[...]` at b_tilde.
    b: `[..., D]` and b_tilde: `[..., D]`, an antithetic pair.
    logits: `[..., D]`, broadcast against b. No gradient flows to any argument.
  Returns:
    `[..., D]`, zero where the two samples agree.
  Raises:
    ValueError: for shapes that do not fit, and for other dtypes than one that
      is floating.

  #### Example

  >>> b, b_tilde = tf.constant([[1.0, 1.0]]), tf.constant([[0.0, 1.0]])
  >>> f, f_tilde = tf.constant([3.0]), tf.constant([1.0])
  >>> gradient = disarm_gradient(f, f_tilde, b, b_tilde, tf.zeros([1, 2]))
  >>> print(gradient.numpy().tolist())
  [[0.5, 0.0]]

  Reference: Dong, Mnih and Tucker (2020), arXiv:2006.10680.
  """
  f, f_tilde, b, b_tilde, logits = _checked(
    '`disarm_gradient` takes f, f_tilde [...]; b, b_tilde [..., D] and logits, '
    'which broadcast to b: they',
    of_samples={'f': f, 'f_tilde': f_tilde},
    of_events={'b': b, 'b_tilde': b_tilde},
    broadcast={'logits': logits},
  )
  half_difference = gradients.expand_to_event(f - f_tilde, b) / 2
  # b - b_tilde is (-1)^b_tilde where they differ, and 0 where they agree.
  return tf.stop_gradient(
    half_difference * (b - b_tilde) * tf.sigmoid(tf.abs(logits))
  )


def arm_gradient(f: tf.Tensor, f_tilde: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
  """Returns ARM's estimate of the gradient of E[f(b)] in the logits.

    (f - f~) (u - 1/2)

  Args:
    f: `[...]` the function at b = 1[u > 1 - sigmoid(logits)].
    f_tilde: `[...]` the function at 1[u < sigmoid(logits)].
    u: `[..., D]`, the uniform numbers from which both samples came. No gradient
      flows to any argument.
  Returns:
    `[..., D]`.
  Raises:
    ValueError: for shapes that do not fit, and for other dtypes than one that
      is floating.

  #### Example

  >>> f, f_tilde = tf.constant([3.0]), tf.constant([1.0])
  >>> print(arm_gradient(f, f_tilde, tf.constant([[0.75]])).numpy().tolist())
  [[0.5]]

  Reference: Yin and Zhou (2019), Theorem 1, arXiv:1807.11143.
  """
  f, f_tilde, u = _checked(
    '`arm_gradient` takes f, f_tilde [...] and u [..., D]: they',
    of_samples={'f': f, 'f_tilde': f_tilde},
    of_events={'u': u},
  )
  difference = gradients.expand_to_event(f - f_tilde, u)
  return tf.stop_gradient(difference * (u - 0.5))


def _checked(
  who: str,
  *,
  of_samples: Mapping[str, types.TensorLike],
  of_events: Mapping[str, types.TensorLike],
  broadcast: Mapping[str, types.TensorLike] | None = None,
) -> tuple[tf.Tensor, ...]:
  """Returns the arguments of a gradient as tensors, in their order.

  Args:
    who: the subject of the message.
    of_samples: values `[...]`, which broadcast to one shape.
    of_events: values `[..., D]` of one shape.
    broadcast: values that broadcast to `[..., D]`.
  Raises:
    ValueError: for shapes that are known and do not fit.
  """
  values = {**of_samples, **of_events, **(broadcast or {})}
  converted = checks.tensors(who, **values)
  shapes = {k: t.shape for k, t in zip(values, converted, strict=True)}
  event = shapes[next(iter(of_events))]
  try:
    sample = _broadcast([shapes[name] for name in of_samples])
    if event.rank is None or sample.rank is None:
      return converted
    fit = event[: sample.rank].is_compatible_with(sample)
    fit &= all(shapes[name].is_compatible_with(event) for name in of_events)
    full = _broadcast([event, *(shapes[name] for name in broadcast or ())])
    fit &= full.is_compatible_with(event)
  except ValueError:
    fit = False
  if not fit:
    received = ', '.join(f'{k}.shape={shape}' for k, shape in shapes.items())
    raise ValueError(f'{who} must have such shapes. Received: {received}')
  return converted


def _broadcast(shapes: Sequence[tf.TensorShape]) -> tf.TensorShape:
  """Returns the shape to which all broadcast; ValueError if there is none."""
  return functools.reduce(tf.broadcast_static_shape, shapes)
