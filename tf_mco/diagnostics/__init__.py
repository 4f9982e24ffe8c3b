"""Variance and bias of gradient estimates, at fixed parameters and in training.

A `GradientSource` is the gradient that is measured: that of any loss as a
function of a seed, or that of a `LatentVariableModel` with any estimator
(`model_source`). `plots` draws the measurements; it needs matplotlib, which the
extra `tf-mco[plots]` installs.
"""

from tf_mco.diagnostics import plots
from tf_mco.diagnostics.bias import BiasCheck
from tf_mco.diagnostics.bias import bias_check
from tf_mco.diagnostics.equal_cost import at_equal_evaluations
from tf_mco.diagnostics.estimator_comparison import EstimatorComparison
from tf_mco.diagnostics.gradient_source import GradientSource
from tf_mco.diagnostics.gradient_source import model_source
from tf_mco.diagnostics.gradient_variance import GradientVariance
from tf_mco.diagnostics.statistics import GradientMeter
from tf_mco.diagnostics.statistics import GradientStatistics
from tf_mco.diagnostics.statistics import gradient_statistics

# The names of EstimatorComparison and GradientMeter before version 0.2.
Basket = EstimatorComparison
Meter = GradientMeter

__all__ = [
  'Basket',
  'BiasCheck',
  'EstimatorComparison',
  'GradientMeter',
  'GradientSource',
  'GradientStatistics',
  'GradientVariance',
  'Meter',
  'at_equal_evaluations',
  'bias_check',
  'gradient_statistics',
  'model_source',
  'plots',
]
