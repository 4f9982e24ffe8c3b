"""Faults to plant in tf_mco, and the check that must find each of them.

A fault is an edit: in a module, the old text is replaced by the new one. The
text must stand in the module exactly once. A fault whose text is gone is an
error, so that no fault is lost when its line is rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.contract import checks
from tests.contract import frequencies
from tests.contract import lost_paths
from tests.contract import table
from tests.contract import transformations
from tests.contract.oracles import enumeration
from tests.support import hamiltonian_checks
from tests.support import leapfrog_checks


class Fault(NamedTuple):
  """An edit of a module, and the check that must notice it."""

  name: str
  module: str  # below tf_mco
  old: str
  new: str
  case: Any  # what the check takes
  check: Callable[[Any], None]

  def __str__(self) -> str:
    words = f'{self.case}-{self.name}-{self.check.__name__.lstrip("_")}'
    return words.replace(' ', '_')

  @property
  def keeps_mean(self) -> bool:
    """True if the estimate stays unbiased, so that moments cannot tell."""
    of_batch = self.name == 'baseline of the batch'
    return of_batch or self.check is checks.check_variance


def _binary(name: str, count: int, layers: int = 1) -> table.Case:
  row = table.BY_NAME[name]
  sizes, examples = ((2,), 3) if layers == 1 else ((2, 1), 2)
  shared = row.draws == 'pairs' and layers > 1
  known = enumeration.Enumeration(sizes, examples, shared)
  return table.Case(row, count, known)


def _drawn(name: str, kind: str = 'normal') -> table.Case:
  return table.drawn(table.BY_NAME[name], kind)


def _mean(name: str, kind: str = 'normal') -> table.Case:
  return table.real(table.BY_NAME[name], kind, 2)


_MEAN = checks.check_moments
_VARIANCE = checks.check_variance
_SURROGATE = checks.check_surrogate
_BATCH = checks.check_batch_invariance
_DRAW = frequencies.check_draw_frequencies
_UNIFORM = frequencies.check_uniform
_SEEDS = checks.check_seeds
_EVALUATIONS = checks.check_evaluations
_FORMULA = checks.check_own_draws
_MAPPED = transformations.check_mapped
_FIRST_ORDER = transformations.check_first_order
_LOST = lost_paths.check_lost_path
_LOST_MEAN = lost_paths.check_lost_path_of_a_mean

_VIMCO = _binary('vimco-geometric', 3)
_ARITHMETIC = _binary('vimco-arithmetic', 3)
_LOO = _binary('reinforce_loo', 3)
_ARM = _binary('arm', 1)
_DISARM = _binary('disarm', 1)
_DISARMS = _binary('disarm', 3)
_LOCAL = _binary('local_disarm-False', 3)
_SYMMETRIZED = _binary('local_disarm-True', 3)
_REINFORCE_2 = _binary('reinforce', 1, layers=2)
_DISARM_2 = _binary('disarm', 1, layers=2)
_LOCAL_2 = _binary('local_disarm-False', 1, layers=2)


def _in(module: str, *rows: tuple[Any, ...]) -> list[Fault]:
  """Returns the faults in one module: name, old, new, case and check."""
  return [
    Fault(name, module, old, new, case, check)
    for name, old, new, case, check in rows
  ]


_SCORES = [
  *_in(
    'estimators.vimco',
    (
      'path term dropped',
      '-(bound + score)',
      '-(log_weights_lib.log_mean_exp(log_p - tf.stop_gradient(log_q))'
      ' + score)',
      _VIMCO,
      _MEAN,
    ),
    (
      'signal not stopped',
      'tf.stop_gradient(signal) * log_q',
      '(signal + bound - tf.stop_gradient(bound)) * log_q',
      _VIMCO,
      _MEAN,
    ),
    (
      'baseline added',
      'signal = tf.stop_gradient(bound) -',
      'signal = tf.stop_gradient(bound) +',
      _VIMCO,
      _VARIANCE,
    ),
    (
      'weights not stopped',
      'log_weights=stopped',
      'log_weights=log_w',
      _VIMCO,
      _SURROGATE,
    ),
  ),
  *_in(
    'ops.log_weights',
    *(
      (
        'baseline of the batch',
        'return tf.where(tf.math.is_inf(result), tf.zeros_like(result), result',
        'return 0 * result + tf.reduce_mean(result, 1, keepdims=True',
        _VIMCO,
        check,
      )
      for check in (_BATCH, _VARIANCE)
    ),
    (
      'no 1/K in the baseline',
      'log_add_exp(others, replacement) - math.log(num_samples)',
      'log_add_exp(others, replacement)',
      _VIMCO,
      _VARIANCE,
    ),
    (
      'arithmetic for geometric',
      "if baseline == 'arithmetic':",
      'if True:',
      _VIMCO,
      _VARIANCE,
    ),
    *(
      (
        'no 1/K in the bound',
        'return tf.reduce_logsumexp(log_w, axis=0) - math.log(num_samples)',
        'return tf.reduce_logsumexp(log_w, axis=0)',
        case,
        _MEAN,
      )
      for case in (_VIMCO, _mean('stl'))
    ),
    (
      'own weight in the baseline',
      'return log_add_exp(before, after)',
      'return tf.reduce_logsumexp(log_w, axis=0, keepdims=True)',
      _ARITHMETIC,
      _MEAN,
    ),
    (
      'own weight in the mean',
      'means = _sum_of_others(finite) / (num_samples - 1)',
      'means = tf.reduce_mean(finite, 0, keepdims=True) + 0 * finite',
      _VIMCO,
      _MEAN,
    ),
    (
      'one set of weights',
      'tf.where(zero, tf.zeros_like(numerator), numerator / safe)',
      'tf.ones_like(numerator)',
      _drawn('piwae'),
      _FORMULA,
    ),
  ),
  *_in(
    'estimators.reinforce_loo',
    ('K for K - 1', 'centred / (num_samples - 1)', 'centred / num_samples')
    + (_LOO, _MEAN),
  ),
  *_in(
    'estimators.score_function',
    (
      'signal not stopped',
      'tf.stop_gradient(coefficients) * log_q',
      'coefficients * log_q',
      _LOO,
      _MEAN,
    ),
    (
      'direct term kept',
      'log_q = tf.stop_gradient(posterior.log_prob(samples))',
      'log_q = posterior.log_prob(samples)',
      _LOO,
      _VARIANCE,
    ),
  ),
  *_in(
    'ops.gradients',
    (
      'value is the carrier',
      'return tf.stop_gradient(value) + (carrier - tf.stop_gradient(carrier))',
      'return carrier',
      _LOO,
      _SURROGATE,
    ),
  ),
]

_PAIRS = [
  *_in(
    'estimators.coupling',
    (
      'no sigmoid',
      '(b - b_tilde) * tf.sigmoid(tf.abs(logits))',
      '(b - b_tilde)',
      _DISARM,
      _MEAN,
    ),
    (
      'sigmoid(logits)',
      'tf.sigmoid(tf.abs(logits))',
      'tf.sigmoid(logits)',
      _DISARM,
      _MEAN,
    ),
    ('wrong sign', '(b - b_tilde) *', '(b_tilde - b) *', _DISARM, _MEAN),
    ('no 1/2', '(f - f_tilde, b) / 2', '(f - f_tilde, b)', _DISARM, _MEAN),
    ('no mask', '(b - b_tilde) *', '(1 - 2 * b_tilde) *', _DISARM, _VARIANCE),
    ('u for u - 1/2', '(u - 0.5)', 'u', _ARM, _VARIANCE),
    (
      'halves exchanged',
      'return b, b_tilde',
      'return b_tilde, b',
      _DISARM,
      _UNIFORM,
    ),
    ('not antithetic', 'return b, b_tilde', 'return b, b', _DISARM, _DRAW),
  ),
  *_in(
    'estimators.antithetic_paths',
    (
      'sum for mean over pairs',
      'tf.reduce_mean(carry(posterior, draw.pairs, gradient), axis=0)',
      'tf.reduce_sum(carry(posterior, draw.pairs, gradient), axis=0)',
      _DISARMS,
      _MEAN,
    ),
    (
      "another layer's prefix",
      'logits(posterior.conditional(pair.path[:layer]))',
      'logits(posterior.conditional(pairs[0].path[:layer]))',
      _DISARM_2,
      _MEAN,
    ),
    (
      "another layer's values",
      'return [halves[i : i + 2] for i in range(0, 2 * num_layers, 2)]',
      'return [halves[i : i + 2] for i in range(0, 2 * num_layers, 2)][::-1]',
      _LOCAL_2,
      _MEAN,
    ),
    (
      'layers not counted',
      'return 2 * self.num_pairs * posterior.num_layers',
      'return 2 * self.num_pairs',
      _DISARM_2,
      _EVALUATIONS,
    ),
    (
      'randomness not shared',
      'if shared_randomness:',
      'if not shared_randomness:',
      _DISARM_2,
      _DRAW,
    ),
  ),
  *_in(
    'estimators.local_disarm',
    (
      'mean for sum over pairs',
      'estimate = tf.reduce_sum(',
      'estimate = tf.reduce_mean(',
      _LOCAL,
      _MEAN,
    ),
    (
      'path term dropped',
      'log_q = posterior.log_prob(samples)',
      'log_q = tf.stop_gradient(posterior.log_prob(samples))',
      _LOCAL,
      _MEAN,
    ),
    (
      'samples not swapped',
      '_swapped(other, half, b_tilde, b, logits)',
      '_swapped(other, half, b, b_tilde, logits)',
      _SYMMETRIZED,
      _MEAN,
    ),
    (
      'weights not swapped',
      '_swapped(other, half, b_tilde, b, logits)',
      '_swapped(half, other, b_tilde, b, logits)',
      _SYMMETRIZED,
      _MEAN,
    ),
    (
      'all replaced at once',
      'log_weights_lib.log_add_exp(others, log_w_tilde)',
      'tf.reduce_logsumexp(log_w_tilde, 0, keepdims=True) + 0 * others',
      _SYMMETRIZED,
      _VARIANCE,
    ),
    (
      'no path term of a half',
      'log_weights_lib.log_mean_exp(halves[1])',
      'log_weights_lib.log_mean_exp(tf.stop_gradient(halves[1]))',
      _SYMMETRIZED,
      _MEAN,
    ),
  ),
]

_POSTERIORS = [
  *_in(
    'posteriors.posterior',
    (
      'no score of layer 2',
      '      sampling.log_prob(distribution, sample)\n',
      '      sampling.log_prob(distribution, sample)\n'
      '      if distribution is distributions[0]\n'
      '      else tf.stop_gradient(sampling.log_prob(distribution, sample))\n',
      _REINFORCE_2,
      _MEAN,
    ),
    (
      'layer 2 not scored',
      'return tf.add_n(self.log_probs(samples))',
      'return self.log_probs(samples)[0]',
      _REINFORCE_2,
      _MEAN,
    ),
    (
      'seed ignored',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=0)',
      _LOO,
      _SEEDS,
    ),
    (
      'one draw for all',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=seed)\n'
      '    samples = tf.repeat(samples[:, :1], samples.shape[1], 1)',
      _LOO,
      _DRAW,
    ),
    (
      'samples not independent',
      'samples = self.sample(num_samples, seed=seed)',
      'samples = self.sample(num_samples, seed=seed)\n'
      '    samples = tf.repeat(samples[:1], num_samples, 0)',
      _LOO,
      _DRAW,
    ),
    *(
      (
        'no path',
        'return types.Draw(self.sample(num_samples, seed=seed))',
        'return types.Draw(self.sample_stopped(num_samples, seed=seed))',
        _drawn(name),
        _FORMULA,
      )
      for name in ('elbo', 'iwae', 'stl', 'miwae')
    ),
    *(
      (
        'path between layers dropped',
        'sampling.sample(self.conditional(path), [],',
        'sampling.sample('
        'self.conditional(tuple(map(tf.stop_gradient, path))), [],',
        _drawn(name, 'chain'),
        _FORMULA,
      )
      for name in ('iwae', 'dreg', 'piwae')
    ),
    *(
      (
        'leaf without the next layer',
        'distributions = self.conditionals(path)',
        'distributions = self.conditionals(tuple(map(tf.stop_gradient, path)))',
        _mean(name, 'chain'),
        _MEAN,
      )
      for name in ('dreg', 'stl')
    ),
  ),
]

_CARRIER = 'carrier = log_weights_lib.weighted_sum(weights, log_p)'
_DOT = 'dot = gradients.sum_event(score * leaf, sample_rank=2)'
_SCALED = 'scaled = tf.nest.map_structure(scale, samples)'
_SOFTMAX = 'weights = tf.stop_gradient(tf.nn.softmax(log_w, axis=0))'

_PATHS = [
  *_in(
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
      for case, check in ((_mean('dreg'), _MEAN), (_drawn('dreg'), _FORMULA))
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
        (_mean('dreg'), _MEAN),
        (_drawn('stl', 'chain'), _FORMULA),
      )
    ),
    (
      'factor on one leaf',
      _SCALED,
      'scaled = (samples[0], scale(samples[1]))',
      _mean('dreg', 'chain'),
      _MEAN,
    ),
    (
      'score of one leaf',
      'zip(leaves, scores, strict=True)',
      'zip(leaves[:1], scores[:1], strict=True)',
      _mean('dreg', 'chain'),
      _MEAN,
    ),
    (
      'weights attached',
      _CARRIER,
      'attached = tf.nn.softmax(log_p - log_q, axis=0)\n'
      '  carrier = tf.reduce_sum(attached * log_p, axis=0)',
      _mean('dreg'),
      _MEAN,
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
        (_drawn('dreg'), _BATCH),
        (_mean('stl', 'chain'), _MEAN),
      )
    ),
    (
      'value is carrier',
      'loss=gradients.with_estimate_of(-bound, -carrier)',
      'loss=-carrier',
      _drawn('dreg'),
      _SURROGATE,
    ),
    (
      'IWAE for DReG',
      'return surrogate(log_joint, posterior, draw, self.factor)',
      'from tf_mco.estimators import iwae\n'
      '    other = iwae.Iwae(self.num_samples)\n'
      '    return other.surrogate(log_joint, posterior, draw)',
      _mean('dreg'),
      _VARIANCE,
    ),
  ),
  *_in(
    'estimators.dreg',
    ('power', '    return weights\n', '    return weights**2\n')
    + (_mean('dreg'), _MEAN),
    ('power', '    return weights\n', '    return 1 + weights\n')
    + (_drawn('dreg'), _FORMULA),
    ('1 + wt', 'return 1 - weights', 'return 1 + weights')
    + (_drawn('rws_dreg'), _FORMULA),
  ),
  *_in(
    'estimators.aisle',
    *(
      (
        'no K',
        '(self.num_samples * weights) ** (alpha - 1)',
        'weights ** (alpha - 1)',
        _drawn(name),
        _FORMULA,
      )
      for name in ('aisle-chi2', 'aisle-chi2-score', 'aisle-3')
    ),
    (
      'no alpha',
      'return self._alpha * self._relative_power(weights)',
      'return self._relative_power(weights)',
      _drawn('aisle-3'),
      _FORMULA,
    ),
  ),
  *_in(
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
        (_mean('rws'), _MEAN),
        (_drawn('aisle-kl-score', 'chain'), _FORMULA),
      )
    ),
  ),
  *_in(
    'estimators.miwae',
    (
      'sum for mean',
      'return tf.add_n(bounds) / self.num_bounds',
      'return tf.add_n(bounds)',
      _drawn('miwae'),
      _FORMULA,
    ),
    (
      'interleaved',
      'groups = tf.split(log_w, self.num_bounds)\n    bounds',
      'groups = [log_w[:: self.num_bounds], log_w[1 :: self.num_bounds]]\n'
      '    bounds',
      _drawn('miwae'),
      _FORMULA,
    ),
  ),
  *_in(
    'estimators.iwae',
    (
      'not divided by 1 - alpha',
      'log_mean_exp(power * log_w) / power',
      'log_mean_exp(power * log_w)',
      _mean('renyi'),
      _MEAN,
    ),
  ),
]

_LAST_KICK = 'momentum = momentum + 0.5 * step_size * gradient'
_END = 'return Phase(position, scale * momentum, value, gradient)'
_HALF_SQUARES = '_half_square(momentum) - _half_square(noise)'

_TRAJECTORIES = [
  *_in(
    'posteriors.hamiltonian.leapfrog',
    *(
      (name, old, new, 'gaussian', check)
      for name, old, new, found_by in (
        (
          # A well-known peer has this fault: it is of the first order, and the
          # volume grows by 1.55.
          'drift before the kick',
          'phase.position + step_size * momentum',
          'phase.position + step_size * phase.momentum',
          ('second_order', 'volume', 'reversible', 'against_numpy'),
        ),
        (
          'tempered momentum overwritten',
          _END,
          _END.replace('scale * ', ''),
          ('volume', 'reversible', 'against_numpy'),
        ),
        (
          'gradient of the first kick',
          _LAST_KICK,
          'momentum = momentum + 0.5 * step_size * phase.gradient',
          ('second_order', 'volume'),
        ),
        (
          'tempering before the last kick',
          f'{_LAST_KICK}\n  {_END}',
          'momentum = scale * momentum + 0.5 * step_size * gradient\n'
          '  return Phase(position, momentum, value, gradient)',
          ('reversible', 'against_numpy'),
        ),
        (
          'wrong sign of the force',
          _LAST_KICK,
          'momentum = momentum - 0.5 * step_size * gradient',
          ('second_order',),
        ),
      )
      for check in (leapfrog_checks.CHECKS[name] for name in found_by)
    ),
    *(
      (
        'force stopped',
        'return value, tf.convert_to_tensor(gradient)',
        'return value, tf.stop_gradient(gradient)',
        ('none', bound),
        hamiltonian_checks.check_differences,
      )
      for bound in ('elbo', 'iwae')
    ),
  ),
  *_in(
    'posteriors.hamiltonian.tempering',
    *(
      (
        'no step cools',
        'return Tempering(first, tuple(alphas))',
        'return Tempering(first, tuple(a / a for a in alphas))',
        'fixed',
        hamiltonian_checks.CHECKS[check],
      )
      for check in ('mean_weight', 'h2', 'product')
    ),
    (
      'cold start',
      'return Tempering(first, tuple(alphas))',
      'return Tempering(first / first, tuple(alphas))',
      'fixed',
      hamiltonian_checks.CHECKS['mean_weight'],
    ),
    (
      'the other schedule',
      "if schedule == 'variance':",
      "if schedule != 'variance':",
      'fixed',
      hamiltonian_checks.CHECKS['h2'],
    ),
  ),
  *_in(
    'posteriors.hamiltonian.log_weights',
    *(
      (
        'momentum forgotten',
        _HALF_SQUARES,
        '_half_square(noise) - _half_square(noise)',
        'fixed',
        hamiltonian_checks.CHECKS[check],
      )
      for check in ('mean_weight', 'log_weight')
    ),
    (
      'noise of the last momentum',
      _HALF_SQUARES,
      '_half_square(momentum) - _half_square(momentum)',
      'fixed',
      hamiltonian_checks.CHECKS['mean_weight'],
    ),
    *(
      (
        'constant dropped',
        'entropy + half_size',
        'entropy',
        'fixed',
        hamiltonian_checks.CHECKS[check],
      )
      for check in ('integrated', 'h2')
    ),
  ),
]

_CHECKED = 'lost_paths.differentiable(log_joint)'
_NOT_CHECKED = (_CHECKED, 'log_joint')
_GREP = next(c for c in table.GAMMA if c.row.name == 'grep')

_TRANSFORMED = [
  *_in(
    'ops.gradients',
    *(
      ('custom gradient dropped', 'if tf.executing_eagerly():', 'if True:')
      + (_drawn(name), _MAPPED)
      for name in ('dreg', 'piwae')
    ),
    *(
      (
        'second derivative of constants',
        'return with_gradient_of(value, _first_order(carrier))',
        'return with_gradient_of(value, carrier)',
        case,
        _FIRST_ORDER,
      )
      for case in (_VIMCO, _LOO, _DISARM, _LOCAL, _drawn('dreg'))
    ),
    (
      'second derivative disconnected',
      'tf.identity_n([upstream, blocked])[0]',
      'tf.identity(upstream)',
      _drawn('rws'),
      _FIRST_ORDER,
    ),
  ),
  *_in(
    'ops.lost_paths',
    ('any path will do', 'and not every_layer', '')
    + (_drawn('stl', 'chain'), _LOST),
    ('every layer of a mean', 'and not every_layer', 'and False')
    + (_drawn('elbo', 'chain'), _LOST_MEAN),
    ('not looked at', 'if not _tapes_record():', 'if True:')
    + (_drawn('iwae'), _LOST),
  ),
  *(
    fault
    for module, names in (
      ('pathwise', ('stl', 'aisle-3')),
      ('iwae', ('iwae',)),
    )
    for name in names
    for fault in _in(
      f'estimators.{module}',
      ('lost path', *_NOT_CHECKED, _drawn(name), _LOST),
    )
  ),
  *_in(
    'estimators.elbo',
    ('lost path', *_NOT_CHECKED, _drawn('elbo'), _LOST),
    (
      'lost path of a mean',
      'lost_paths.differentiable(integrand, every_layer=False)',
      'integrand',
      _drawn('elbo'),
      _LOST_MEAN,
    ),
  ),
  *_in(
    'estimators.miwae',
    (
      'lost path',
      f'posterior.log_weights({_CHECKED}',
      'posterior.log_weights(log_joint',
      _drawn('miwae'),
      _LOST,
    ),
    (
      'lost path',
      f'{_CHECKED}, scaled',
      'log_joint, scaled',
      _drawn('piwae'),
      _LOST,
    ),
  ),
  *_in(
    'estimators.generalized_reparameterization',
    ('lost path', *_NOT_CHECKED, _GREP, _LOST),
    (
      'lost path of a mean',
      'lost_paths.differentiable(integrand, every_layer=False)',
      'integrand',
      _GREP,
      _LOST_MEAN,
    ),
  ),
]

FAULTS = [
  *(*_SCORES, *_PAIRS, *_POSTERIORS, *_PATHS, *_TRAJECTORIES),
  *_TRANSFORMED,
]
