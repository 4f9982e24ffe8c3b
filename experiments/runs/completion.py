"""From a run to its results: trains, measures, draws, exports, reports."""

from __future__ import annotations

from collections.abc import Callable
import json
import pathlib
from typing import Any

import numpy as np

from experiments.data import datasets
from experiments.drawing import plots
from experiments.runs import directory as run_directory_lib
from experiments.runs import training
from tf_mco import models

_PICTURES = 100


def draw_pictures(
  model: models.LatentVariableModel,
  images: datasets.Images,
  path: pathlib.Path,
) -> None:
  """Writes learning_curve.png, samples.png and reconstructions.png."""
  shape = images.image_shape
  samples = np.asarray(model.sample(_PICTURES, seed=0))
  plots.image_grid(samples.reshape(-1, *shape), path / 'samples.png', 10)
  originals = images.test[:20]
  means = np.asarray(model.reconstruct(originals))
  plots.reconstructions(
    (originals / 255).reshape(-1, *shape),
    means.reshape(-1, *shape),
    path / 'reconstructions.png',
  )
  metrics = run_directory_lib.read_metrics(path)
  plots.learning_curve(
    metrics,
    path / 'learning_curve.png',
    variance='gradient_variance_encoder',
  )


def complete(
  run: training.Run,
  *,
  measure: Callable[[Any], dict[str, Any]],
  table: Callable[[dict[str, Any], Any], str],
  draw: Callable[[Any, Any, pathlib.Path], None] = draw_pictures,
) -> dict[str, Any]:
  """Trains to the end, and returns what `results.json` holds.

  Args:
    run: at any step; a finished one is only reported.
    measure: returns the closing figures of a trained run.
    table: returns the closing table of results and settings.
    draw: writes pictures of a model and its data into a directory.
  Raises:
    ValueError: for a bound that is not finite.
  """
  if run.directory.finished:
    text = (run.path / 'results.json').read_text(encoding='utf-8')
    results = json.loads(text)
    print(f'{run.path} holds the finished run.')
  else:
    if run.first_step:
      print(f'Taking up {run.path} at step {run.first_step:,}.')
    speed = run.train()
    results = {**measure(run), 'steps_per_second': speed}
    draw(run.model, run.images, run.path)
    run.model.export(
      run.path / 'saved_model', num_samples=run.settings.eval_samples
    )
    run.directory.write_json('results.json', results)
  print(f'\n{table(results, run.settings)}')
  if run.images.note:
    print(run.images.note)
  print(f'\nPictures, metrics and the SavedModel: {run.path}')
  return results
