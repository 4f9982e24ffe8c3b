"""Reads sparse counts and their vocabulary, and checks them."""

from __future__ import annotations

import os
import pathlib
from typing import Any, NamedTuple
import zipfile

import numpy as np
import scipy.sparse

_FIELDS = ('data', 'indices', 'indptr', 'shape')
_PARTS = ('train', 'valid', 'test')


class CorpusFiles(NamedTuple):
  """The contents of a file of counts and of a file of words."""

  # 'train', 'test' and perhaps 'valid'; or 'all'. CSR, int32 `[N, V]`.
  parts: dict[str, scipy.sparse.csr_matrix]
  vocabulary: tuple[str, ...]


def read(
  documents: str | os.PathLike, vocabulary: str | os.PathLike
) -> CorpusFiles:
  """Returns the counts and the words of two files.

  Args:
    documents: an npz file with one CSR matrix, as `scipy.sparse.save_npz`
      writes it, or with a matrix for each part: `train_data`, `train_indices`,
      `train_indptr`, `train_shape`, the same names for test, and for valid if
      there is such a part. A row is a document, and a column is a word.
    vocabulary: a text file, whose line n (from 0) is the word of column n.
  Raises:
    FileNotFoundError: if a file is missing.
    ValueError: for counts that are not whole numbers >= 0, for documents
      without words, and for a vocabulary of another size.
  """
  documents, vocabulary = _existing(documents), _existing(vocabulary)
  text = vocabulary.read_text(encoding='utf-8')
  words = tuple(line.strip() for line in text.splitlines())
  try:
    with np.load(documents, allow_pickle=False) as archive:
      arrays = {name: archive[name] for name in archive.files}
  except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
    raise ValueError(
      f'{documents} is no npz file of arrays ({error}).'
    ) from error
  parts = {
    name: _matrix(arrays, prefix, f'{documents}, {name}')
    for name, prefix in _prefixes(arrays, documents).items()
  }
  for name, matrix in parts.items():
    if matrix.shape[1] != len(words):
      raise ValueError(
        f'The vocabulary must have a word for each column. Received: '
        f'{len(words)} words in {vocabulary}, {matrix.shape[1]} columns in '
        f'{documents}, {name}'
      )
  return CorpusFiles(parts, words)


def _existing(path: str | os.PathLike) -> pathlib.Path:
  path = pathlib.Path(path).expanduser()
  if not path.is_file():
    raise FileNotFoundError(
      f'There is no file {path}. A corpus is an npz file of sparse counts and '
      'a text file of its words: --documents and --vocabulary.'
    )
  return path


def _prefixes(arrays: dict[str, Any], where: pathlib.Path) -> dict[str, str]:
  """Returns the parts in a file, and how the names of their arrays begin."""
  if set(_FIELDS) <= set(arrays):
    return {'all': ''}
  prefixes = {
    part: f'{part}_'
    for part in _PARTS
    if all(f'{part}_{field}' in arrays for field in _FIELDS)
  }
  if not {'train', 'test'} <= set(prefixes):
    raise ValueError(
      f'{where} must hold the arrays {", ".join(_FIELDS)} of a CSR matrix, or '
      'those with the prefixes train_ and test_. Received: '
      f'{", ".join(sorted(arrays)) or "none"}'
    )
  return prefixes


def _matrix(
  arrays: dict[str, Any], prefix: str, where: str
) -> scipy.sparse.csr_matrix:
  """Returns one checked matrix, without stored zeros."""
  data, indices, indptr, shape = (arrays[prefix + name] for name in _FIELDS)
  try:
    matrix = scipy.sparse.csr_matrix(
      (data, indices, indptr), shape=tuple(shape)
    )
    matrix.check_format(full_check=True)
  except (ValueError, TypeError) as error:
    raise ValueError(f'{where} is no CSR matrix: {error}.') from error
  return checked(matrix, where)


def checked(
  matrix: scipy.sparse.csr_matrix, where: str
) -> scipy.sparse.csr_matrix:
  """Returns counts as int32 without stored zeros.

  Raises:
    ValueError: for values that are no counts, and for documents without words.
  """
  values = matrix.data
  numbers = values.dtype.kind in 'biuf'
  if not numbers or np.any(~(values >= 0) | (values != np.floor(values))):
    bad = values[~((values >= 0) & (values == np.floor(values)))][:3]
    raise ValueError(
      f'Counts must be whole numbers >= 0 in {where}. Received: '
      f'{bad.tolist() if numbers else values.dtype}'
    )
  matrix = matrix.astype(np.int32)
  matrix.sum_duplicates()
  matrix.eliminate_zeros()
  empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
  if empty.size or not matrix.shape[0]:
    raise ValueError(
      f'Every document must have a word in {where}. Received: {empty.size} '
      f'of {matrix.shape[0]} without, the first at {empty[:3].tolist()}'
    )
  return matrix
