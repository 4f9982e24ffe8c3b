"""The estimators, one idea per file."""

from tf_mco.estimators.aisle import Aisle
from tf_mco.estimators.arm import Arm
from tf_mco.estimators.disarm import Disarm
from tf_mco.estimators.dreg import Dreg
from tf_mco.estimators.dreg import RwsDreg
from tf_mco.estimators.dreg import Stl
from tf_mco.estimators.elbo import Elbo
from tf_mco.estimators.estimator import Estimator
from tf_mco.estimators.estimator import MeanEstimator
from tf_mco.estimators.generalized_reparameterization import Grep
from tf_mco.estimators.generalized_reparameterization import Rsvi
from tf_mco.estimators.iwae import Ciwae
from tf_mco.estimators.iwae import Iwae
from tf_mco.estimators.iwae import Renyi
from tf_mco.estimators.local_disarm import LocalDisarm
from tf_mco.estimators.miwae import Miwae
from tf_mco.estimators.miwae import Piwae
from tf_mco.estimators.reinforce import Reinforce
from tf_mco.estimators.reinforce_loo import ReinforceLoo
from tf_mco.estimators.rws import Rws
from tf_mco.estimators.vimco import Vimco

__all__ = [
  'Aisle',
  'Arm',
  'Ciwae',
  'Disarm',
  'Dreg',
  'Elbo',
  'Estimator',
  'Grep',
  'Iwae',
  'LocalDisarm',
  'MeanEstimator',
  'Miwae',
  'Piwae',
  'Reinforce',
  'ReinforceLoo',
  'Renyi',
  'Rsvi',
  'Rws',
  'RwsDreg',
  'Stl',
  'Vimco',
]
