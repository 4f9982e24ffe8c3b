"""Faults of transformations, of second derivatives and of lost paths."""

from __future__ import annotations

from tests.contract import table
from tests.contract.mutations import fault

_CHECKED = 'lost_paths.differentiable(log_joint)'
_NOT_CHECKED = (_CHECKED, 'log_joint')
_GREP = next(c for c in table.GAMMA if c.row.name == 'grep')

FAULTS = [
  *fault.of_module(
    'ops.gradients',
    *(
      ('custom gradient dropped', 'if tf.executing_eagerly():', 'if True:')
      + (fault.drawn(name), fault.MAPPED)
      for name in ('dreg', 'piwae')
    ),
    *(
      (
        'second derivative of constants',
        'return with_gradient_of(value, _first_order(carrier))',
        'return with_gradient_of(value, carrier)',
        case,
        fault.FIRST_ORDER,
      )
      for case in (
        fault.VIMCO,
        fault.LOO,
        fault.DISARM,
        fault.LOCAL,
        fault.drawn('dreg'),
      )
    ),
    (
      'second derivative disconnected',
      'tf.identity_n([upstream, blocked])[0]',
      'tf.identity(upstream)',
      fault.drawn('rws'),
      fault.FIRST_ORDER,
    ),
  ),
  *fault.of_module(
    'ops.lost_paths',
    ('any path will do', 'and not every_layer', '')
    + (fault.drawn('stl', 'chain'), fault.LOST),
    ('every layer of a mean', 'and not every_layer', 'and False')
    + (fault.drawn('elbo', 'chain'), fault.LOST_MEAN),
    ('not looked at', 'if not _tapes_record():', 'if True:')
    + (fault.drawn('iwae'), fault.LOST),
  ),
  *(
    each
    for module, names in (
      ('pathwise', ('stl', 'aisle-3')),
      ('iwae', ('iwae',)),
    )
    for name in names
    for each in fault.of_module(
      f'estimators.{module}',
      ('lost path', *_NOT_CHECKED, fault.drawn(name), fault.LOST),
    )
  ),
  *fault.of_module(
    'estimators.elbo',
    ('lost path', *_NOT_CHECKED, fault.drawn('elbo'), fault.LOST),
    (
      'lost path of a mean',
      'lost_paths.differentiable(integrand, every_layer=False)',
      'integrand',
      fault.drawn('elbo'),
      fault.LOST_MEAN,
    ),
  ),
  *fault.of_module(
    'estimators.miwae',
    (
      'lost path',
      f'posterior.log_weights({_CHECKED}',
      'posterior.log_weights(log_joint',
      fault.drawn('miwae'),
      fault.LOST,
    ),
    (
      'lost path',
      f'{_CHECKED}, scaled',
      'log_joint, scaled',
      fault.drawn('piwae'),
      fault.LOST,
    ),
  ),
  *fault.of_module(
    'estimators.generalized_reparameterization',
    ('lost path', *_NOT_CHECKED, _GREP, fault.LOST),
    (
      'lost path of a mean',
      'lost_paths.differentiable(integrand, every_layer=False)',
      'integrand',
      _GREP,
      fault.LOST_MEAN,
    ),
  ),
]
