"""Monte Carlo objectives and gradient estimators for TensorFlow and Keras."""

from tf_mco import diagnostics
from tf_mco import distributions
from tf_mco import estimators
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import models
from tf_mco import posteriors
from tf_mco import random
from tf_mco.estimation import estimate
from tf_mco.estimation import expectation
from tf_mco.estimators.coupling import arm_gradient
from tf_mco.estimators.coupling import disarm_gradient
from tf_mco.estimators.estimator import Estimator
from tf_mco.estimators.iwae import iwae_loss
from tf_mco.estimators.reinforce_loo import reinforce_loo_loss
from tf_mco.estimators.rws import rws_loss
from tf_mco.estimators.vimco import vimco_loss
from tf_mco.registry import estimator_names
from tf_mco.registry import get_estimator
from tf_mco.types import Draw
from tf_mco.types import Surrogate

__version__ = '0.1.0'

__all__ = [
  'Draw',
  'Estimator',
  'Surrogate',
  'arm_gradient',
  'diagnostics',
  'disarm_gradient',
  'distributions',
  'estimate',
  'estimator_names',
  'estimators',
  'evaluation',
  'expectation',
  'get_estimator',
  'iwae_loss',
  'layers',
  'models',
  'posteriors',
  'random',
  'reinforce_loo_loss',
  'rws_loss',
  'vimco_loss',
]
