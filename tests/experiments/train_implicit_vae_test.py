"""The VAE of other latent variables, end to end on the bundled digits."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from experiments import compare_implicit_vae
from experiments import train_implicit_vae
from experiments.data import datasets
from experiments.implicit import latent_families
from experiments.implicit import vae as implicit_vae
from experiments.implicit import vae_settings as implicit_vae_settings
from experiments.runs import training

_FLAGS = {
  'units': 2,
  'hidden_units': 8,
  'steps': 40,
  'eval_every': 20,
  'eval_samples': 5,
  'eval_examples': 20,
  'test_samples': 20,
  'test_examples': 30,
  'jit_compile': False,
}


def _settings(**flags: Any) -> implicit_vae_settings.Settings:
  return implicit_vae_settings.make('digits', {**_FLAGS, **flags})


@pytest.mark.parametrize('latent', ['gamma', 'von_mises'])
def test_trains_measures_and_draws(latent: str, tmp_path: pathlib.Path) -> None:
  settings = _settings(latent=latent, estimator='dreg', num_samples=2)
  results = train_implicit_vae.run(settings, str(tmp_path))
  assert (
    json.loads((tmp_path / 'results.json').read_text(encoding='utf-8'))
    == results
  )
  assert np.isfinite(results['test_bound'])
  for name in ('learning_curve', 'samples', 'latent_space'):
    assert (tmp_path / f'{name}.png').stat().st_size > 1000
  loaded = tf.saved_model.load(str(tmp_path / 'saved_model'))
  assert {'encode', 'decode', 'sample', 'bound'} <= set(loaded.signatures)


def test_circle_is_drawn(tmp_path: pathlib.Path) -> None:
  settings = _settings(latent='von_mises', units=1)
  images = datasets.load('digits')
  run = training.Run(
    settings, tmp_path, images, make_model=implicit_vae.make_model
  )
  run.train()
  implicit_vae.draw_pictures(run.model, images, tmp_path)
  assert (tmp_path / 'latent_space.png').stat().st_size > 1000


def test_the_seam_of_the_circle_is_not_seen() -> None:
  images = datasets.load('digits')
  model = implicit_vae.make_model(_settings(latent='von_mises'), images)
  ends = np.array([[np.pi, 0.3], [-np.pi, 0.3]], np.float32)
  means = np.asarray(model.decode(ends))
  np.testing.assert_allclose(means[0], means[1], atol=1e-6)
  assert np.abs(means[0] - np.asarray(model.decode(ends * 0.5))[0]).max() > 1e-3


@pytest.mark.parametrize('latent', latent_families.FAMILIES)
def test_quantiles_are_those_of_the_prior(latent: str) -> None:
  family = latent_families.FAMILIES[latent]
  levels = (np.arange(1000) + 0.5) / 1000
  prior = family.prior(1)
  prior.build(None)
  draws = prior.distribution().sample(5000, seed=[1, 2])
  pvalue = stats.ks_2samp(
    np.asarray(draws)[:, 0], family.quantiles(levels)
  ).pvalue
  assert pvalue > 1e-4  # a false alarm once in 10,000 runs, and the seed is one


@pytest.mark.usefixtures('without_export')
def test_comparison(tmp_path: pathlib.Path) -> None:
  text = compare_implicit_vae.run(
    'digits', _FLAGS, ['normal'], ['ELBO', 'IWAE K=5'], [0], tmp_path
  )
  assert (tmp_path / 'comparison.md').read_text(encoding='utf-8') == text + '\n'
  assert (tmp_path / 'comparison.png').stat().st_size > 0
  assert [line.split('|')[1].strip() for line in text.splitlines()[2:]] == [
    'normal, ELBO',
    'normal, IWAE K=5',
  ]


def test_bad_settings(tmp_path: pathlib.Path) -> None:
  with pytest.raises(ValueError, match='Unknown --latent.*Received: student'):
    _settings(latent='student')
  with pytest.raises(ValueError, match='Unknown --families.*cauchy'):
    compare_implicit_vae.run('digits', {}, ['cauchy'], [], [0], tmp_path)
