"""Faults of Hamiltonian trajectories and their log-weights."""

from __future__ import annotations

from tests.contract.mutations import fault
from tests.support import hamiltonian_checks
from tests.support import leapfrog_checks

_LAST_KICK = 'momentum = momentum + 0.5 * step_size * gradient'
_END = 'return Phase(position, scale * momentum, value, gradient)'
_HALF_SQUARES = '_half_square(momentum) - _half_square(noise)'

FAULTS = [
  *fault.of_module(
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
  *fault.of_module(
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
  *fault.of_module(
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
