"""From flags to runs and comparisons of them, and what --help shows."""

from __future__ import annotations

from collections.abc import Iterator
import os
import pathlib
from typing import Any

from absl import flags
import pytest

from experiments import compare_binary
from experiments import compare_hvae
from experiments import compare_implicit_vae
from experiments import compare_iwae
from experiments.binary import settings as settings_lib
from experiments.runs import comparison_program
from experiments.runs import program as program_lib


@pytest.fixture(autouse=True)
def _flags_of_one_test() -> Iterator[None]:
  before = set(flags.FLAGS)
  yield
  for name in set(flags.FLAGS) - before:
    delattr(flags.FLAGS, name)


def _program(calls: list[Any]) -> program_lib.Program:
  def run(*args: Any, **kwargs: Any) -> dict[str, Any]:
    calls.append((args, kwargs))
    return {}

  names = settings_lib.Settings.__dataclass_fields__
  return program_lib.Program(
    name='train_binary',
    settings=settings_lib.Settings,
    presets=settings_lib.PRESETS,
    help={name: f'The {name}.' for name in names},
    run=run,
  )


def test_flags_are_settings() -> None:
  """A preset's, then what is given; places of data are no settings."""
  calls: list[Any] = []
  program = _program(calls)
  program.define_flags()
  flags.FLAGS(['x', '--preset=mnist_nonlinear', '--steps=7', '--data_dir=here'])
  program.main(['x'])
  given = {'steps': 7}
  assert program.given_flags() == given
  expected = settings_lib.make('mnist_nonlinear', given)
  path = os.path.join('runs', expected.label)
  sources = {'data_dir': 'here', 'chardata': None}
  assert calls == [((expected, path), sources)]


def test_a_comparison_passes_its_lists_in_order(capsys: Any) -> None:
  calls: list[Any] = []

  def run(*args: Any, **sources: Any) -> str:
    calls.append((args, sources))
    return 'the table'

  comparison = comparison_program.Comparison(
    name='compare_binary',
    program=_program([]),
    run=run,
    lists={'rows': (None, 'Some.'), 'kinds': (('a', 'b'), 'Some.')},
    folder='compare',
    preset='mnist_linear',
    seeds=('0', '1'),
  )
  comparison.define_flags()
  flags.FLAGS(['x', '--units=3', '--kinds=b'])
  comparison.main(['x'])
  path = pathlib.Path('runs/compare-mnist_linear')
  args = ('mnist_linear', {'units': 3}, None, ['b'], [0, 1], path)
  assert calls == [(args, {'data_dir': None, 'chardata': None})]
  assert 'the table' in capsys.readouterr().out
  text = flags.FLAGS.main_module_help()
  for name in ('preset', 'output_dir', 'units', 'chardata', 'seeds', 'kinds'):
    assert f'--{name}:' in text


@pytest.mark.parametrize(
  'names',
  [
    compare_binary.ROWS,
    compare_hvae.ROWS,
    compare_implicit_vae.ESTIMATORS,
    compare_iwae.ROWS,
  ],
)
def test_names_in_lists_have_no_commas(names: dict[str, Any]) -> None:
  """A flag of several is split at them."""
  assert not [name for name in names if ',' in name]


def test_a_mistake_is_one_line() -> None:
  program = _program([])
  program.define_flags()
  flags.FLAGS(['x', '--estimator=vimko'])
  with pytest.raises(SystemExit, match='train_binary: Unknown estimator'):
    program.main(['x'])
