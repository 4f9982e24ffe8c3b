"""Closing figures and table of a run of binary latent variables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tabulate

from experiments.runs import training
from tf_mco import diagnostics
from tf_mco import evaluation

_TRAIN_EXAMPLES = 10_000
_TRAIN_DRAWS = 4
_VARIANCE_DRAWS = 500


def measure(run: training.Run) -> dict[str, float]:
  """Returns the closing figures at the present parameters.

  `train_elbo` is the one-sample bound of up to 10,000 training images, four
  draws each; `test_bound` the bound of all test images with `eval_samples`
  samples, nats both; `gradient_variance` that of the mean gradient of a batch,
  averaged over the encoder's parameters, by Monte Carlo.
  """
  settings, model, images = run.settings, run.model, run.images
  options = {'jit_compile': settings.jit_compile}
  elbo = evaluation.Evaluator(model, num_samples=1, **options)
  train = images.train[:_TRAIN_EXAMPLES]
  draws = [elbo(train, seed=draw).mean() for draw in range(_TRAIN_DRAWS)]
  bound = evaluation.Evaluator(
    model, num_samples=settings.eval_samples, **options
  )
  test = bound(images.test, seed=settings.seed)
  statistics = diagnostics.gradient_statistics(
    diagnostics.model_source(
      model, images.train[: settings.batch_size], groups=('encoder',)
    ),
    num_draws=_VARIANCE_DRAWS,
    seed=settings.seed,
  )
  return {
    'train_elbo': float(np.mean(draws)),
    'test_bound': float(test.mean()),
    'test_bound_standard_error': float(test.std() / math.sqrt(test.size)),
    'test_bound_first_2000': float(test[:2000].mean()),
    'gradient_variance': float(statistics['encoder'].variance),
  }


def table(results: dict[str, Any], settings: Any) -> str:
  """Returns the closing table."""
  samples, speed = settings.eval_samples, results['steps_per_second']
  rows = [
    ('train ELBO (nats)', f'{results["train_elbo"]:.2f}'),
    (
      f'test bound, {samples} samples (nats)',
      f'{results["test_bound"]:.2f}'
      f' ± {results["test_bound_standard_error"]:.2f}',
    ),
    ('gradient variance (encoder)', f'{results["gradient_variance"]:.3g}'),
    ('training steps/s', f'{speed:.0f}' if speed else 'not measured'),
  ]
  return tabulate.tabulate(
    rows, headers=[settings.label, f'step {settings.steps:,}']
  )
