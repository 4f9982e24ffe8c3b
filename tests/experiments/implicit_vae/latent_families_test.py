"""Tests of the families of latent variables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from experiments.implicit_vae import latent_families


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
