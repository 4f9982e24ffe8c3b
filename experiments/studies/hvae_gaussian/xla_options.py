"""Options of XLA for programs without matrix products."""

from __future__ import annotations

import os

_WITHOUT_FUSION = '--xla_disable_hlo_passes=fusion'


def disable_fusion() -> None:
  """Turns the fusion of elementwise operations off, for the whole process.

  On a CPU, a fused operation computes all its inputs again, back to the last
  product or sum. In a chain of elementwise steps, each step then computes the
  noise and the whole chain before it. Call this function before anything is
  compiled. Options that the user gave stay.
  """
  flags_of_user = os.environ.get('XLA_FLAGS', '')
  if 'xla_disable_hlo_passes' not in flags_of_user:
    os.environ['XLA_FLAGS'] = f'{flags_of_user} {_WITHOUT_FUSION}'.strip()
