"""Keras models over the layers."""

from tf_mco.models.group_optimizer import GroupOptimizer
from tf_mco.models.latent_variable_model import LatentVariableModel

__all__ = ['GroupOptimizer', 'LatentVariableModel']
