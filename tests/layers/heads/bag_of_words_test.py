"""The likelihood of words, given the proportions of topics."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mco import layers


def _layer(**options) -> layers.BagOfWordsLikelihood:
  layer = layers.BagOfWordsLikelihood(4, **options)
  layer.build([None, 2])
  return layer


def test_log_likelihood_by_hand() -> None:
  layer = _layer(dtype='float64')
  topics = np.array([[0.5, 0.25, 0.25, 0.0], [0.0, 0.25, 0.25, 0.5]])
  logits = np.where(topics > 0, np.log(np.maximum(topics, 1e-300)), -1000.0)
  layer.logits.assign(logits)
  np.testing.assert_allclose(layer.topics(), topics, atol=1e-300)
  p = layer.distribution(layer(np.array([[1.0, 0.0], [0.5, 0.5]])))
  np.testing.assert_allclose(
    p.mean(), [[0.5, 0.25, 0.25, 0], [0.25] * 4], atol=1e-12
  )
  # No multinomial coefficient; a word that cannot occur does not.
  found = p.log_prob(np.array([[2.0, 1.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0]]))
  np.testing.assert_allclose(
    found, [2 * np.log(0.5) + np.log(0.25), 10 * np.log(0.25)]
  )


def test_absent_words_have_no_gradient() -> None:
  probs = tf.Variable([[0.5, 0.5, 0.0]])
  with tf.GradientTape() as tape:
    p = _layer().distribution(tf.convert_to_tensor(probs))
    loss = p.log_prob(tf.constant([[3.0, 0.0, 0.0]]))
  np.testing.assert_allclose(tape.gradient(loss, probs), [[6.0, 0.0, 0.0]])


def test_shapes_of_samples_and_documents() -> None:
  layer = _layer()
  p = layer.distribution(tf.fill([7, 3, 4], 0.25))
  assert (p.batch_shape, p.event_shape) == ((7, 3), (4,))
  assert p.log_prob(tf.ones([3, 4])).shape == (7, 3)


def test_topics_stay_in_full_precision() -> None:
  layer = layers.BagOfWordsLikelihood(4, dtype='mixed_bfloat16')
  assert layer(keras.Input([2])).dtype == 'float32'
  proportions = tf.constant([[1 / 3, 2 / 3]])
  found = layer(proportions)
  expected = proportions.numpy() @ layer.topics().numpy()
  np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_configuration_round_trip() -> None:
  layer = layers.BagOfWordsLikelihood(4, kernel_initializer='zeros', name='w')
  again = layers.BagOfWordsLikelihood.from_config(layer.get_config())
  assert again.get_config() == layer.get_config()
  np.testing.assert_allclose(again(np.float32([[0.5, 0.5]])), [[0.25] * 4])


def test_features_must_be_proportions() -> None:
  with pytest.raises(ValueError, match=r'\[B, topics\]. Received: \(2, 3, 4\)'):
    layers.BagOfWordsLikelihood(4)(np.zeros([2, 3, 4], 'float32'))
