"""A row of the table of bad inputs, and the values that many rows try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


class Row(NamedTuple):
  """A call that must fail, and the words that its error must have.

  Attributes:
    name: of the row, in the report of the test.
    call: makes the call.
    words: a regular expression, which the message must match before it says
      what was received.
    error: the class of the error.
  """

  name: str
  call: Callable[[], Any]
  words: str
  error: type[Exception] = ValueError


# What is no integer; True is 1 in Python, and a mistake here.
NOT_INTEGERS: Mapping[str, Any] = {
  'none': None,
  'text': '5',
  'float': 5.0,
  'nan': float('nan'),
  'true': True,
  'list': [5],
  'array': np.array([5]),
  'class': int,
}
# What is no positive integer.
NOT_POSITIVE: Mapping[str, Any] = {**NOT_INTEGERS, 'zero': 0, 'negative': -1}
# What is neither True nor False.
NOT_BOOLEAN: Mapping[str, Any] = {
  'none': None,
  'text': 'yes',
  'one': 1,
  'list': [True],
}
# What is no name, and what is an unknown one.
NOT_NAMES: Mapping[str, Any] = {
  'unknown': 'nosuch',
  'none': None,
  'number': 3,
  'list': ['exp'],
}
# What is no number between two bounds that are both finite.
NOT_NUMBERS: Mapping[str, Any] = {
  'none': None,
  'text': '0.5',
  'nan': float('nan'),
  'infinite': float('inf'),
  'true': True,
  'list': [0.5],
  'tensor': tf.constant([0.5, 0.5]),
}
NOT_SEEDS: Mapping[str, Any] = {
  'none': None,
  'float': 1.0,
  'true': True,
  'text': '1',
  'large': 2**63,
  'three_words': [1, 2, 3],
  'long_words': tf.constant([1, 2], tf.int64),
}


def each(
  name: str,
  call: Callable[[Any], Any],
  values: Mapping[str, Any],
  words: str,
  error: type[Exception] = ValueError,
) -> list[Row]:
  """Returns one row for each value that a function is called with.

  Args:
    name: of the argument.
    call: the function of the value.
    values: bad values by what they are.
    words: see `Row`.
    error: see `Row`.
  """
  return [
    Row(f'{name}-{kind}', lambda v=value: call(v), words, error)
    for kind, value in values.items()
  ]
