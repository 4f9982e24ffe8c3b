"""Documents as bags of words: sparse counts, in three parts."""

from __future__ import annotations

from collections.abc import Callable
import os
import pathlib
from typing import NamedTuple

import numpy as np
import scipy.sparse

from experiments.data import corpus_files
from experiments.data import synthetic_corpus

_PathLike = str | os.PathLike | None

_SHARED = pathlib.Path(__file__).parents[3] / 'shared' / 'newsgroups'
_NEWSGROUPS = ('newsgroups_ss2017.npz', 'vocab.txt')


class Corpus(NamedTuple):
  """Documents to train on, to validate and to test, in one vocabulary."""

  name: str
  train: scipy.sparse.csr_matrix  # int32 `[N, V]`, no empty row
  valid: scipy.sparse.csr_matrix  # for the learning curve
  test: scipy.sparse.csr_matrix
  vocabulary: tuple[str, ...]
  topics: np.ndarray | None  # `[T, V]`, if the documents' topics are known
  note: str  # what a reader of its perplexities must know


class _Paths(NamedTuple):
  """The places of files that the user gave."""

  documents: _PathLike
  vocabulary: _PathLike


def load(
  name: str, *, documents: _PathLike = None, vocabulary: _PathLike = None
) -> Corpus:
  """Returns a corpus by its name.

  Args:
    name: one of `NAMES`.
    documents: the npz file of 'file'. 'newsgroups' takes it too, if its file is
      neither in $NEWSGROUPS_DIR nor in ../shared/newsgroups. See
      `corpus_files.read`.
    vocabulary: the text file of the words, one in a line.
  Raises:
    ValueError: if there is no such corpus, or its files do not make one.
    FileNotFoundError: if a file is missing.
  """
  if not isinstance(name, str) or name not in _LOADERS:
    raise ValueError(
      f'Unknown corpus. Expected one of {", ".join(NAMES)}. Received: '
      f'name={name!r}'
    )
  return _LOADERS[name](_Paths(documents, vocabulary))


def word_counts(documents: scipy.sparse.csr_matrix) -> np.ndarray:
  """Returns the words of each document, `[N]`."""
  return np.asarray(documents.sum(axis=1)).reshape(-1)


def _bars(paths: _Paths) -> Corpus:
  if paths.documents or paths.vocabulary:
    raise ValueError(
      '--documents and --vocabulary are of --dataset=file. Received: '
      f'--dataset=bars and {paths.documents or paths.vocabulary}'
    )
  drawn = synthetic_corpus.bars()
  train, valid, test = synthetic_corpus.split(drawn.counts, (0.8, 0.1))
  note = (
    'Documents drawn from 20 known topics, the rows and columns of a 10 x 10 '
    "grid of words: for quick trials, in nobody's tables."
  )
  return Corpus(
    'bars', train, valid, test, drawn.vocabulary, drawn.topics, note
  )


def _newsgroups(paths: _Paths) -> Corpus:
  configured = os.environ.get('NEWSGROUPS_DIR')
  folder = pathlib.Path(configured).expanduser() if configured else _SHARED
  documents, vocabulary = (
    path or folder / name
    for path, name in zip(
      (paths.documents, paths.vocabulary), _NEWSGROUPS, strict=True
    )
  )
  files = corpus_files.read(documents, vocabulary)
  note = (
    '20 Newsgroups as Srivastava and Sutton (2017) cleaned it, which has no '
    'validation part: the learning curve is of test documents. The published '
    'configuration was not chosen by it; that of newsgroups_short was.'
  )
  test = files.parts['test']
  return Corpus(
    *('newsgroups', files.parts['train'], test, test),
    *(files.vocabulary, None, note),
  )


def _file(paths: _Paths) -> Corpus:
  if not paths.documents or not paths.vocabulary:
    raise ValueError(
      '--dataset=file needs --documents, an npz file of sparse counts, and '
      f'--vocabulary, a text file. Received: --documents={paths.documents}, '
      f'--vocabulary={paths.vocabulary}'
    )
  files = corpus_files.read(paths.documents, paths.vocabulary)
  if 'all' in files.parts:
    train, valid, test = synthetic_corpus.split(files.parts['all'], (0.8, 0.1))
    how = 'split at random, 80 % / 10 % / 10 %'
  else:
    train, test = files.parts['train'], files.parts['test']
    valid = files.parts.get('valid', test)
    watched = 'its own' if 'valid' in files.parts else 'the test part'
    how = f"in the file's own parts; validation is {watched}"
  note = f'{paths.documents}, {how}.'
  return Corpus('file', train, valid, test, files.vocabulary, None, note)


_LOADERS: dict[str, Callable[[_Paths], Corpus]] = {
  'bars': _bars,
  'newsgroups': _newsgroups,
  'file': _file,
}
NAMES = tuple(_LOADERS)
