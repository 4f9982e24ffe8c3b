"""Every bad input is refused before work starts, in words that help.

The rows stand in the modules `*_rows.py` of this folder, by subject. A message
says what is wrong and what was expected, and then what was received. An error
of another class, such as one from the inside of TensorFlow, fails the row.
"""

from __future__ import annotations

import re

import pytest

from tests.bad_inputs import data_rows
from tests.bad_inputs import distributions_rows
from tests.bad_inputs import estimators_rows
from tests.bad_inputs import evaluation_rows
from tests.bad_inputs import experiments_rows
from tests.bad_inputs import functional_rows
from tests.bad_inputs import layers_rows
from tests.bad_inputs import models_rows
from tests.bad_inputs import posteriors_rows
from tests.bad_inputs import random_rows
from tests.bad_inputs import row

_SUBJECTS = {
  'data': data_rows.ROWS,
  'distributions': distributions_rows.ROWS,
  'estimators': estimators_rows.ROWS,
  'evaluation': evaluation_rows.ROWS,
  'experiments': experiments_rows.ROWS,
  'functional': functional_rows.ROWS,
  'layers': layers_rows.ROWS,
  'models': models_rows.ROWS,
  'posteriors': posteriors_rows.ROWS,
  'random': random_rows.ROWS,
}
_LONGEST = 2000


@pytest.mark.parametrize(
  'bad',
  [
    pytest.param(one, id=f'{subject}-{one.name}')
    for subject, rows in _SUBJECTS.items()
    for one in rows
  ],
)
def test_bad_input(bad: row.Row) -> None:
  with pytest.raises(bad.error) as info:
    bad.call()
  assert type(info.value) is bad.error
  message = str(info.value)
  assert re.search(f'{bad.words}(.|\n)*Received: ', message), message
  assert len(message) < _LONGEST


def test_names_are_unique() -> None:
  for subject, rows in _SUBJECTS.items():
    names = [one.name for one in rows]
    assert len(set(names)) == len(names), subject
