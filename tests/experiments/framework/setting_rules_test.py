"""The values that a setting may have, by the type of its field and its rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.framework import setting_rules


def _rule(**options: Any) -> setting_rules.Rule:
  return setting_rules.Rule('Help.', **options)


@pytest.mark.parametrize(
  ('type_name', 'value', 'expected'),
  [
    ('int', np.int64(5), 5),
    ('int', np.uint8(5), 5),
    ('float', np.float32(0.5), 0.5),
    ('float', 2, 2),
    ('bool', np.bool_(True), True),
    ('str | None', None, None),
    ('tuple[int, ...]', [np.int32(1), 2], (1, 2)),
    ('tuple[str, ...]', ['a'], ('a',)),
  ],
)
def test_values_are_of_python(
  type_name: str, value: Any, expected: Any
) -> None:
  found = _rule().checked('x', value, type_name)
  assert found == expected
  assert type(found) is type(expected)


@pytest.mark.parametrize(
  ('type_name', 'value', 'message'),
  [
    ('int', None, '--x must be a whole number. Received: None'),
    ('int', '5', "--x must be a whole number. Received: '5'"),
    ('int', 1e9, '--x must be a whole number. Received: 1000000000.0'),
    ('int', True, '--x must be a whole number. Received: True'),
    ('int | None', 2.0, '--x must be a whole number. Received: 2.0'),
    ('int', 2**31, 'at most 2147483647. Received: 2147483648'),
    ('float', float('nan'), '--x must be a finite number. Received: nan'),
    ('float', float('inf'), '--x must be a finite number. Received: inf'),
    ('float', False, '--x must be a finite number. Received: False'),
    ('float', '0.1', "--x must be a finite number. Received: '0.1'"),
    ('bool', 1, '--x must be True or False. Received: 1'),
    ('bool', 'no', "--x must be True or False. Received: 'no'"),
    ('str', 3, '--x must be a string. Received: 3'),
    ('tuple[int, ...]', 3, '--x must be a list, each element a whole number'),
    ('tuple[int, ...]', (1, 2.5), '--x must be a whole number. Received: 2.5'),
    ('tuple[str, ...]', 'ab', "--x must be a list, .* Received: 'ab'"),
  ],
)
def test_values_of_another_type(
  type_name: str, value: Any, message: str
) -> None:
  with pytest.raises(ValueError, match=message):
    _rule().checked('x', value, type_name)


@pytest.mark.parametrize(
  ('options', 'value', 'message'),
  [
    ({'at_least': 2}, 1, '--x must be at least 2. Received: 1'),
    ({'at_most': 9}, 10, '--x must be at most 9. Received: 10'),
    ({'rate': True}, -1, '--x must be a finite rate >= 0. Received: -1'),
    ({'rate': True}, np.nan, '--x must be a finite rate >= 0. Received: nan'),
    ({'choices': ('a', 'b')}, 'c', 'Expected one of a, b. Received: c'),
  ],
)
def test_values_out_of_range(
  options: dict[str, Any], value: Any, message: str
) -> None:
  kind = {str: 'str', int: 'int'}.get(type(value), 'float')
  with pytest.raises(ValueError, match=message):
    _rule(**options).checked('x', value, kind)
