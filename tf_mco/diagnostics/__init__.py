"""Variance and bias of gradient estimates, at fixed parameters and in training.

What is measured is a `GradientSource`: any loss as a function of a seed, or a
`LatentVariableModel` with any estimator (`model_source`).
"""

from tf_mco.diagnostics.basket import Basket
from tf_mco.diagnostics.bias import BiasCheck
from tf_mco.diagnostics.bias import bias_check
from tf_mco.diagnostics.budget import at_equal_evaluations
from tf_mco.diagnostics.gradient_variance import GradientVariance
from tf_mco.diagnostics.source import GradientSource
from tf_mco.diagnostics.source import model_source
from tf_mco.diagnostics.statistics import GradientStatistics
from tf_mco.diagnostics.statistics import Meter
from tf_mco.diagnostics.statistics import gradient_statistics

__all__ = [
  'Basket',
  'BiasCheck',
  'GradientSource',
  'GradientStatistics',
  'GradientVariance',
  'Meter',
  'at_equal_evaluations',
  'bias_check',
  'gradient_statistics',
  'model_source',
]
