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
  """Documents, with the topics and proportions that they were drawn from."""

  counts: scipy.sparse.csr_matrix  # int32 `[N, V]`
  topics: np.ndarray  # `[T, V]`, of sum 1
  proportions: np.ndarray  # `[N, T]`
  vocabulary: tuple[str, ...]


def bars(
  *, side: int = _SIDE, documents: int = _DOCUMENTS, seed: int = 0
) -> Drawn:
  """Returns documents of topics that are the rows and columns of a grid.

  Args:
    side: the side of the grid, which has side^2 words and 2 side topics.
    documents: the number of documents.
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

  The proportions of topics in a document have a Dirichlet distribution. The
  number of its words is a Poisson variable, or 1 if the variable is 0.

  Args:
    topics: `[T, V]`, rows of sum 1.
    documents: N.
    concentration: the concentration of the symmetric Dirichlet.
    mean_words: the mean of the Poisson variable.
    seed: the same seed gives the same documents.
  """
  # NumPy keeps the stream of a RandomState the same in all its versions, which
  # it does not promise for a Generator.
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
  """Returns documents in parts, in a random order.

  Args:
    counts: `[N, V]`, the documents.
    shares: the shares of all parts but the last, which has the others.
    seed: the same seed gives the same parts.

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
