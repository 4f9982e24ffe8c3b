"""Bad inputs of experiments and studies: their settings, flags and data.

The values of flags that are no texts reach the settings as they would from a
script that calls `make_settings`. `data_rows` has the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from experiments.binary import compare as binary_compare
from experiments.binary import experiment as binary_experiment
from experiments.framework import command_line
from experiments.hvae import experiment as hvae_experiment
from experiments.implicit_vae import experiment as implicit_experiment
from experiments.iwae import experiment as iwae_experiment
from experiments.studies.aisle import settings as aisle_settings
from experiments.studies.hvae_gaussian import settings as hvae_study_settings
from experiments.studies.implicit_accuracy import study as accuracy_study
from experiments.studies.implicit_dirichlet import study as dirichlet_study
from experiments.studies.one_bit import study as one_bit_study
from experiments.topic_model import experiment as topic_experiment
from tests.bad_inputs import row

_EXPERIMENTS = {
  'binary': binary_experiment.EXPERIMENT,
  'hvae': hvae_experiment.EXPERIMENT,
  'implicit': implicit_experiment.EXPERIMENT,
  'iwae': iwae_experiment.EXPERIMENT,
  'topics': topic_experiment.EXPERIMENT,
}
_STUDIES: Mapping[str, Callable[..., Any]] = {
  'aisle': aisle_settings.AisleSettings,
  'hvae_gaussian': hvae_study_settings.HvaeGaussianSettings,
  'accuracy': accuracy_study.AccuracySettings,
  'dirichlet': dirichlet_study.DirichletSettings,
  'one_bit': one_bit_study.OneBitSettings,
}
_NOT_COUNTS = {
  **{k: v for k, v in row.NOT_POSITIVE.items() if k != 'none'},
  'exponent': 1e9,
  'large': 10**9,
  'infinite': float('inf'),
}
_NOT_RATES = {
  'negative': -1e-3,
  'nan': float('nan'),
  'infinite': float('inf'),
  'text': 'fast',
  'true': True,
  'list': [1e-3],
}
_NOT_SEEDS = {
  'negative': -1,
  'large': 2**32,
  'float': 1.0,
  'text': '1',
  'true': True,
  'none': None,
  'list': [1, 2],
}


def _preset(name: str) -> str:
  return next(iter(_EXPERIMENTS[name].presets))


def _settings(name: str, **values: Any) -> Any:
  return _EXPERIMENTS[name].make_settings(_preset(name), values)


def _each_option(
  name: str, option: str, values: Mapping[str, Any], words: str
) -> list[row.Row]:
  return row.each(
    f'{name}-{option}',
    lambda v: _settings(name, **{option: v}),
    values,
    words,
  )


_INTEGER = 'must be (a whole number|at (least|most))'
_RATE = 'must be a finite rate >= 0'

ROWS: list[row.Row] = []
for _name in _EXPERIMENTS:
  _few = {k: _NOT_COUNTS[k] for k in ('zero', 'exponent', 'large', 'text')}
  ROWS += _each_option(
    _name, 'hidden_units', _few, f'--hidden_units {_INTEGER}'
  )
  ROWS += _each_option(_name, 'batch_size', _few, f'--batch_size {_INTEGER}')
  ROWS += _each_option(_name, 'seed', _NOT_SEEDS, f'--seed {_INTEGER}')
  ROWS += row.each(
    f'{_name}-preset',
    lambda v, name=_name: _EXPERIMENTS[name].make_settings(v, {}),
    {'unknown': 'nosuch', 'empty': '', 'none': None},
    'Unknown --preset. Expected one of',
  )
ROWS += [
  *_each_option('binary', 'units', _NOT_COUNTS, f'--units {_INTEGER}'),
  *_each_option(
    'binary', 'num_layers', _NOT_COUNTS, f'--num_layers {_INTEGER}'
  ),
  *_each_option('topics', 'topics', _NOT_COUNTS, f'--topics {_INTEGER}'),
  *_each_option(
    'topics', 'hidden_layers', _NOT_COUNTS, f'--hidden_layers {_INTEGER}'
  ),
  *_each_option(
    'hvae',
    'leapfrog_steps',
    {**row.NOT_INTEGERS, 'negative': -1},
    f'--leapfrog_steps {_INTEGER}',
  ),
  *_each_option(
    'iwae', 'learning_rate', _NOT_RATES, f'--learning_rate {_RATE}'
  ),
  *_each_option(
    'binary',
    'encoder_learning_rate',
    _NOT_RATES,
    f'--encoder_learning_rate {_RATE}',
  ),
  *_each_option('iwae', 'stage_growth', _NOT_RATES, f'--stage_growth {_RATE}'),
  *_each_option(
    'binary',
    'jit_compile',
    row.NOT_BOOLEAN,
    '--jit_compile must be True or False',
  ),
  *_each_option(
    'binary',
    'dataset',
    row.NOT_NAMES,
    '(Unknown --dataset. Expected one of digits|--dataset must be a string)',
  ),
  *_each_option(
    'binary',
    'architecture',
    row.NOT_NAMES,
    '(Unknown --architecture. Expected one of|--architecture must be a string)',
  ),
  *_each_option(
    'binary',
    'estimator',
    row.NOT_NAMES,
    '(Unknown estimator. Expected one of|--estimator must be a string)',
  ),
  *row.each(
    'binary-options',
    lambda v: _settings('binary', **v),
    {
      'pairs_of_vimco': {'estimator': 'vimco', 'num_pairs': 2},
      'samples_of_disarm': {'num_samples': 2},
      'one_sample': {'estimator': 'vimco', 'num_samples': 1},
      'no_pair': {'num_pairs': 0},
      'baseline': {'estimator': 'vimco', 'baseline': 'mean'},
      'uneven_steps': {'steps': 1500, 'eval_every': 1000},
    },
    '',
  ),
  *row.each(
    'iwae-options',
    lambda v: _settings('iwae', estimator='aisle', options=v),
    {
      'no_value': 'divergence',
      'empty_value': 'divergence=',
      'unknown': 'divergences=kl',
      'value': 'divergence=kk',
      'number': 'divergence=0.5',
      'code': 'divergence=__import__("os")',
    },
    '',
  ),
  *_each_option(
    'hvae',
    'step_size',
    {'zero': 0.0, 'negative': -0.1, 'at_most': 0.5, 'nan': float('nan')},
    '--step_size must be',
  ),
  *_each_option(
    'hvae',
    'initial_temperature',
    {'one': 1.0, 'below': 0.5, 'nan': float('nan'), 'text': 'hot'},
    '--initial_temperature must be',
  ),
  *_each_option(
    'hvae',
    'alpha',
    {'zero': 0.0, 'one': 1.0, 'nan': float('nan')},
    '--alpha must be',
  ),
  *_each_option(
    'hvae', 'patience', _NOT_COUNTS | {'large': 2**31}, f'--patience {_INTEGER}'
  ),
  *row.each(
    'topics-concentrations',
    lambda v: _settings('topics', **v),
    {
      'zero': {'minimum_concentration': 0.0},
      'exchanged': {'minimum_concentration': 2.0},
      'nan': {'prior_concentration': float('nan')},
      'infinite': {'maximum_concentration': float('inf')},
      'text': {'prior_concentration': 'low'},
    },
    '(Expected 0 < --minimum_concentration|must be a finite number)',
  ),
]

# Studies, whose settings are lists, too.

for _name, _make in _STUDIES.items():
  if _name != 'accuracy':
    ROWS += row.each(
      f'{_name}-seed',
      lambda v, make=_make: make(seed=v),
      _NOT_SEEDS,
      f'--seed {_INTEGER}',
    )
ROWS += [
  *row.each(
    'aisle-lists',
    lambda v: _STUDIES['aisle'](**v),
    {
      'number': {'dims': 2},
      'text': {'methods': 'iwae'},
      'empty': {'dims': ()},
      'twice': {'dims': (2, 2)},
      'float': {'samples': (2.5,)},
      'zero': {'samples': (0,)},
      'unknown': {'methods': ('iwea',)},
    },
    '',
  ),
  *row.each(
    'aisle-alpha',
    lambda v: _STUDIES['aisle'](alpha=v),
    {'one': 1.0, 'nan': float('nan'), 'infinite': float('inf'), 'text': '2'},
    '(Expected a finite alpha > 1|--alpha must be a finite number)',
  ),
  *row.each(
    'hvae_gaussian',
    lambda v: _STUDIES['hvae_gaussian'](**v),
    {
      'dims_twice': {'dims': (2, 3, 2)},
      'dims_zero': {'dims': (0,)},
      'methods_empty': {'methods': ()},
      'methods_unknown': {'methods': ('vae',)},
      'one_point': {'num_points': 1},
      'rate_nan': {'learning_rate': float('nan')},
      'rate_zero': {'learning_rate': 0.0},
      'schedule': {'schedule': 'linear'},
      'flag': {'nf_shared': 'yes'},
      'repeats': {'repeats': 0},
    },
    '',
  ),
  *row.each(
    'one_bit',
    lambda v: _STUDIES['one_bit'](**v),
    {
      'p0_one': {'p0': 1.0},
      'p0_nan': {'p0': float('nan')},
      'p0_text': {'p0': 'half'},
      'draws': {'draws': 1},
      'steps': {'steps': 0},
      'rate': {'learning_rate': -1.0},
    },
    '',
  ),
  *row.each(
    'dirichlet',
    lambda v: _STUDIES['dirichlet'](**v),
    {
      'dims': {'dims': 1},
      'draws': {'draws': 1.5},
      'rate_nan': {'learning_rate': float('nan')},
      'rate_zero': {'learning_rate': 0.0},
      'repeats': {'repeats': 0},
    },
    '',
  ),
  *row.each(
    'accuracy',
    lambda v: _STUDIES['accuracy'](points=v),
    {**row.NOT_INTEGERS, 'one': 1},
    '(--points must be a whole number|at least 2 points)',
  ),
]

# Flags, and comparisons of runs.

ROWS += [
  *row.each(
    'integers',
    lambda v: command_line.integers('seeds', v),
    {
      'letter': ['0', 'x'],
      'float': ['0.5'],
      'exponent': ['1e3'],
      'blank': [''],
    },
    'Expected integers',
  ),
  *row.each(
    'compare-seeds',
    lambda v: binary_compare.COMPARISON.run(
      'digits', {}, {'estimators': ['DisARM 1 pair']}, v, '/nonexistent/x'
    ),
    {
      'twice': [0, 1, 0],
      'empty': [],
      'negative': [-1],
      'float': [0.5],
      'large': [2**32],
    },
    '--seed',
  ),
  *row.each(
    'compare-estimators',
    lambda v: binary_compare.COMPARISON.run(
      'digits', {}, {'estimators': v}, [0], '/nonexistent/x'
    ),
    {'unknown': ['DisARM'], 'twice': ['DisARM 1 pair'] * 2},
    '--estimators',
  ),
]
