"""Closing figures and table of a run of the Hamiltonian VAE."""

from __future__ import annotations

import math
import os
import pathlib
from typing import Any, cast

import numpy as np
import tabulate

from experiments.hvae import measures as hvae_measures
from experiments.hvae import run as hvae_run
from experiments.hvae import settings as hvae_settings
from experiments.runs import strict_json
from tf_mco import evaluation
from tf_mco import random

_BY_IMAGE = 'by_image.json'
# As the original's; a thousand samples of ten images fit into the caches.
_BATCH = 10


def measure(run: hvae_run.Run) -> dict[str, Any]:
  """Returns the closing figures of the best model, which the run then holds.

  `test_elbo` and `test_bound`, the bound of `test_samples` samples, in nats,
  are means over the first `test_examples` test images and over `test_repeats`
  binarizations of them. Writes by_image.json, means over binarizations.
  """
  settings = cast(hvae_settings.Settings, run.settings)
  trained = int(run.model.objective.step)
  run.restore_best()
  found = _by_image(run, settings)
  run.directory.write_json(
    _BY_IMAGE, {name: values.mean(axis=0) for name, values in found.items()}
  )
  results: dict[str, Any] = {
    'binarization': run.images.binarization,
    'test_examples': found['test_bounds'].shape[1],
    'test_samples': settings.test_samples,
    'test_repeats': settings.test_repeats,
    'trained_steps': trained,
    'best_step': run.patience.best_step,
    'valid_elbo': run.patience.best,
    **hvae_measures.dynamics(run.model),
  }
  for name, values in found.items():
    one = name.removesuffix('s')
    image_means = values.mean(axis=0)
    results[one] = float(image_means.mean())
    results[f'{one}_standard_error'] = float(
      image_means.std() / math.sqrt(image_means.size)
    )
    results[f'{one}_by_repeat'] = values.mean(axis=1).tolist()
  return results


def _by_image(
  run: hvae_run.Run, settings: hvae_settings.Settings
) -> dict[str, np.ndarray]:
  """Returns figures of each binarization and image, `[repeats, N]`."""
  test = run.images.test[: settings.test_examples]
  options = {'jit_compile': settings.jit_compile}
  elbo = hvae_measures.Elbo(run.model, num_samples=1, **options)
  likelihood = evaluation.Evaluator(
    run.model, num_samples=settings.test_samples, **options
  )
  found: dict[str, list[np.ndarray]] = {'test_elbos': [], 'test_bounds': []}
  for repeat in range(settings.test_repeats):
    seed = random.fold_in(settings.seed, repeat)
    for name, bound in zip(found, (elbo, likelihood), strict=True):
      found[name].append(bound(test, batch_size=_BATCH, seed=seed))
  return {name: np.array(values, np.float64) for name, values in found.items()}


def read_bounds(path: str | os.PathLike) -> np.ndarray:
  """Returns the bound of each test image, from the directory of a run."""
  found = strict_json.read_object(pathlib.Path(path) / _BY_IMAGE)
  return np.array(found['test_bounds'], np.float64)


def table(results: dict[str, Any], settings: hvae_settings.Settings) -> str:
  """Returns the closing table."""
  speed = results['steps_per_second']
  repeats = results['test_repeats']
  rows = [
    (
      f'ELBO of {results["test_examples"]:,} test images (nats)',
      figure(results, 'test_elbo'),
    ),
    (
      f'their log-likelihood, {results["test_samples"]} samples (nats)',
      figure(results, 'test_bound'),
    ),
    ('binarization', f'{results["binarization"]}, mean of {repeats}'),
    (
      'best of the evaluations',
      f'step {results["best_step"]:,} of {results["trained_steps"]:,}, '
      f'validation {results["valid_elbo"]:.2f}',
    ),
  ]
  if 'step_size' in results:
    rows.append(('mean step size', f'{results["step_size"]:.3f}'))
    rows.append(
      ('scale of the first momentum', f'{results["momentum_scale"]:.3f}')
    )
  rows.append(('training steps/s', f'{speed:.1f}' if speed else 'not measured'))
  return tabulate.tabulate(
    rows,
    headers=[settings.label, f'step {results["best_step"]:,}'],
    disable_numparse=True,
  )


def figure(results: Any, name: str) -> str:
  """Returns a mean with its standard error over the test images."""
  return f'{results[name]:.2f} ± {results[f"{name}_standard_error"]:.2f}'
