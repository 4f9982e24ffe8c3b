"""Measures of a trained model: bounds of log p(x), and the units it uses."""

from tf_mco.evaluation.active_units import active_units
from tf_mco.evaluation.active_units import unit_variances
from tf_mco.evaluation.evaluator import Evaluator
from tf_mco.evaluation.evaluator import log_likelihood_bounds
from tf_mco.ops.bounds import cubo
from tf_mco.ops.bounds import effective_sample_size
from tf_mco.ops.bounds import jackknife
from tf_mco.ops.bounds import tvo
from tf_mco.posteriors.importance import importance_bound

__all__ = [
  'Evaluator',
  'active_units',
  'cubo',
  'effective_sample_size',
  'importance_bound',
  'jackknife',
  'log_likelihood_bounds',
  'tvo',
  'unit_variances',
]
