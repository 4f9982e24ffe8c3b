"""The figures of a trained run of the Hamiltonian VAE, and their table."""

from __future__ import annotations

import numpy as np

from experiments.data import datasets
from experiments.framework import paired_bounds
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.hvae import measures as hvae_measures
from experiments.hvae import settings as hvae_settings
from tf_mco import evaluation
from tf_mco import random

_Run = run_lib.Run[hvae_settings.HvaeSettings, datasets.Images]

# The original evaluates 10 images at once, and a thousand samples of as many
# images fit into the caches.
_BATCH = 10


def measure(run: _Run) -> report.Results:
  """Returns the figures of the best model, which the run holds afterwards.

  `test_elbo` and `test_bound`, the bound of `test_samples` samples, are in
  nats. Both are means over the first `test_examples` test images and over
  `test_repeats` binarizations of them. The function also writes by_image.json,
  the means over the binarizations.
  """
  if run.best is None:
    raise ValueError('The figures are those of the best model of a run.')
  settings, best = run.settings, run.best
  trained = int(run.model.step)
  best.restore()
  by_image = _by_image(run)
  image_means = {name: v.mean(axis=0) for name, v in by_image.items()}
  paired_bounds.write(run.directory, **image_means)
  results: report.Results = {
    'binarization': run.data.binarization,
    'test_examples': by_image['test_bounds'].shape[1],
    'test_samples': settings.test_samples,
    'test_repeats': settings.test_repeats,
    'trained_steps': trained,
    'best_step': best.patience.best_step,
    'valid_elbo': best.patience.best,
    **hvae_measures.dynamics(run.model),
  }
  for name, values in by_image.items():
    singular = name.removesuffix('s')
    results |= report.mean_and_error(singular, image_means[name])
    results[f'{singular}_by_repeat'] = values.mean(axis=1).tolist()
  return results


def _by_image(run: _Run) -> dict[str, np.ndarray]:
  """Returns figures of each binarization and image, `[repeats, N]`."""
  settings = run.settings
  test = run.data.test[: settings.test_examples]
  elbo = hvae_measures.Elbo(
    run.model, num_samples=1, jit_compile=settings.jit_compile
  )
  likelihood = evaluation.Evaluator(
    run.model,
    num_samples=settings.test_samples,
    jit_compile=settings.jit_compile,
  )
  evaluators = {'test_elbos': elbo, 'test_bounds': likelihood}
  by_repeat: dict[str, list[np.ndarray]] = {name: [] for name in evaluators}
  for repeat in range(settings.test_repeats):
    # Both evaluators see the same binarization of an image.
    seed = random.fold_in(settings.seed, repeat)
    for name, evaluator in evaluators.items():
      by_repeat[name].append(evaluator(test, batch_size=_BATCH, seed=seed))
  return {
    name: np.array(values, np.float64) for name, values in by_repeat.items()
  }


def table(results: report.Results, settings: hvae_settings.HvaeSettings) -> str:
  """Returns the table that the run ends with."""
  rows = [
    (
      f'ELBO of {results["test_examples"]:,} test images (nats)',
      report.with_error(results, 'test_elbo'),
    ),
    (
      f'their log-likelihood, {results["test_samples"]} samples (nats)',
      report.with_error(results, 'test_bound'),
    ),
    (
      'binarization',
      f'{results["binarization"]}, mean of {results["test_repeats"]}',
    ),
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
  rows.append(report.speed(results, '.1f'))
  return report.table(rows, settings.label, results['best_step'])
