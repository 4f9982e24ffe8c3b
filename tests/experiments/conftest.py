"""What tests of experiments share."""

from __future__ import annotations

import pytest

from tf_mco import models


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
  """For runs whose SavedModel, half of their time, nobody looks at."""

  def export(self: models.LatentVariableModel, *args: object, **_: object):
    del self, args

  monkeypatch.setattr(models.LatentVariableModel, 'export', export)
