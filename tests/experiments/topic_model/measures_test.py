"""Tests of perplexity and of the recovery of known topics."""

import numpy as np
import pytest
import scipy.sparse

from experiments.topic_model import measures as topic_measures


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
  learned = np.concatenate([known, stream.dirichlet([1.0] * 30, 2)])[order]
  matched = topic_measures.match(learned, known)
  np.testing.assert_array_equal(order[matched.learned], range(6))
  np.testing.assert_allclose(matched.distance, 0, atol=1e-15)
  np.testing.assert_allclose(matched.cosine, 1)


def test_distances_by_hand():
  known = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
  learned = np.array([[0.0, 1.0, 0.0], [0.6, 0.4, 0.0]])
  matched = topic_measures.match(learned, known)
  np.testing.assert_array_equal(matched.learned, [1, 0])
  np.testing.assert_allclose(matched.distance, [0.4, 0.5])
  cosines = [0.6 / np.hypot(0.6, 0.4), np.sqrt(0.5)]
  np.testing.assert_allclose(matched.cosine, cosines)
  with pytest.raises(ValueError, match=r'\(1, 3\) and \(2, 3\)'):
    topic_measures.match(learned[:1], known)


def test_one_topic_serves_one_known_topic():
  known = np.array([[0.5, 0.5, 0.0], [0.5, 0.4, 0.1]])
  learned = np.array([[0.5, 0.45, 0.05], [0.0, 0.0, 1.0]])
  matched = topic_measures.match(learned, known)
  assert sorted(matched.learned) == [0, 1]


def test_top_words_are_the_most_probable():
  words = ('a', 'b', 'c', 'd')
  found = topic_measures.top_words(np.array([0.1, 0.4, 0.2, 0.3]), words, 3)
  assert found == ['b', 'd', 'c']
