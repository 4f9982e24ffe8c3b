"""Options of XLA for programs without matrix products."""

from __future__ import annotations

import os

_WITHOUT_FUSION = '--xla_disable_hlo_passes=fusion'


def disable_fusion() -> None:
  """Turns the fusion of elementwise operations off, for the whole process.

  On a CPU, a fused operation computes all that it needs again, back to the last
  product or sum. In a chain of elementwise steps that is the noise and the
  whole chain, for each of its steps. Call it before anything is compiled;
  options that the user gave stay.
  """
  given = os.environ.get('XLA_FLAGS', '')
  if 'xla_disable_hlo_passes' not in given:
    os.environ['XLA_FLAGS'] = f'{given} {_WITHOUT_FUSION}'.strip()
