"""Tests of XLA's options."""

from __future__ import annotations

import pytest

from experiments.hvae_study import xla_options


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    ('', '--xla_disable_hlo_passes=fusion'),
    ('--a=1', '--a=1 --xla_disable_hlo_passes=fusion'),
    ('--xla_disable_hlo_passes=dce', '--xla_disable_hlo_passes=dce'),
  ],
)
def test_what_was_given_stays(
  given: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
  monkeypatch.setenv('XLA_FLAGS', given)
  xla_options.disable_fusion()
  assert xla_options.os.environ['XLA_FLAGS'] == expected
