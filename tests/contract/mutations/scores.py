"""Faults of the estimators that score independent samples."""

from __future__ import annotations

from tests.contract.mutations import fault

FAULTS = [
  *fault.of_module(
    'estimators.vimco',
    (
      'path term dropped',
      '-(bound + score)',
      '-(log_weights_lib.log_mean_exp(log_p - tf.stop_gradient(log_q))'
      ' + score)',
      fault.VIMCO,
      fault.MEAN,
    ),
    (
      'signal not stopped',
      'tf.stop_gradient(signal) * log_q',
      '(signal + bound - tf.stop_gradient(bound)) * log_q',
      fault.VIMCO,
      fault.MEAN,
    ),
    (
      'baseline added',
      'signal = tf.stop_gradient(bound) -',
      'signal = tf.stop_gradient(bound) +',
      fault.VIMCO,
      fault.VARIANCE,
    ),
    (
      'weights not stopped',
      'log_weights=stopped',
      'log_weights=log_w',
      fault.VIMCO,
      fault.SURROGATE,
    ),
  ),
  *fault.of_module(
    'ops.log_weights',
    *(
      (
        'baseline of the batch',
        'return tf.where(tf.math.is_inf(result), tf.zeros_like(result), result',
        'return 0 * result + tf.reduce_mean(result, 1, keepdims=True',
        fault.VIMCO,
        check,
      )
      for check in (fault.BATCH, fault.VARIANCE)
    ),
    (
      'no 1/K in the baseline',
      'log_add_exp(others, replacement) - math.log(num_samples)',
      'log_add_exp(others, replacement)',
      fault.VIMCO,
      fault.VARIANCE,
    ),
    (
      'arithmetic for geometric',
      "if baseline == 'arithmetic':",
      'if True:',
      fault.VIMCO,
      fault.VARIANCE,
    ),
    *(
      (
        'no 1/K in the bound',
        'return tf.reduce_logsumexp(log_w, axis=0) - math.log(num_samples)',
        'return tf.reduce_logsumexp(log_w, axis=0)',
        case,
        fault.MEAN,
      )
      for case in (fault.VIMCO, fault.mean('stl'))
    ),
    (
      'own weight in the baseline',
      'return log_add_exp(before, after)',
      'return tf.reduce_logsumexp(log_w, axis=0, keepdims=True)',
      fault.ARITHMETIC,
      fault.MEAN,
    ),
    (
      'own weight in the mean',
      'means = _sum_of_others(finite) / (num_samples - 1)',
      'means = tf.reduce_mean(finite, 0, keepdims=True) + 0 * finite',
      fault.VIMCO,
      fault.MEAN,
    ),
    (
      'one set of weights',
      'tf.where(zero, tf.zeros_like(numerator), numerator / safe)',
      'tf.ones_like(numerator)',
      fault.drawn('piwae'),
      fault.FORMULA,
    ),
  ),
  *fault.of_module(
    'estimators.reinforce_loo',
    ('K for K - 1', 'centred / (num_samples - 1)', 'centred / num_samples')
    + (fault.LOO, fault.MEAN),
  ),
  *fault.of_module(
    'estimators.score_function',
    (
      'signal not stopped',
      'tf.stop_gradient(coefficients) * log_q',
      'coefficients * log_q',
      fault.LOO,
      fault.MEAN,
    ),
    (
      'direct term kept',
      'log_q = tf.stop_gradient(posterior.log_prob(samples))',
      'log_q = posterior.log_prob(samples)',
      fault.LOO,
      fault.VARIANCE,
    ),
  ),
  *fault.of_module(
    'ops.gradients',
    (
      'value is the carrier',
      'return tf.stop_gradient(value) + (carrier - tf.stop_gradient(carrier))',
      'return carrier',
      fault.LOO,
      fault.SURROGATE,
    ),
  ),
]
