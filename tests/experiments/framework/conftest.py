"""A quick measurement of binary models, for tests of what surrounds it."""

from __future__ import annotations

from collections.abc import Iterator
import types

import pytest

from tf_mco import diagnostics


@pytest.fixture(scope='module')
def without_gradient_statistics() -> Iterator[None]:
  """The variance of the gradient, whose compilation takes seconds, is 0.5."""
  figures = {'encoder': types.SimpleNamespace(variance=0.5)}
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(
      diagnostics, 'gradient_statistics', lambda *args, **kwargs: figures
    )
    yield
