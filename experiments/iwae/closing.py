"""Closing figures and table of a run of Gaussian latent variables."""

from __future__ import annotations

import math
import os
import pathlib
from typing import Any, cast

import numpy as np
import tabulate

from experiments.iwae import active_units
from experiments.iwae import model as iwae_model
from experiments.iwae import settings as iwae_settings
from experiments.runs import strict_json
from experiments.runs import training
from tf_mco import evaluation
from tf_mco import models

_ACTIVE_EXAMPLES = 500
_BY_IMAGE = 'by_image.json'
# Small enough for the caches: 50 samples of 20 images at once.
_BATCH = 20


def measure(run: training.Run) -> dict[str, Any]:
  """Returns the closing figures at the present parameters.

  `test_bound` is the mean of the bounds of the first `test_examples` test
  images with `test_samples` samples, in nats; `active_units` counts by
  stochastic layer; `bound_without_inactive` is the test bound after removing
  the others. Writes by_image.json, the bound of each image, and by_unit.json,
  what the activity was judged by.
  """
  settings = cast(iwae_settings.Settings, run.settings)
  model, images = run.model, run.images
  test = images.test[: settings.test_examples]
  bounds = _bounds(model, test, settings)
  first = images.train[:_ACTIVE_EXAMPLES]
  variances = evaluation.unit_variances(model, first, seed=settings.seed)
  kept = evaluation.active_units(variances)
  small = active_units.without_inactive(
    model, kept, lambda latents: iwae_model.of_widths(settings, images, latents)
  )
  run.directory.write_json(_BY_IMAGE, {'test_bounds': bounds})
  run.directory.write_json('by_unit.json', {'variances': variances})
  results: dict[str, Any] = {
    'binarization': images.binarization,
    'test_examples': len(test),
    'test_samples': settings.test_samples,
    'test_bound': float(bounds.mean()),
    'test_bound_standard_error': float(bounds.std() / math.sqrt(bounds.size)),
    'active_units': [int(mask.sum()) for mask in kept],
    'bound_without_inactive': None,
  }
  if small is not None:
    left = _bounds(small, test, settings)
    results['bound_without_inactive'] = float(left.mean())
  return results


def read_bounds(path: str | os.PathLike) -> np.ndarray:
  """Returns the bound of each test image, from the directory of a run."""
  found = strict_json.read_object(pathlib.Path(path) / _BY_IMAGE)
  return np.array(found['test_bounds'], np.float64)


def _bounds(
  model: models.LatentVariableModel,
  test: np.ndarray,
  settings: iwae_settings.Settings,
) -> np.ndarray:
  evaluator = evaluation.Evaluator(
    model,
    num_samples=settings.test_samples,
    jit_compile=settings.jit_compile,
  )
  return evaluator(test, batch_size=_BATCH, seed=settings.seed)


def table(results: dict[str, Any], settings: iwae_settings.Settings) -> str:
  """Returns the closing table."""
  speed, left = results['steps_per_second'], results['bound_without_inactive']
  rows = [
    (
      f'L_{results["test_samples"]} of {results["test_examples"]:,} test images'
      ' (nats)',
      f'{results["test_bound"]:.2f}'
      f' ± {results["test_bound_standard_error"]:.2f}',
    ),
    ('active units', '+'.join(map(str, results['active_units']))),
    (
      'L after removing the others (nats)',
      '-' if left is None else f'{left:.2f}',
    ),
    ('binarization', results['binarization']),
    ('training steps/s', f'{speed:.0f}' if speed else 'not measured'),
  ]
  return tabulate.tabulate(
    rows,
    headers=[settings.label, f'step {settings.steps:,}'],
    disable_numparse=True,
  )
