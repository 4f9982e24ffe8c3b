"""Heads: layers that end a network in the parameters of a distribution."""
