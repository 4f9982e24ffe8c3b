"""A transposed convolution that doubles feature maps, fast on a CPU."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_mco.ops import gradients

_Backward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
class Conv2DTranspose(keras.layers.Conv2DTranspose):
  """The layer of Keras, computed by `doubled` where that function serves.

  The layer has the weights and the configuration of Keras's layer. It also has
  the name of that layer, so that files of weights fit both.
  """

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Returns the feature maps above `inputs`, `[B, H, W, C]`."""
    if not self._doubles(inputs):
      return super().call(inputs)
    outputs = doubled(inputs, tf.convert_to_tensor(self.kernel))
    if self.use_bias:
      outputs = outputs + tf.convert_to_tensor(self.bias)
    return outputs if self.activation is None else self.activation(outputs)

  def _doubles(self, inputs: tf.Tensor) -> bool:
    """Returns whether the layer maps n pixels to exactly 2 n, both ways."""
    shape = tuple(inputs.shape)
    if None in shape[1:] or self.data_format != 'channels_last':
      return False
    above = self.compute_output_shape(shape)[1:3]
    options = (tuple(self.strides), tuple(self.dilation_rate), self.padding)
    twice = all(
      new == 2 * old for old, new in zip(shape[1:3], above, strict=True)
    )
    return twice and options == ((2, 2), (1, 1), 'same')


def doubled(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  """Returns a transposed convolution of stride 2, from `[H, W]` to `[2H, 2W]`.

  Each position of the input makes four pixels, which are four channels of an
  ordinary convolution here. TensorFlow's transposed convolution takes three
  times as long for one channel of output, because the vectors of a CPU run
  over the channels.

  Args:
    x: `[B, H, W, C]`. Gradients of every order flow.
    kernel: `[k, k, D, C]`, k at least 2. Gradients of every order flow.
  Returns:
    `[B, 2H, 2W, D]`, what `tf.nn.conv2d_transpose` computes with the padding
    'SAME'.
  """
  return _doubled(x, kernel)


@gradients.custom_gradient
def _doubled(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, _Backward]:
  maps = tf.nn.conv2d(x, _four_kernels(kernel), 1, 'SAME')

  def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return _halved(upstream, kernel), _kernel_gradient(upstream, x, kernel)

  return tf.nn.depth_to_space(maps, 2), backward


@gradients.custom_gradient
def _halved(y: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, _Backward]:
  """Returns the convolution of stride 2 whose transpose `doubled` is."""

  def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return _doubled(upstream, kernel), _kernel_gradient(y, upstream, kernel)

  return tf.nn.conv2d(y, kernel, 2, 'SAME'), backward


def _kernel_gradient(
  y: tf.Tensor, x: tf.Tensor, kernel: tf.Tensor
) -> tf.Tensor:
  """Returns the gradient of sum(y doubled(x, kernel)) in the kernel."""
  return tf.raw_ops.Conv2DBackpropFilter(
    input=y,
    filter_sizes=tf.shape(kernel),
    out_backprop=x,
    strides=[1, 2, 2, 1],
    padding='SAME',
  )


def _four_kernels(kernel: tf.Tensor) -> tf.Tensor:
  """Returns the kernel of an ordinary convolution, `[t, t, C, 4 D]`.

  The pixel 2 m + r, r = 0 or 1, is the sum over the offsets d of
  x[m + d] kernel[r + p - 2 d], in which p = (k - 2) // 2 is the padding before
  the first pixel.

  Args:
    kernel: `[k, k, D, C]`.
  """
  size, _, above, below = kernel.shape
  before = (size - 2) // 2
  reach = (size - 1 - before) // 2  # The largest offset, of either sign.
  taps = 2 * reach + 1
  offset, pixel = np.arange(-reach, reach + 1)[:, np.newaxis], np.arange(2)
  index = pixel + before - 2 * offset  # `[t, 2]`
  rows, columns = index[:, np.newaxis, :, np.newaxis], index[:, np.newaxis]
  inside = (rows >= 0) & (rows < size) & (columns >= 0) & (columns < size)
  # The last row of the padded table is the zero of an index outside.
  where = np.where(inside, rows * size + columns, size**2).reshape(-1)
  table = tf.reshape(kernel, [size**2, above * below])
  table = tf.gather(tf.pad(table, [[0, 1], [0, 0]]), where)
  table = tf.reshape(table, [taps**2, 4 * above, below])
  return tf.reshape(
    tf.transpose(table, [0, 2, 1]), [taps, taps, below, 4 * above]
  )
