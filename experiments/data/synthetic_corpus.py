"""Documents drawn from known topics, by latent Dirichlet allocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse

_SIDE = 10
_DOCUMENTS = 5_000
_MEAN_WORDS = 80
_CONCENTRATION = 0.1


class Drawn(NamedTuple):
  """Documents and where they come from."""

  counts: scipy.sparse.csr_matrix  # int32 `[N, V]`
  topics: np.ndarray  # `[T, V]`, of sum 1
  proportions: np.ndarray  # `[N, T]`
  vocabulary: tuple[str, ...]


def bars(
  *, side: int = _SIDE, documents: int = _DOCUMENTS, seed: int = 0
) -> Drawn:
  """Returns documents of topics that are the rows and columns of a grid.

  Args:
    side: of the grid: side^2 words, 2 side topics.
    documents: their number.
    seed: the same seed gives the same documents.
  Reference: Griffiths and Steyvers (2004), the graphical example.
  """
  rows = np.zeros([side, side, side])
  rows[np.arange(side), np.arange(side)] = 1 / side
  topics = np.concatenate([rows, rows.transpose(0, 2, 1)])
  drawn = draw(topics.reshape(2 * side, -1), documents, seed=seed)
  words = [f'row{r}-col{c}' for r in range(side) for c in range(side)]
  return drawn._replace(vocabulary=tuple(words))


def draw(
  topics: np.ndarray,
  documents: int,
  *,
  concentration: float = _CONCENTRATION,
  mean_words: float = _MEAN_WORDS,
  seed: int,
) -> Drawn:
  """Returns documents of given topics.

  The proportions of a document are Dirichlet, its number of words is Poisson
  and at least 1.

  Args:
    topics: `[T, V]`, rows of sum 1.
    documents: N.
    concentration: of the symmetric Dirichlet.
    mean_words: of the Poisson variable.
    seed: the same seed gives the same documents.
  """
  # The stream of RandomState is frozen; that of a Generator is not.
  stream = np.random.RandomState(seed)
  proportions = stream.dirichlet([concentration] * len(topics), documents)
  lengths = np.maximum(stream.poisson(mean_words, documents), 1)
  counts = np.stack(
    [
      stream.multinomial(length, probs / probs.sum())
      for length, probs in zip(lengths, proportions @ topics, strict=True)
    ]
  )
  return Drawn(
    counts=scipy.sparse.csr_matrix(counts.astype(np.int32)),
    topics=topics,
    proportions=proportions,
    vocabulary=tuple(f'word{v}' for v in range(topics.shape[1])),
  )


def split(
  counts: scipy.sparse.csr_matrix, shares: Sequence[float], *, seed: int = 0
) -> list[scipy.sparse.csr_matrix]:
  """Returns documents in parts, in a random order; the last is what is left.

  Raises:
    ValueError: if a part would be empty.
  """
  total = counts.shape[0]
  ends = np.cumsum([int(share * total) for share in shares])
  if min(np.diff([0, *ends, total])) < 1:
    raise ValueError(
      f'Too few documents for parts of {list(shares)}. Received: {total}'
    )
  order = np.random.RandomState(seed).permutation(total)
  return [counts[part] for part in np.split(order, ends)]
