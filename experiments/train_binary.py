r"""Trains a model with binary latent variables, and measures it.

python -m experiments.train_binary                       # digits, DisARM
python -m experiments.train_binary --preset=mnist_linear --steps=50000
python -m experiments.train_binary --preset=mnist_nonlinear \
    --estimator=vimco --num_samples=4 --output_dir=runs/vimco

Flags and defaults are those of the original DisARM code, for its single- and
its multi-layer launcher. A preset sets some of them; a flag that is given wins.
The same command takes up a run that was interrupted.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import Any, cast

from absl import app
from absl import flags
from absl import logging

from experiments import closing
from experiments import datasets
from experiments import settings as settings_lib
from experiments import training

HELP = {
  'dataset': 'Data set: digits (bundled), mnist, fashion_mnist, omniglot, '
  'binarized_mnist, omniglot_burda.',
  'estimator': 'Gradient estimator, a name of tf_mco.estimator_names().',
  'num_samples': 'K of reinforce, reinforce_loo, vimco.',
  'num_pairs': 'Antithetic pairs of arm, disarm, local_disarm.',
  'baseline': "VIMCO's: geometric or arithmetic.",
  'symmetrized': "Whether local_disarm averages both halves' estimates.",
  'shared_randomness': 'Whether the two paths of a pair share their uniforms '
  'in the layers above.',
  'architecture': 'linear or nonlinear (two hidden layers, LeakyReLU 0.3).',
  'num_layers': 'Stochastic layers.',
  'units': 'Binary latent variables in a layer.',
  'hidden_units': 'Units of a hidden layer.',
  'demean_input': 'Whether networks see x - mean, and 2 b - 1.',
  'initialize_with_bias': "Whether the pixels' bias starts at logit(mean).",
  'encoder_learning_rate': 'Of Adam.',
  'decoder_learning_rate': 'Of Adam.',
  'prior_learning_rate': "Of SGD, for the prior's logits.",
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


def define_flags() -> None:
  """Defines the flags, once a `main` is what runs."""
  flags.DEFINE_string(
    'preset',
    'digits',
    f'Configuration to start from: {", ".join(settings_lib.PRESETS)}.',
  )
  flags.DEFINE_string(
    'output_dir', None, 'Directory of the run. Default: runs/<what it is>.'
  )
  flags.DEFINE_string(
    'data_dir',
    None,
    'Folder of tensorflow-datasets. Default: $TFDS_DATA_DIR, or '
    '../shared/tfds where it exists.',
  )
  flags.DEFINE_string(
    'chardata', None, "Burda's chardata.mat, for --dataset=omniglot_burda."
  )
  for field in dataclasses.fields(settings_lib.Settings):
    kind, define = str(field.type), cast(Any, flags.DEFINE_string)
    if kind.startswith('bool'):
      define = flags.DEFINE_boolean
    elif kind.startswith('int'):
      define = flags.DEFINE_integer
    elif kind.startswith('float'):
      define = flags.DEFINE_float
    known = '' if field.default is None else f' Default: {field.default}.'
    define(field.name, None, HELP[field.name] + known)


def given_flags() -> dict[str, Any]:
  """Returns the settings that were given as flags."""
  names = [field.name for field in dataclasses.fields(settings_lib.Settings)]
  values = {name: flags.FLAGS[name].value for name in names}
  return {name: value for name, value in values.items() if value is not None}


def run(
  settings: settings_lib.Settings,
  output_dir: str,
  *,
  data_dir: str | None = None,
  chardata: str | None = None,
) -> dict[str, Any]:
  """Trains to the end, and returns what `results.json` holds.

  Args:
    settings: of the run.
    output_dir: its directory, taken up if it holds a run of these settings.
    data_dir: folder of tensorflow-datasets.
    chardata: Burda's file, for omniglot_burda.
  Raises:
    ValueError: for a directory of another configuration, and for a bound
      that is not finite.
    FileNotFoundError: for a data set that is not to be had.
  """
  images = datasets.load(settings.dataset, data_dir=data_dir, chardata=chardata)
  one = training.Run(settings, output_dir, images)
  if one.directory.finished:
    text = (one.path / 'results.json').read_text(encoding='utf-8')
    results = json.loads(text)
    print(f'{one.path} holds the finished run.')
  else:
    if one.first_step:
      print(f'Taking up {one.path} at step {one.first_step:,}.')
    speed = one.train()
    results = {**closing.measure(one), 'steps_per_second': speed}
    closing.draw_pictures(one.model, images, one.path)
    one.model.export(
      one.path / 'saved_model', num_samples=settings.eval_samples
    )
    one.directory.write_json('results.json', results)
  print(f'\n{closing.table(results, settings)}')
  if images.note:
    print(images.note)
  print(f'\nPictures, metrics and the SavedModel: {one.path}')
  return results


def main(argv: list[str]) -> None:
  """Reads the flags and runs; a user's mistake is one line, not a trace."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  if not flags.FLAGS['verbosity'].present:
    logging.set_verbosity(logging.ERROR)  # TensorFlow's, on every checkpoint
  try:
    settings = settings_lib.make(flags.FLAGS.preset, given_flags())
    output_dir = flags.FLAGS.output_dir or os.path.join('runs', settings.label)
    run(
      settings,
      output_dir,
      data_dir=flags.FLAGS.data_dir,
      chardata=flags.FLAGS.chardata,
    )
  except (ValueError, FileNotFoundError) as error:
    sys.exit(f'train_binary: {error}')
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command takes the run up again.')


if __name__ == '__main__':
  define_flags()
  app.run(main)
