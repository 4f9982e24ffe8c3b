"""The networks of a latent variable model."""

from __future__ import annotations

from typing import Any, NamedTuple


class Networks(NamedTuple):
  """The three parts of a model: q(z | x), p(x | z) and p(z)."""

  encoder: Any
  decoder: Any
  prior: Any
