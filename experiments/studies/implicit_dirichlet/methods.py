"""The methods that the Dirichlet study compares, each from one sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
from typing import Any, NamedTuple

import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco._tfp import tfd

Posterior = Callable[[tf.Tensor], Any]


class DirichletMethod(NamedTuple):
  """An estimator of a mean, and the distribution whose samples it uses."""

  estimator: tf_mco.Estimator
  posterior: Posterior  # from concentrations `[B, D]`


class _TfpDirichlet(tfd.Dirichlet):
  """TFP's own Dirichlet: the library draws no subclass as its own class."""

  @classmethod
  def _parameter_properties(
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> Any:
    return super()._parameter_properties(dtype, num_classes)


def _method(name: str, posterior: Posterior, **options: int) -> DirichletMethod:
  return DirichletMethod(tf_mco.get_estimator(name, **options), posterior)


_ours = distributions.Dirichlet
METHODS: Mapping[str, DirichletMethod] = {
  'implicit, Gamma ratios': _method('elbo', _ours),
  'implicit, CDF': _method('elbo', functools.partial(_ours, gradient='cdf')),
  'RSVI, B = 1': _method('rsvi', _ours, augmentation=1),
  'RSVI, B = 5': _method('rsvi', _ours, augmentation=5),
  'GREP': _method('grep', _ours),
  'score function': _method('reinforce', _ours),
  'TFP': _method('elbo', _TfpDirichlet),
}
