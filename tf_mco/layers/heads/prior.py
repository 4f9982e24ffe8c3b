"""The interface of a prior layer."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from tf_mco._tfp import tfd


@runtime_checkable
class Prior(Protocol):
  """A Keras layer with a distribution that depends on no input, p(z)."""

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]`."""
