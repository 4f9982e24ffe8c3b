"""Observations, networks and estimator put together."""

from tf_mco.layers.objective.objective import MonteCarloObjective

__all__ = ['MonteCarloObjective']
