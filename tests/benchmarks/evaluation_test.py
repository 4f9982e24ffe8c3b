"""Tests of the benchmark of the evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import evaluation


@pytest.mark.parametrize('case', evaluation.CASES)
def test_the_products_are_those_of_the_decoder(case: str, monkeypatch) -> None:
  """One round is a product with each kernel of the decoder."""
  binary, units, hidden = evaluation.CASES[case]
  model = evaluation.make_model(binary, units, hidden)
  kernels = [
    tuple(variable.shape)
    for variable in model.parameter_groups()['decoder']
    if len(variable.shape) == 2
  ]
  shapes = []
  matmul = evaluation.tf.matmul

  def noting(values, weight):
    shapes.append(tuple(weight.shape))
    return matmul(values, weight)

  monkeypatch.setattr(evaluation.tf, 'matmul', noting)
  monkeypatch.setattr(evaluation, '_ROWS', 4)
  program = evaluation.products([units, *hidden, evaluation.PIXELS], 8)
  assert np.isfinite(program()).all()
  assert shapes == kernels
