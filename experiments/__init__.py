"""Binaries of the published experiments, and what they share."""
