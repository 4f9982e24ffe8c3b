"""The README's Python runs, one block after the other, as it stands."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

_README = pathlib.Path(__file__).parents[2] / 'README.md'


def test_readme(
  tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
  monkeypatch.chdir(tmp_path)
  blocks = re.findall(
    r'```python\n(.*?)```', _README.read_text(encoding='utf-8'), re.DOTALL
  )
  assert len(blocks) == 5
  scope: dict[str, Any] = {}
  for block in blocks:
    exec(compile(block, str(_README), 'exec'), scope)
    found = scope.get('gradients', [])
    gradients = [*found, scope['gradient']] if 'gradient' in scope else found
    for gradient in gradients:
      assert np.isfinite(gradient).all()
      assert np.any(gradient)
  # Half a nat above that of independent pixels, -27.1.
  assert scope['bounds'].shape == (1797,)
  assert -26.6 < scope['bounds'].mean() < -20
  assert (tmp_path / 'model.keras').exists()
  signatures = tf.saved_model.load(str(tmp_path / 'saved_model')).signatures
  assert {'encode', 'decode', 'sample', 'bound'} <= set(signatures)
  assert 'bound' in capsys.readouterr().out
