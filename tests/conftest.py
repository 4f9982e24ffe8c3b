"""These fixtures hold for every test."""

from __future__ import annotations

from collections.abc import Iterator
import gc
import inspect

import keras
import pytest

from tests.support import half_precision

# Graphs are reference cycles by the gigabyte, so the collector keeps coming
# back and looks at all of them: a tenth of the suite's time. Here it comes once
# after each file, and looks at what that file left.
gc.disable()


@pytest.fixture(autouse=True, scope='module')
def _collected() -> Iterator[None]:
  yield
  gc.collect()
  gc.freeze()


@pytest.fixture(autouse=True)
def _seeded() -> None:
  """Networks start from the same weights in every run of a test."""
  keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _with_bfloat16(request: pytest.FixtureRequest) -> None:
  """Skips tests of bfloat16 where TensorFlow itself would crash."""
  if half_precision.multiplies_bfloat16():
    return
  node = request.node
  # The name of a parametrized test tells the dtype of the case.
  parametrized = '[' in node.name
  text = node.name if parametrized else inspect.getsource(node.function)
  if 'bfloat16' in text:
    pytest.skip(
      'TensorFlow crashes on bfloat16 with this value of ONEDNN_MAX_CPU_ISA.'
    )
