"""Posteriors that are not a plain `tfd.Distribution`."""

from tf_mco.posteriors.chain import Chain

__all__ = ['Chain']
