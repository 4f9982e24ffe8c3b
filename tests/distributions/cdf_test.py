"""A CDF that is missing, or has no gradient, is a ValueError."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd


def test_implicit_without_a_cdf_or_without_its_gradient() -> None:
  class NoCdf(tfd.Normal):
    def _cdf(self, x):
      raise NotImplementedError('cdf')

    _survival_function = tfd.Distribution._survival_function
    _log_survival_function = tfd.Distribution._log_survival_function

  class NoGradient(NoCdf):
    def _cdf(self, x):
      return tf.stop_gradient(tfd.Normal(self.loc, self.scale).cdf(x))

  with pytest.raises(ValueError, match='with a CDF'):
    distributions.implicit(NoCdf(0.0, 1.0))
  with pytest.raises(ValueError, match='gradient in each parameter'):
    distributions.implicit(NoGradient(0.0, 1.0))
  for bad in (tfd.Poisson(1.0), tfd.Bernoulli(logits=0.0), 3, []):
    with pytest.raises(ValueError):
      distributions.implicit(bad)
