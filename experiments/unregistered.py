"""Estimators without a name in the registry yet. To be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tf_mco
from tf_mco import estimators

_CLASSES: Mapping[str, Any] = {
  'elbo': estimators.Elbo,
  'iwae': estimators.Iwae,
  'stl': estimators.Stl,
  'dreg': estimators.Dreg,
  'rws_dreg': estimators.RwsDreg,
  'rws': estimators.Rws,
  'aisle': estimators.Aisle,
}


def get_estimator(name: str, **options: Any) -> tf_mco.Estimator:
  """Returns the estimator of that name."""
  if name in _CLASSES and name not in tf_mco.estimator_names():
    return _CLASSES[name](**options)
  return tf_mco.get_estimator(name, **options)
