"""Tests of Adam that waits."""

import keras
import numpy as np
import tensorflow as tf

from experiments.topic_model import optimizer as topic_optimizer


def test_adam_waits_and_then_steps():
  variable = keras.Variable(np.float32([1.0, -1.0]))
  optimizer = topic_optimizer.BurnInAdam(0.1, burn_in_steps=3)
  optimizer.build([variable])

  @tf.function(jit_compile=True)
  def step(gradient):
    optimizer.apply([gradient], [variable])

  for _ in range(3):
    step(tf.constant([5.0, -7.0]))
    np.testing.assert_array_equal(variable, [1.0, -1.0])
  moments = [np.asarray(v) for v in optimizer.variables if v.shape == (2,)]
  assert len(moments) == 2
  np.testing.assert_array_equal(moments, np.zeros([2, 2]))
  step(tf.constant([5.0, -7.0]))
  # As in TensorFlow 1, the bias correction is that of step 4.
  ratio = (0.1 / (1 - 0.9**4)) / np.sqrt(0.001 / (1 - 0.999**4))
  np.testing.assert_allclose(
    variable, [1 - 0.1 * ratio, -1 + 0.1 * ratio], 1e-5
  )
  again = topic_optimizer.BurnInAdam.from_config(optimizer.get_config())
  assert again.burn_in_steps == 3
