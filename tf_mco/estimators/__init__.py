"""The estimators, one per file."""

from tf_mco.estimators.arm import Arm
from tf_mco.estimators.disarm import Disarm
from tf_mco.estimators.local_disarm import LocalDisarm
from tf_mco.estimators.reinforce import Reinforce
from tf_mco.estimators.reinforce_loo import ReinforceLoo
from tf_mco.estimators.vimco import Vimco

__all__ = [
  'Arm',
  'Disarm',
  'LocalDisarm',
  'Reinforce',
  'ReinforceLoo',
  'Vimco',
]
