"""Faults of gradients through samples."""

from __future__ import annotations

from tests.contract.mutations import fault

_CARRIER = 'carrier = log_weights_lib.weighted_sum(weights, log_p)'
_DOT = 'dot = gradients.sum_event(score * leaf, sample_rank=2)'
_SCALED = 'scaled = tf.nest.map_structure(scale, samples)'
_SOFTMAX = 'weights = tf.stop_gradient(tf.nn.softmax(log_w, axis=0))'

FAULTS = [
  *fault.of_module(
    'estimators.pathwise',
    *(
      (
        'squared model',
        _CARRIER,
        'scale.factor = factors / weights\n'
        '  carrier = log_weights_lib.weighted_sum(weights**2, log_p)',
        case,
        check,
      )
      for case, check in (
        (fault.mean('dreg'), fault.MEAN),
        (fault.drawn('dreg'), fault.FORMULA),
      )
    ),
    *(
      (
        'score not cut',
        _DOT,
        'dot = posterior.log_prob(samples) / len(leaves)',
        case,
        check,
      )
      for case, check in (
        (fault.mean('dreg'), fault.MEAN),
        (fault.drawn('stl', 'chain'), fault.FORMULA),
      )
    ),
    (
      'factor on one leaf',
      _SCALED,
      'scaled = (samples[0], scale(samples[1]))',
      fault.mean('dreg', 'chain'),
      fault.MEAN,
    ),
    (
      'score of one leaf',
      'zip(leaves, scores, strict=True)',
      'zip(leaves[:1], scores[:1], strict=True)',
      fault.mean('dreg', 'chain'),
      fault.MEAN,
    ),
    (
      'weights attached',
      _CARRIER,
      'attached = tf.nn.softmax(log_p - log_q, axis=0)\n'
      '  carrier = tf.reduce_sum(attached * log_p, axis=0)',
      fault.mean('dreg'),
      fault.MEAN,
    ),
    *(
      (
        'batch softmax',
        _SOFTMAX,
        'weights = tf.exp(log_w - tf.reduce_logsumexp(log_w))\n'
        '  weights *= tf.cast(tf.shape(log_w)[1], log_w.dtype)',
        case,
        check,
      )
      for case, check in (
        (fault.drawn('dreg'), fault.BATCH),
        (fault.mean('stl', 'chain'), fault.MEAN),
      )
    ),
    (
      'value is carrier',
      'loss=gradients.with_estimate_of(-bound, -carrier)',
      'loss=-carrier',
      fault.drawn('dreg'),
      fault.SURROGATE,
    ),
    (
      'IWAE for DReG',
      'return surrogate(log_joint, posterior, draw, self.factor)',
      'from tf_mco.estimators import iwae\n'
      '    other = iwae.Iwae(self.num_samples)\n'
      '    return other.surrogate(log_joint, posterior, draw)',
      fault.mean('dreg'),
      fault.VARIANCE,
    ),
  ),
  *fault.of_module(
    'estimators.dreg',
    ('power', '    return weights\n', '    return weights**2\n')
    + (fault.mean('dreg'), fault.MEAN),
    ('power', '    return weights\n', '    return 1 + weights\n')
    + (fault.drawn('dreg'), fault.FORMULA),
    ('1 + wt', 'return 1 - weights', 'return 1 + weights')
    + (fault.drawn('rws_dreg'), fault.FORMULA),
  ),
  *fault.of_module(
    'estimators.aisle',
    *(
      (
        'no K',
        '(self.num_samples * weights) ** (alpha - 1)',
        'weights ** (alpha - 1)',
        fault.drawn(name),
        fault.FORMULA,
      )
      for name in ('aisle-chi2', 'aisle-chi2-score', 'aisle-3')
    ),
    (
      'no alpha',
      'return self._alpha * self._relative_power(weights)',
      'return self._relative_power(weights)',
      fault.drawn('aisle-3'),
      fault.FORMULA,
    ),
  ),
  *fault.of_module(
    'estimators.rws',
    *(
      (name, old, new, case, check)
      for name, old, new in (
        ('wrong sign', 'carrier += ', 'carrier -= '),
        (
          'sign of the bound',
          'loss=gradients.with_estimate_of(-bound, -carrier)',
          'loss=-log_weights_lib.log_mean_exp(log_p - log_q)',
        ),
      )
      for case, check in (
        (fault.mean('rws'), fault.MEAN),
        (fault.drawn('aisle-kl-score', 'chain'), fault.FORMULA),
      )
    ),
  ),
  *fault.of_module(
    'estimators.miwae',
    (
      'sum for mean',
      'return tf.add_n(bounds) / self.num_bounds',
      'return tf.add_n(bounds)',
      fault.drawn('miwae'),
      fault.FORMULA,
    ),
    (
      'interleaved',
      'groups = tf.split(log_w, self.num_bounds)\n    bounds',
      'groups = [log_w[:: self.num_bounds], log_w[1 :: self.num_bounds]]\n'
      '    bounds',
      fault.drawn('miwae'),
      fault.FORMULA,
    ),
  ),
  *fault.of_module(
    'estimators.iwae',
    (
      'not divided by 1 - alpha',
      'log_mean_exp(power * log_w) / power',
      'log_mean_exp(power * log_w)',
      fault.mean('renyi'),
      fault.MEAN,
    ),
  ),
]
