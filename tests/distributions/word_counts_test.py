"""WordCounts against the multinomial distribution of SciPy."""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy import stats
import tensorflow as tf

from tf_mco import distributions

_PROBS = np.array([[0.2, 0.3, 0.5], [0.1, 0.9, 0.0]])
_COUNTS = np.array([[2.0, 0.0, 5.0], [1.0, 3.0, 0.0]])


def test_log_prob_is_the_multinomial_without_its_coefficient() -> None:
  words = distributions.WordCounts(_PROBS)
  number = _COUNTS.sum(-1)
  coefficient = special.gammaln(number + 1)
  coefficient -= special.gammaln(_COUNTS + 1).sum(-1)
  expected = stats.multinomial.logpmf(_COUNTS, number, _PROBS) - coefficient
  np.testing.assert_allclose(words.log_prob(_COUNTS), expected, rtol=1e-12)
  assert (words.batch_shape, words.event_shape) == ([2], [3])
  np.testing.assert_array_equal(words.mean(), _PROBS)


def test_a_word_that_does_not_occur_has_no_gradient() -> None:
  probs = tf.constant(_PROBS)
  with tf.GradientTape() as tape:
    tape.watch(probs)
    log_prob = distributions.WordCounts(probs).log_prob(_COUNTS)
  expected = np.where(_COUNTS > 0, _COUNTS / np.maximum(_PROBS, 1e-9), 0)
  np.testing.assert_allclose(tape.gradient(log_prob, probs), expected)
