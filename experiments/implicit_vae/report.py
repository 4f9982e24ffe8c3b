"""The figures of a trained run of non-Gaussian latent variables."""

from __future__ import annotations

from experiments.data import datasets
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.implicit_vae import settings as implicit_settings
from tf_mco import evaluation

# A thousand samples of as many images fit into memory.
_BATCH = 50


def measure(
  run: run_lib.Run[implicit_settings.ImplicitVaeSettings, datasets.Images],
) -> report.Results:
  """Returns the figures of a run: the bound of the test images, in nats."""
  settings = run.settings
  test = run.data.test[: settings.test_examples]
  evaluator = evaluation.Evaluator(
    run.model,
    num_samples=settings.test_samples,
    jit_compile=settings.jit_compile,
  )
  bounds = evaluator(test, batch_size=_BATCH, seed=settings.seed)
  return {
    'binarization': run.data.binarization,
    'test_examples': len(test),
    'test_samples': settings.test_samples,
    **report.mean_and_error('test_bound', bounds),
  }


def table(
  results: report.Results, settings: implicit_settings.ImplicitVaeSettings
) -> str:
  """Returns the table that the run ends with."""
  return report.table(
    [
      (
        f'L_{results["test_samples"]} of {results["test_examples"]:,} test '
        'images (nats)',
        report.with_error(results, 'test_bound'),
      ),
      ('binarization', results['binarization']),
      report.speed(results),
    ],
    settings.label,
    settings.steps,
  )
