"""What holds for every test."""

from __future__ import annotations

import keras
import pytest


@pytest.fixture(autouse=True)
def _seeded() -> None:
  """Networks start from the same weights in every run of a test."""
  keras.utils.set_random_seed(0)
