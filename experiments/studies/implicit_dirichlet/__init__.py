"""Gradients through samples of a Dirichlet, by several methods."""
