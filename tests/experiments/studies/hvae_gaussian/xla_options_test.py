"""Tests of XLA's options."""

from __future__ import annotations

import pytest

from experiments.studies.hvae_gaussian import xla_options


@pytest.mark.parametrize(
  ('flags_of_user', 'expected'),
  [
    ('', '--xla_disable_hlo_passes=fusion'),
    ('--a=1', '--a=1 --xla_disable_hlo_passes=fusion'),
    ('--xla_disable_hlo_passes=dce', '--xla_disable_hlo_passes=dce'),
  ],
)
def test_what_was_given_stays(
  flags_of_user: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
  monkeypatch.setenv('XLA_FLAGS', flags_of_user)
  xla_options.disable_fusion()
  assert xla_options.os.environ['XLA_FLAGS'] == expected
