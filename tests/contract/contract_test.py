"""The contract that every estimator of the registry keeps, exactly.

Runs over the table in `tests/testing/rows.py`. What an estimator can draw is
enumerated, so that means are compared with sums over all states to 1e-10.
"""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
import tensorflow as tf

from tests.testing import behaviour_checks
from tests.testing import compiled_checks
from tests.testing import exact_checks
from tests.testing import forms
from tests.testing import frequency_checks
from tests.testing import rows
import tf_mco
from tf_mco import registry

every_case = pytest.mark.parametrize('case', rows.CASES, ids=str)
small_case = pytest.mark.parametrize('case', rows.SMALL_CASES, ids=str)


def test_every_name_has_a_row() -> None:
  elsewhere = rows.TESTED_ELSEWHERE
  covered = {row.name for row in rows.ROWS} | set(elsewhere)
  missing = set(tf_mco.estimator_names()) ^ covered
  assert not missing, f'see ROWS of tests/testing/rows.py: {missing}'
  assert all(pathlib.Path(file).exists() for file in elsewhere.values())


@every_case
def test_moments(case: rows.Case) -> None:
  exact_checks.check_all_moments(case)


def _written_otherwise() -> list[rows.Case]:
  result = []
  for row in rows.ROWS:
    for form in forms.FORMS:
      sizes = (1, 1) if form == 'scalar' else (2, 1)
      for layers in (sizes[:1], sizes):
        count = (row.counts, row.chain_counts)[len(layers) - 1][0]
        result.append(rows.Case(row, count, layers, 2, form=form))
  return [case for case in result if case.form != 'independent']


@pytest.mark.parametrize('case', _written_otherwise(), ids=str)
def test_other_ways_to_write_the_posterior(case: rows.Case) -> None:
  exact_checks.check_all_moments(case)
  behaviour_checks.check_surrogate(case)
  behaviour_checks.check_evaluations(case)


@every_case
def test_expectation(case: rows.Case) -> None:
  if case.row.of_mean:
    exact_checks.check_expectation(case)
    return
  posterior = case.problem.posterior(case.problem.rows())
  with pytest.raises(ValueError, match='estimator of a mean.*Received'):
    tf_mco.expectation(case.estimator, tf.identity, posterior, seed=0)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@every_case
def test_surrogate(case: rows.Case, dtype: tf.DType) -> None:
  behaviour_checks.check_surrogate(case, dtype)


@every_case
def test_log_weights(case: rows.Case) -> None:
  behaviour_checks.check_log_weights(case)


@every_case
def test_batch_invariance(case: rows.Case) -> None:
  behaviour_checks.check_batch_invariance(
    dataclasses.replace(case, num_examples=4)
  )


@every_case
def test_seeds(case: rows.Case) -> None:
  behaviour_checks.check_seeds(case)


@every_case
def test_estimate_is_draw_then_surrogate(case: rows.Case) -> None:
  behaviour_checks.check_estimate_is_draw_then_surrogate(case)


@every_case
def test_evaluations(case: rows.Case) -> None:
  behaviour_checks.check_evaluations(case)


@small_case
def test_jit_surrogate(case: rows.Case) -> None:
  compiled_checks.check_jit_surrogate(case)


@small_case
def test_jit_draw(case: rows.Case) -> None:
  compiled_checks.check_jit_draw(case)


@small_case
def test_unknown_batch_size(case: rows.Case) -> None:
  compiled_checks.check_unknown_batch_size(case)


@pytest.mark.parametrize(
  'case', [case for case in rows.CASES if case.count < 3], ids=str
)
def test_draws_have_the_enumerated_frequencies(case: rows.Case) -> None:
  frequency_checks.check_draw_frequencies(case)


@pytest.mark.parametrize(
  'case', [case for case in rows.SMALL_CASES if case.row.pairs], ids=str
)
def test_uniform_numbers_of_pairs(case: rows.Case) -> None:
  frequency_checks.check_uniform(case)


@small_case
def test_configuration_round_trip(case: rows.Case) -> None:
  config = registry.to_config(case.estimator)
  assert registry.from_config(config) == case.estimator
  assert config['name'] == case.row.name


@small_case
def test_is_an_estimator_and_frozen(case: rows.Case) -> None:
  assert isinstance(case.estimator, tf_mco.Estimator)
  assert hash(case.estimator) == hash(case.estimator)
  with pytest.raises(dataclasses.FrozenInstanceError):
    setattr(case.estimator, case.row.count, 7)
