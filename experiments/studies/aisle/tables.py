"""The results of the AISLE study, as Markdown."""

from __future__ import annotations

import math
from typing import Any

import tabulate

from experiments.studies.aisle import measures as gaussian_measures
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import settings as gaussian_settings
from experiments.studies.aisle import tasks as gaussian_tasks

_NAMES = {'sgd': 'SGD', 'adam': 'Adam'}


def tables(session: gaussian_tasks.Session) -> str:
  """Returns one table for each family, D and K, all tasks being finished."""
  settings = session.settings
  parts = [_legend(settings)]
  for family in settings.families:
    for dims in settings.dims:
      for samples in settings.samples:
        parts.append(f'## {family}, D = {dims}, K = {samples}')
        parts.append(_table(session, family, dims, samples))
  return '\n\n'.join(parts)


def _legend(settings: gaussian_settings.AisleSettings) -> str:
  near = f'{gaussian_measures.SIGNAL_DISTANCE:g}'
  sentences = [
    f'Means over {settings.repeats} repeats of {settings.observations} '
    f'observations, after {settings.iterations:,} iterations; alpha = '
    f'{settings.alpha:g}. At K = 1 the NOREP gradients have mean 0 and '
    'RWS-DREG is 0: they learn nothing.\n',
    '- error: L2 distance of (A, b, c) to the optimum, and its standard error;'
    ' *in* of KL(p || q), *ex* of KL(q || p), which differ in the insufficient'
    ' family.',
    '- position: of c on the line from the exclusive (0) to the inclusive (1)'
    ' optimum; *limit*: that of the divergence a method minimises as K grows.',
    '- variance: of one gradient (a mean over the observations), summed over'
    f' the parameters, at L2 distances 0, {near} and 1 from the inclusive'
    ' optimum, over the squared mean L1 norm of a gradient at distance 1.',
    '- SNR: L2 norm of the mean gradient over the root of its summed variance,'
    f' at distance {near}.',
  ]
  return '\n'.join(sentences)


def _table(
  session: gaussian_tasks.Session, family: str, dims: int, samples: int
) -> str:
  settings = session.settings
  # In the expressive family both optima are the same.
  differ = family != 'expressive'
  rows = []
  for method in settings.methods:
    row = [gaussian_methods.METHODS[method].label]
    for optimizer in settings.optimizers:
      line = session.results[
        gaussian_settings.Task(dims, samples, method, family, optimizer)
      ]
      row.append(_with_error(line, 'inclusive'))
      if differ:
        row.append(_with_error(line, 'exclusive'))
        row.append(_with_error(line, 'position'))
    if differ:
      alpha = gaussian_methods.limit(method, settings.alpha)
      target = gaussian_tasks.target(settings, family, dims)
      row.append(f'{gaussian_measures.limit_position(target, alpha):.2f}')
    rows.append(row + _noise(session, dims, samples, method, family))
  return tabulate.tabulate(
    rows,
    headers=_headers(settings, differ),
    tablefmt='github',
    disable_numparse=True,
  )


def _headers(
  settings: gaussian_settings.AisleSettings, differ: bool
) -> list[str]:
  headers = ['method']
  for optimizer in settings.optimizers:
    name = _NAMES[optimizer]
    if differ:
      headers += [f'{name}: error in', 'error ex', 'position']
    else:
      headers.append(f'{name}: error')
  if differ:
    headers.append('limit')
  near = f'{gaussian_measures.SIGNAL_DISTANCE:g}'
  return [*headers, 'variance at 0', f'at {near}', 'at 1', 'SNR']


def _with_error(line: dict[str, Any], name: str) -> str:
  value, error = line[name], line[f'{name}_error']
  if math.isnan(value):
    return '-'
  if not 1e-5 < error < 1:
    return f'{value:.2g}' if math.isnan(error) else f'{value:.2g} ± {error:.1g}'
  digits = -math.floor(math.log10(error))
  return f'{value:.{digits}f} ± {error:.{digits}f}'


def _noise(
  session: gaussian_tasks.Session,
  dims: int,
  samples: int,
  method: str,
  family: str,
) -> list[str]:
  """Returns the cells of the variances and of the signal-to-noise ratio."""
  line = session.results[
    gaussian_settings.Task(
      dims, samples, method, family, gaussian_settings.VARIANCE
    )
  ]
  distances = (0.0, gaussian_measures.SIGNAL_DISTANCE, 1.0)
  values = [line[gaussian_measures.variance_name(d)] for d in distances]
  cells = [f'{value:.2g}' for value in (*values, line['signal_to_noise'])]
  return ['-' if cell == 'nan' else cell for cell in cells]
