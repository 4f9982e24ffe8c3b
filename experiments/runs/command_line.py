"""Flags and errors of the experiments' programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import dataclasses
import sys
from typing import Any, cast

from absl import app
from absl import flags
from absl import logging

from experiments.runs import settings as run_settings

_DEFINE: Mapping[str, Callable[..., Any]] = {
  'bool': flags.DEFINE_boolean,
  'int': flags.DEFINE_integer,
  'float': flags.DEFINE_float,
  'str': flags.DEFINE_string,
}
# Of the settings that every run has.
HELP: Mapping[str, str] = {
  'dataset': 'Data set: digits (bundled), mnist, fashion_mnist, omniglot, '
  'binarized_mnist, omniglot_burda.',
  'estimator': 'Gradient estimator, a name of tf_mco.estimator_names().',
  'batch_size': 'Images in a step.',
  'steps': 'Training steps; a multiple of --eval_every.',
  'eval_every': 'Steps between evaluations and checkpoints.',
  'eval_samples': 'Samples in the bound of validation and test data.',
  'eval_examples': 'Validation images evaluated during training.',
  'track_variance': "Whether to log the original's running estimate of the "
  "encoder's gradient variance (EMA 0.999); costs some speed.",
  'jit_compile': 'Whether XLA compiles the step.',
  'seed': 'Of initialisation, order of the data and all noise.',
}


def define(
  settings: type[run_settings.RunSettings],
  presets: Mapping[str, Any],
  help_texts: Mapping[str, str],
) -> None:
  """Defines a flag for each setting, the preset and the run's directory.

  Args:
    settings: the class of the experiment's settings.
    presets: the first of them is the default.
    help_texts: by setting.
  """
  flags.DEFINE_string(
    'preset',
    next(iter(presets)),
    f'Configuration to start from: {", ".join(presets)}.',
  )
  flags.DEFINE_string(
    'output_dir', None, 'Directory of the run. Default: runs/<what it is>.'
  )
  for field in dataclasses.fields(settings):
    kind = str(field.type).split(' ')[0]  # as written: 'int | None', say
    known = '' if field.default is None else f' Default: {field.default}.'
    _DEFINE[kind](field.name, cast(Any, None), help_texts[field.name] + known)
  names = [field.name for field in dataclasses.fields(settings)]
  show_in_help(['preset', 'output_dir', *names])


def show_in_help(names: Iterable[str]) -> None:
  """Makes `--help` show flags, which it does for those that `main` defines."""
  for name in names:
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def given(settings: type[run_settings.RunSettings]) -> dict[str, Any]:
  """Returns the settings that were given as flags."""
  names = [field.name for field in dataclasses.fields(settings)]
  values = {name: flags.FLAGS[name].value for name in names}
  return {name: value for name, value in values.items() if value is not None}


def run(program: str, argv: list[str], start: Callable[[], None]) -> None:
  """Calls `start`; a user's mistake is one line, not a trace."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  if not flags.FLAGS['verbosity'].present:
    logging.set_verbosity(logging.ERROR)  # TensorFlow's, on every checkpoint
  try:
    start()
  except (ValueError, FileNotFoundError) as error:
    sys.exit(f'{program}: {error}')
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command goes on where it was.')
