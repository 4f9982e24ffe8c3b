"""The VAE of other latent variables, end to end on the bundled digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.framework import run as run_lib
from experiments.implicit_vae import compare as implicit_compare
from experiments.implicit_vae import experiment as implicit_experiment
from experiments.implicit_vae import model as implicit_model
from experiments.implicit_vae import plots as implicit_plots
from experiments.implicit_vae import report as implicit_report
from experiments.implicit_vae import settings as implicit_settings
from tests.experiments import conftest
from tests.experiments import states

_FLAGS = {
  'units': 2,
  'hidden_units': 8,
  'steps': 20,
  'eval_every': 10,
  'eval_samples': 5,
  'eval_examples': 20,
  'test_samples': 20,
  'test_examples': 30,
  'jit_compile': False,
}
_EXPERIMENT = implicit_experiment.EXPERIMENT


def _settings(**flags: Any) -> implicit_settings.ImplicitVaeSettings:
  return _EXPERIMENT.make_settings('digits', {**_FLAGS, **flags})


@pytest.fixture(scope='module', params=['gamma', 'von_mises'])
def finished(request, tmp_path_factory, without_exports) -> conftest.Finished:
  """A finished run of each of two families."""
  del without_exports
  path = tmp_path_factory.mktemp('run') / request.param
  settings = _settings(latent=request.param, estimator='dreg', num_samples=2)
  return conftest.Finished(path, _EXPERIMENT.run(settings, path))


def test_trains_measures_and_plots(finished) -> None:
  path, results = finished
  assert np.isfinite(results['test_bound'])
  assert (results['test_samples'], results['test_examples']) == (20, 30)
  for name in ('learning_curve', 'samples', 'latent_space'):
    assert (path / f'{name}.png').stat().st_size > 1000


def test_results_are_the_models_own(finished, digits) -> None:
  path, results = finished
  settings = _settings(latent=path.name, estimator='dreg', num_samples=2)
  run: run_lib.Run = _EXPERIMENT.open(settings, path, digits)
  assert run.first_step == 20
  again = implicit_report.measure(run)
  assert again == {name: results[name] for name in again}
  assert 'L_20 of 30 test images' in implicit_report.table(results, settings)


def test_a_circle_is_plotted(digits, tmp_path) -> None:
  settings = _settings(latent='von_mises', units=1)
  model = implicit_model.make(settings, digits)
  implicit_plots.plot_latent_space(model, settings, digits, tmp_path)
  assert (tmp_path / 'latent_space.png').stat().st_size > 1000


def test_a_large_latent_space_is_not_plotted(digits, tmp_path) -> None:
  for flags in ({'units': 3}, {'units': 1, 'latent': 'gamma'}):
    settings = _settings(**flags)
    # It would need no model to know.
    implicit_plots.plot_latent_space(None, settings, digits, tmp_path)  # type: ignore[arg-type]
  assert not list(tmp_path.iterdir())


def test_the_seam_of_the_circle_is_not_seen(digits) -> None:
  model = implicit_model.make(_settings(latent='von_mises'), digits)
  ends = np.array([[np.pi, 0.3], [-np.pi, 0.3]], np.float32)
  means = np.asarray(model.decode(ends))
  np.testing.assert_allclose(means[0], means[1], atol=1e-6)
  assert np.abs(means[0] - np.asarray(model.decode(ends * 0.5))[0]).max() > 1e-3


def test_a_comparison_says_what_it_compares(
  finished, tmp_path, monkeypatch
) -> None:
  comparison = implicit_compare.COMPARISON
  monkeypatch.setattr(comparison.experiment, 'run', states.copy_of(*finished))
  chosen = {'families': ['normal'], 'estimators': ['ELBO', 'IWAE K=5']}
  text = comparison.run('digits', _FLAGS, chosen, [0], tmp_path)
  assert (tmp_path / 'comparison.md').read_text(encoding='utf-8') == text + '\n'
  assert (tmp_path / 'comparison.png').stat().st_size > 0
  header, _, *lines = text.splitlines()
  assert 'L_20, 30 test images (nats)' in header
  assert [line.split('|')[1].strip() for line in lines] == [
    'normal, ELBO',
    'normal, IWAE K=5',
  ]
  with pytest.raises(ValueError, match='Unknown --families.*cauchy'):
    comparison.run('digits', {}, {'families': ['cauchy']}, [0], tmp_path)


def test_an_unknown_family_is_refused() -> None:
  with pytest.raises(ValueError, match='Unknown --latent.*Received: student'):
    _settings(latent='student')
