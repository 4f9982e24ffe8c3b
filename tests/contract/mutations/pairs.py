"""Faults of antithetic pairs and of the estimators made of them."""

from __future__ import annotations

from tests.contract.mutations import fault

FAULTS = [
  *fault.of_module(
    'estimators.coupling',
    (
      'no sigmoid',
      '(b - b_tilde) * tf.sigmoid(tf.abs(logits))',
      '(b - b_tilde)',
      fault.DISARM,
      fault.MEAN,
    ),
    (
      'sigmoid(logits)',
      'tf.sigmoid(tf.abs(logits))',
      'tf.sigmoid(logits)',
      fault.DISARM,
      fault.MEAN,
    ),
    (
      'wrong sign',
      '(b - b_tilde) *',
      '(b_tilde - b) *',
      fault.DISARM,
      fault.MEAN,
    ),
    (
      'no 1/2',
      '(f - f_tilde, b) / 2',
      '(f - f_tilde, b)',
      fault.DISARM,
      fault.MEAN,
    ),
    (
      'no mask',
      '(b - b_tilde) *',
      '(1 - 2 * b_tilde) *',
      fault.DISARM,
      fault.VARIANCE,
    ),
    ('u for u - 1/2', '(u - 0.5)', 'u', fault.ARM, fault.VARIANCE),
    (
      'halves exchanged',
      'return b, b_tilde',
      'return b_tilde, b',
      fault.DISARM,
      fault.UNIFORM,
    ),
    (
      'not antithetic',
      'return b, b_tilde',
      'return b, b',
      fault.DISARM,
      fault.DRAW,
    ),
  ),
  *fault.of_module(
    'estimators.antithetic_paths',
    (
      'sum for mean over pairs',
      'tf.reduce_mean(carry(posterior, draw.pairs, gradient), axis=0)',
      'tf.reduce_sum(carry(posterior, draw.pairs, gradient), axis=0)',
      fault.DISARMS,
      fault.MEAN,
    ),
    (
      "another layer's prefix",
      'logits(posterior.conditional(pair.path[:layer]))',
      'logits(posterior.conditional(pairs[0].path[:layer]))',
      fault.DISARM_2,
      fault.MEAN,
    ),
    (
      "another layer's values",
      'by_half[2 * layer], by_half[2 * layer + 1]',
      'by_half[-2 - 2 * layer], by_half[-1 - 2 * layer]',
      fault.DISARM_2,
      fault.MEAN,
    ),
    (
      'layers not counted',
      'return 2 * self.num_pairs * posterior.num_layers',
      'return 2 * self.num_pairs',
      fault.DISARM_2,
      fault.EVALUATIONS,
    ),
    (
      'randomness not shared',
      'if shared_randomness:',
      'if not shared_randomness:',
      fault.DISARM_2,
      fault.DRAW,
    ),
  ),
  *fault.of_module(
    'estimators.local_disarm',
    (
      'mean for sum over pairs',
      'estimate = tf.reduce_sum(',
      'estimate = tf.reduce_mean(',
      fault.LOCAL,
      fault.MEAN,
    ),
    (
      'path term dropped',
      'log_q = posterior.log_prob(samples)',
      'log_q = tf.stop_gradient(posterior.log_prob(samples))',
      fault.LOCAL,
      fault.MEAN,
    ),
    (
      "another layer's values",
      'half, other = stopped[layer]',
      'half, other = stopped[-1 - layer]',
      fault.LOCAL_2,
      fault.MEAN,
    ),
    (
      'path term of the first halves dropped',
      'first = log_weights(firsts)',
      'first = [tf.stop_gradient(one) for one in log_weights(firsts)]',
      fault.LOCAL,
      fault.MEAN,
    ),
    (
      'samples not swapped',
      '_swapped(other, half, b_tilde, b, logits)',
      '_swapped(other, half, b, b_tilde, logits)',
      fault.SYMMETRIZED,
      fault.MEAN,
    ),
    (
      'weights not swapped',
      '_swapped(other, half, b_tilde, b, logits)',
      '_swapped(half, other, b_tilde, b, logits)',
      fault.SYMMETRIZED,
      fault.MEAN,
    ),
    (
      'all replaced at once',
      'log_weights_lib.log_add_exp(others, log_w_tilde)',
      'tf.reduce_logsumexp(log_w_tilde, 0, keepdims=True) + 0 * others',
      fault.SYMMETRIZED,
      fault.VARIANCE,
    ),
    (
      'no path term of a half',
      'log_weights_lib.log_mean_exp(halves[1])',
      'log_weights_lib.log_mean_exp(tf.stop_gradient(halves[1]))',
      fault.SYMMETRIZED,
      fault.MEAN,
    ),
  ),
]
