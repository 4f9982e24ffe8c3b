"""TFP distributions made fast and robust for the estimators."""

from tf_mco.distributions.bernoulli import Bernoulli

__all__ = ['Bernoulli']
