"""Momentum tempering: its factors, and what it does to the ELBO."""

from __future__ import annotations

import pytest

from tests.support import hamiltonian as cases
from tests.support import hamiltonian_checks as checks
from tf_mco.posteriors.hamiltonian import tempering as tempering_lib


@pytest.mark.parametrize('kind', cases.TEMPERINGS)
def test_the_factors_cancel(kind: str) -> None:
  checks.CHECKS['product'](kind)


@pytest.mark.parametrize('schedule', tempering_lib.SCHEDULES)
def test_tempering_raises_the_elbo(schedule: str) -> None:
  """The base is the prior, and hot momenta take entropy from the start."""
  options = {'base': cases.base(), 'step_size': [0.25, 0.35]}
  plain = cases.elbo(0, 0.1, base=cases.base())
  cold = cases.elbo(5, 0.1, **options)
  hot = cases.elbo(
    5,
    0.1,
    tempering='fixed',
    schedule=schedule,
    initial_temperature=1.5,
    **options,
  )
  assert cases.H1 > hot > max(cold, plain) + 0.5
