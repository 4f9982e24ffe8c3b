"""Tests of corpora: what files hold, what is refused, what is drawn."""

import numpy as np
import pytest
import scipy.sparse

from experiments.data import corpora
from experiments.data import corpus_files
from experiments.data import synthetic_corpus

_COUNTS = np.array([[2, 0, 1], [0, 3, 0], [1, 1, 1], [0, 0, 4]])


def _write(folder, counts=_COUNTS, words='one\ntwo\nthree\n', prefixes=('',)):
  arrays = {}
  for prefix in prefixes:
    matrix = scipy.sparse.csr_matrix(counts)
    for name in ('data', 'indices', 'indptr', 'shape'):
      arrays[prefix + name] = getattr(matrix, name)
  np.savez(folder / 'counts.npz', **arrays)
  (folder / 'words.txt').write_text(words, encoding='utf-8')
  return folder / 'counts.npz', folder / 'words.txt'


def test_one_matrix_is_split(tmp_path):
  counts = np.arange(1, 61).reshape(20, 3)
  documents, vocabulary = _write(tmp_path, counts)
  corpus = corpora.load('file', documents=documents, vocabulary=vocabulary)
  parts = [corpus.train, corpus.valid, corpus.test]
  assert [part.shape for part in parts] == [(16, 3), (2, 3), (2, 3)]
  both = np.concatenate([part.toarray() for part in parts])
  np.testing.assert_array_equal(np.sort(both, axis=0), counts)
  assert corpus.vocabulary == ('one', 'two', 'three')
  assert corpus.topics is None


def test_scipys_own_file_is_read(tmp_path):
  _, vocabulary = _write(tmp_path)
  path = tmp_path / 'scipy.npz'
  scipy.sparse.save_npz(path, scipy.sparse.csr_matrix(_COUNTS))
  parts = corpus_files.read(path, vocabulary).parts
  np.testing.assert_array_equal(parts['all'].toarray(), _COUNTS)


def test_parts_of_a_file_stay_as_they_are(tmp_path):
  paths = _write(tmp_path, prefixes=('train_', 'valid_', 'test_'))
  corpus = corpora.load('file', documents=paths[0], vocabulary=paths[1])
  for part in (corpus.train, corpus.valid, corpus.test):
    np.testing.assert_array_equal(part.toarray(), _COUNTS)
  assert 'validation is its own' in corpus.note


def test_newsgroups_are_found_in_a_folder(tmp_path, monkeypatch):
  documents, vocabulary = _write(tmp_path, prefixes=('train_', 'test_'))
  documents.rename(tmp_path / 'newsgroups_ss2017.npz')
  vocabulary.rename(tmp_path / 'vocab.txt')
  monkeypatch.setenv('NEWSGROUPS_DIR', str(tmp_path))
  corpus = corpora.load('newsgroups')
  np.testing.assert_array_equal(corpus.valid.toarray(), corpus.test.toarray())
  assert 'no validation part' in corpus.note
  monkeypatch.setenv('NEWSGROUPS_DIR', str(tmp_path / 'none'))
  with pytest.raises(FileNotFoundError, match='no file .*none.*--documents'):
    corpora.load('newsgroups')


@pytest.mark.parametrize(
  'change, message',
  [
    ({'counts': -_COUNTS}, r'whole numbers >= 0.*Received: \[-2'),
    ({'counts': _COUNTS / 2}, r'whole numbers >= 0.*\[0.5'),
    ({'counts': _COUNTS * np.nan}, 'whole numbers >= 0.*nan'),
    ({'counts': _COUNTS * [[1], [0], [1], [1]]}, r'1 of 4 without.*\[1\]'),
    ({'counts': _COUNTS * 1.0 + [2**31, 0, 0]}, r'< 2\^31.*2147483650'),
    ({'counts': _COUNTS + np.int64([2**32, 0, 0])}, r'< 2\^31.*4294967298'),
    ({'counts': _COUNTS + np.diag([np.inf] * 4)[:, :3]}, r'whole numbers.*inf'),
    ({'counts': _COUNTS * 1j}, 'Received: complex128'),
    ({'words': 'one\ntwo\n'}, '2 words in .*words.txt, 3 columns'),
    ({'words': ''}, '0 words in .*words.txt, 3 columns'),
    ({'words': 'one\n\nthree\n'}, 'must have a word.*blank line 2'),
    ({'words': 'one\ntwo\n \n'}, 'must have a word.*blank line 3'),
    ({'words': 'one\ntwo\none\n'}, r"must differ.*1 more than.*\['one'\]"),
    ({'prefixes': ('', 'train_', 'test_')}, 'or those with the prefixes'),
    ({'prefixes': ('train_',)}, 'prefixes train_ and test_. Received: train_'),
  ],
)
def test_bad_files_are_refused(tmp_path, change, message):
  documents, vocabulary = _write(tmp_path, **change)
  with pytest.raises(ValueError, match=message):
    corpora.load('file', documents=documents, vocabulary=vocabulary)


def test_words_are_lines(tmp_path):
  """A word may hold what `str.splitlines` breaks at; Windows writes a BOM."""
  text = '\ufeffone\r\ntwo\x85halves\r\nthree'
  corpus = corpus_files.read(*_write(tmp_path, words=text))
  assert corpus.vocabulary == ('one', 'two\x85halves', 'three')


def _arrays(**changes):
  return {
    'data': [1, 2],
    'indices': [0, 1],
    'indptr': [0, 1, 2],
    'shape': [2, 3],
  } | changes


@pytest.mark.parametrize(
  ('arrays', 'message'),
  [
    (_arrays(indices=[0, 5]), 'no CSR matrix'),
    (_arrays(indices=[0.0, 1.5]), 'must be integers.*Received: float64'),
    (_arrays(shape=[2.5, 3]), 'must be integers.*float64'),
    (_arrays(shape=[2, 3, 4]), 'no CSR matrix'),
    (_arrays(shape=[-2, 3]), 'no CSR matrix'),
    (_arrays(data=[[1], [2]]), 'no CSR matrix'),
    (_arrays(data=['a', 'b']), 'Received: <U1'),
    (
      _arrays(data=[2**31 - 1, 1], indices=[0, 0], indptr=[0, 2], shape=[1, 3]),
      r'sum to less than 2\^31. Received: 2147483648',
    ),
    (_arrays(format=b'csc'), r"must be a CSR matrix.*tocsr.*Received: b'csc'"),
    ({}, 'Received: none'),
    (
      {
        f'{part}_{name}': value
        for part in ('train', 'test')
        for name, value in _arrays().items()
      }
      | {'valid_data': [1]},
      'prefixes train_ and test_. Received: .*valid_data',
    ),
  ],
)
def test_matrices_that_are_none(tmp_path, arrays, message):
  documents, vocabulary = _write(tmp_path)
  np.savez(documents, **arrays)
  with pytest.raises(ValueError, match=message):
    corpus_files.read(documents, vocabulary)


@pytest.mark.parametrize('share', [0.0, 0.3, 0.9])
def test_a_broken_archive(tmp_path, share):
  documents, vocabulary = _write(tmp_path)
  content = documents.read_bytes()
  documents.write_bytes(content[: int(share * len(content))])
  with pytest.raises(ValueError, match='counts.npz is no npz file') as raised:
    corpus_files.read(documents, vocabulary)
  assert '\n' not in str(raised.value)
  with documents.open('wb') as file:
    np.save(file, _COUNTS)  # One array, and no archive.
  with pytest.raises(ValueError, match='counts.npz is no npz file'):
    corpus_files.read(documents, vocabulary)


def test_a_vocabulary_in_another_encoding(tmp_path):
  documents, vocabulary = _write(tmp_path)
  vocabulary.write_bytes('één\ntwee\ndrie\n'.encode('latin-1'))
  with pytest.raises(ValueError, match='words.txt is no text file in UTF-8'):
    corpus_files.read(documents, vocabulary)


def test_what_is_no_file_or_no_matrix_is_refused(tmp_path):
  documents, vocabulary = _write(tmp_path)
  with pytest.raises(ValueError, match='npz file of arrays'):
    corpus_files.read(vocabulary, vocabulary)
  with pytest.raises(FileNotFoundError, match='There is no file .*gone'):
    corpus_files.read(documents, tmp_path / 'gone')
  with pytest.raises(ValueError, match='needs --documents.*None'):
    corpora.load('file')
  with pytest.raises(ValueError, match='of --dataset=file'):
    corpora.load('bars', documents=documents)
  with pytest.raises(ValueError, match="Unknown corpus.*bars.*'x'"):
    corpora.load('x')


def test_documents_are_drawn_from_their_topics():
  topics = np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.25, 0.75]])
  corpus = synthetic_corpus.draw(topics, 4_000, concentration=0.5, seed=1)
  counts = corpus.counts.toarray()
  words = counts.sum(axis=1)
  assert words.mean() == pytest.approx(80, abs=0.6)  # 4 standard errors
  found = (counts / words[:, None]).mean(axis=0)
  # Proportions have a variance of 1/8, words one of at most 1/4 / 80.
  np.testing.assert_allclose(found, [0.25, 0.25, 0.125, 0.375], atol=0.03)
  expected = corpus.proportions @ topics
  residual = (counts - words[:, None] * expected) / np.sqrt(words[:, None])
  np.testing.assert_allclose(
    residual.var(axis=0), (expected * (1 - expected)).mean(axis=0), rtol=0.1
  )


def test_bars_are_rows_and_columns():
  corpus = synthetic_corpus.bars(side=3, documents=5)
  grid = corpus.topics.reshape(6, 3, 3)
  np.testing.assert_allclose(grid[1], [[0] * 3, [1 / 3] * 3, [0] * 3])
  np.testing.assert_allclose(grid[5], [[0, 0, 1 / 3]] * 3)
  assert corpus.vocabulary[5] == 'row1-col2'
  again = synthetic_corpus.bars(side=3, documents=5)
  np.testing.assert_array_equal(corpus.counts.toarray(), again.counts.toarray())
