"""Faults to plant in tf_mco, and the check that must find each of them."""

from tests.contract.mutations import pairs
from tests.contract.mutations import paths
from tests.contract.mutations import posteriors
from tests.contract.mutations import scores
from tests.contract.mutations import trajectories
from tests.contract.mutations import transformations
from tests.contract.mutations.fault import Fault

FAULTS = [
  *scores.FAULTS,
  *pairs.FAULTS,
  *posteriors.FAULTS,
  *paths.FAULTS,
  *trajectories.FAULTS,
  *transformations.FAULTS,
]

__all__ = ['FAULTS', 'Fault']
