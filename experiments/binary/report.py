"""The figures of a trained run of binary latent variables, and their table."""

from __future__ import annotations

import numpy as np

from experiments.binary import settings as binary_settings
from experiments.data import datasets
from experiments.framework import report
from experiments.framework import run as run_lib
from tf_mco import diagnostics
from tf_mco import evaluation

_TRAIN_EXAMPLES = 10_000
_TRAIN_DRAWS = 4
_VARIANCE_DRAWS = 500
# The test images of which some papers report the bound.
_FIRST_TEST_EXAMPLES = 2_000


def measure(
  run: run_lib.Run[binary_settings.BinarySettings, datasets.Images],
) -> report.Results:
  """Returns the figures of a run at its present parameters.

  `train_elbo` is the one-sample bound of up to 10,000 training images, averaged
  over four draws of each. `test_bound` is the bound of all test images with
  `eval_samples` samples. Both are in nats. `gradient_variance` is the variance,
  by Monte Carlo, of the mean gradient of a batch, averaged over the parameters
  of the encoder.
  """
  settings, model, images = run.settings, run.model, run.data
  elbo = evaluation.Evaluator(
    model, num_samples=1, jit_compile=settings.jit_compile
  )
  train = images.train[:_TRAIN_EXAMPLES]
  elbos = [elbo(train, seed=draw).mean() for draw in range(_TRAIN_DRAWS)]
  bound = evaluation.Evaluator(
    model,
    num_samples=settings.eval_samples,
    jit_compile=settings.jit_compile,
  )
  test_bounds = bound(images.test, seed=settings.seed)
  statistics = diagnostics.gradient_statistics(
    diagnostics.model_source(
      model, images.train[: settings.batch_size], groups=('encoder',)
    ),
    num_draws=_VARIANCE_DRAWS,
    seed=settings.seed,
  )
  return {
    'train_elbo': float(np.mean(elbos)),
    **report.mean_and_error('test_bound', test_bounds),
    'test_bound_first_2000': float(test_bounds[:_FIRST_TEST_EXAMPLES].mean()),
    'gradient_variance': float(statistics['encoder'].variance),
  }


def table(
  results: report.Results, settings: binary_settings.BinarySettings
) -> str:
  """Returns the table that the run ends with."""
  return report.table(
    [
      ('train ELBO (nats)', f'{results["train_elbo"]:.2f}'),
      (
        f'test bound, {settings.eval_samples} samples (nats)',
        report.with_error(results, 'test_bound'),
      ),
      ('gradient variance (encoder)', f'{results["gradient_variance"]:.3g}'),
      report.speed(results),
    ],
    settings.label,
    settings.steps,
  )
