"""The figures of a trained run of Gaussian latent variables."""

from __future__ import annotations

import numpy as np

from experiments.data import datasets
from experiments.framework import paired_bounds
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.iwae import active_units
from experiments.iwae import model as iwae_model
from experiments.iwae import settings as iwae_settings
from tf_mco import evaluation
from tf_mco import models

_ACTIVE_EXAMPLES = 500
# A batch is small enough for the caches: 50 samples of 20 images at once.
_BATCH = 20


def measure(
  run: run_lib.Run[iwae_settings.IwaeSettings, datasets.Images],
) -> report.Results:
  """Returns the figures of a run at its present parameters.

  `test_bound` is the mean of the bounds of the first `test_examples` test
  images with `test_samples` samples, in nats. `active_units` counts the active
  units of each stochastic layer. `bound_without_inactive` is the test bound
  after the other units were removed. The function also writes by_image.json,
  the bound of each image, and by_unit.json, the variances by which units are
  active or not.
  """
  settings, model, images = run.settings, run.model, run.data
  test = images.test[: settings.test_examples]
  bounds = _bounds(model, test, settings)
  first = images.train[:_ACTIVE_EXAMPLES]
  variances = evaluation.unit_variances(model, first, seed=settings.seed)
  active = evaluation.active_units(variances)
  small = active_units.without_inactive(
    model,
    active,
    lambda latents: iwae_model.of_widths(settings, images, latents),
  )
  paired_bounds.write(run.directory, test_bounds=bounds)
  run.directory.write_json('by_unit.json', {'variances': variances})
  results: report.Results = {
    'binarization': images.binarization,
    'test_examples': len(test),
    'test_samples': settings.test_samples,
    **report.mean_and_error('test_bound', bounds),
    'active_units': [int(mask.sum()) for mask in active],
    'bound_without_inactive': None,
  }
  if small is not None:
    bounds_of_small = _bounds(small, test, settings)
    results['bound_without_inactive'] = float(bounds_of_small.mean())
  return results


def _bounds(
  model: models.LatentVariableModel,
  test: np.ndarray,
  settings: iwae_settings.IwaeSettings,
) -> np.ndarray:
  """Returns the bound of each test image, in nats."""
  evaluator = evaluation.Evaluator(
    model,
    num_samples=settings.test_samples,
    jit_compile=settings.jit_compile,
  )
  return evaluator(test, batch_size=_BATCH, seed=settings.seed)


def table(results: report.Results, settings: iwae_settings.IwaeSettings) -> str:
  """Returns the table that the run ends with."""
  without_inactive = results['bound_without_inactive']
  return report.table(
    [
      (
        f'L_{results["test_samples"]} of {results["test_examples"]:,} test '
        'images (nats)',
        report.with_error(results, 'test_bound'),
      ),
      ('active units', '+'.join(map(str, results['active_units']))),
      (
        'L after removing the others (nats)',
        '-' if without_inactive is None else f'{without_inactive:.2f}',
      ),
      ('binarization', results['binarization']),
      report.speed(results),
    ],
    settings.label,
    settings.steps,
  )
