"""Tests of perplexity, recovery of known topics, and of Adam that waits."""

import keras
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from experiments.topics import burn_in_adam
from experiments.topics import measures as topic_measures


def test_perplexity_by_hand():
  bounds = [-2 * np.log(8), -4 * np.log(2)]
  found = topic_measures.perplexity(bounds, [2, 4])
  # A mean over documents: (log 8 + log 2) / 2, not 10 log 2 / 6.
  assert found == pytest.approx(4.0)
  with pytest.raises(ValueError, match='must have a word. Received: 1 without'):
    topic_measures.perplexity(bounds, [2, 0])
  with pytest.raises(ValueError, match=r'same shape \[N\].*\(2,\) and \(3,\)'):
    topic_measures.perplexity(bounds, [1, 2, 3])


def test_unigram_perplexity_by_hand():
  train = scipy.sparse.csr_matrix([[1, 0], [1, 0]])
  test = scipy.sparse.csr_matrix([[1, 0], [0, 2]])
  found = topic_measures.unigram_perplexity(train, test)
  assert found == pytest.approx(np.sqrt((4 / 3) * 4))


def test_permuted_topics_are_recovered():
  stream = np.random.RandomState(0)
  known = stream.dirichlet([0.1] * 30, 6)
  order = stream.permutation(8)
  found = np.concatenate([known, stream.dirichlet([1.0] * 30, 2)])[order]
  matched = topic_measures.match(found, known)
  np.testing.assert_array_equal(order[matched.found], range(6))
  np.testing.assert_allclose(matched.distance, 0, atol=1e-15)
  np.testing.assert_allclose(matched.cosine, 1)


def test_distances_by_hand():
  known = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
  found = np.array([[0.0, 1.0, 0.0], [0.6, 0.4, 0.0]])
  matched = topic_measures.match(found, known)
  np.testing.assert_array_equal(matched.found, [1, 0])
  np.testing.assert_allclose(matched.distance, [0.4, 0.5])
  cosines = [0.6 / np.hypot(0.6, 0.4), np.sqrt(0.5)]
  np.testing.assert_allclose(matched.cosine, cosines)
  with pytest.raises(ValueError, match=r'\(1, 3\) and \(2, 3\)'):
    topic_measures.match(found[:1], known)


def test_one_topic_serves_one_known_topic():
  known = np.array([[0.5, 0.5, 0.0], [0.5, 0.4, 0.1]])
  found = np.array([[0.5, 0.45, 0.05], [0.0, 0.0, 1.0]])
  matched = topic_measures.match(found, known)
  assert sorted(matched.found) == [0, 1]


def test_top_words_are_the_most_probable():
  words = ('a', 'b', 'c', 'd')
  found = topic_measures.top_words(np.array([0.1, 0.4, 0.2, 0.3]), words, 3)
  assert found == ['b', 'd', 'c']


def test_adam_waits_and_then_steps():
  variable = keras.Variable(np.float32([1.0, -1.0]))
  optimizer = burn_in_adam.BurnInAdam(0.1, burn_in_steps=3)
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
  again = burn_in_adam.BurnInAdam.from_config(optimizer.get_config())
  assert again.burn_in_steps == 3
