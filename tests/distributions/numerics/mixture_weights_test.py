"""Means over the components of a mixture, by logits and by probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions.numerics import mixture_weights

_PROBS = np.array([[0.5, 0.2, 0.3], [1e-300, 1.0, 0.0]])
_LOG_VALUES = np.array([[-1000.0, -1001.0, -2000.0], [5.0, -700.0, 900.0]])


@pytest.mark.parametrize('form', ['logits', 'probs', 'unnormalized'])
def test_weights_and_means(form: str) -> None:
  if form == 'logits':
    # A logit of -1e4 stands for a probability that float64 cannot hold.
    logits = np.log(np.maximum(_PROBS, 1e-300)) - 1e4 * (_PROBS == 0)
    mixture = tfd.Categorical(logits=logits)
  else:
    mixture = tfd.Categorical(probs=_PROBS * (3 if form != 'probs' else 1))
  np.testing.assert_allclose(mixture_weights.weights(mixture), _PROBS)
  found = mixture_weights.log_mean(mixture, tf.constant(_LOG_VALUES))
  expected = special.logsumexp(_LOG_VALUES, axis=1, b=_PROBS)
  np.testing.assert_allclose(found, expected, rtol=1e-12)
  values = tf.constant(_LOG_VALUES[..., np.newaxis])
  found = mixture_weights.posterior(mixture, values, axis=-2)[..., 0]
  with np.errstate(divide='ignore'):
    expected = special.softmax(np.log(_PROBS) + _LOG_VALUES, axis=1)
  np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-300)


def test_no_density_at_all_is_minus_infinity_without_a_nan() -> None:
  probs = tf.constant([1.0, 0.0])
  with tf.GradientTape() as tape:
    tape.watch(probs)
    value = mixture_weights.log_mean(
      tfd.Categorical(probs=probs), tf.constant([-np.inf, 0.0], tf.float32)
    )
  assert value == -np.inf
  assert np.all(np.isfinite(tape.gradient(value, probs)))
