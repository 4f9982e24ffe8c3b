"""Bad inputs of the loaders of experiments; their own tests write bad files."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.data import batches
from experiments.data import corpora
from experiments.data import datasets
from experiments.data import omniglot
from experiments.data import synthetic_corpus
from tests.bad_inputs import row

_IMAGES = np.zeros([6, 4], np.uint8)


def _batches(**options: Any) -> Any:
  options = {
    'num_examples': 6,
    'batch_size': 2,
    'seed': 0,
    'first_step': 0,
    'num_steps': 1,
  } | options
  return batches.gathered_batches(lambda rows: rows, **options)


_NOT_IMAGES = {
  'none': None,
  'list': [[0, 255]],
  'floating': _IMAGES / 255,
  'bits': _IMAGES > 0,
  'signed': _IMAGES.astype(np.int8),
  'words': _IMAGES.astype(np.int32),
  'vector': _IMAGES[0],
  'pictures': _IMAGES.reshape(6, 2, 2),
  'empty': _IMAGES[:0],
  'no_pixels': _IMAGES[:, :0],
  'masked': np.ma.masked_array(_IMAGES),
}
_NOT_COUNTS = row.NOT_POSITIVE

ROWS = [
  *row.each(
    'num_examples',
    lambda v: _batches(num_examples=v),
    _NOT_COUNTS,
    'Expected num_examples as an integer',
  ),
  *row.each(
    'evaluation_batches-images',
    lambda v: batches.evaluation_batches(v, 2),
    _NOT_IMAGES,
    'Expected an array of images, of type uint8',
  ),
  *row.each(
    'batch_size',
    lambda v: _batches(batch_size=v),
    _NOT_COUNTS,
    'Expected batch_size as an integer',
  ),
  *row.each(
    'seed',
    lambda v: _batches(seed=v),
    {**row.NOT_INTEGERS, 'negative': -1, 'large': 2**32},
    'Expected seed as an integer, 0 to 4294967295',
  ),
  *row.each(
    'first_step',
    lambda v: _batches(first_step=v),
    {**row.NOT_INTEGERS, 'negative': -1},
    'Expected first_step as an integer',
  ),
  *row.each(
    'num_steps',
    lambda v: _batches(num_steps=v),
    _NOT_COUNTS,
    'Expected num_steps as an integer',
  ),
  *row.each(
    'datasets',
    datasets.load,
    {**row.NOT_NAMES, 'case': 'MNIST', 'empty': '', 'path': '/tmp/images.npy'},
    'Unknown data set. Expected one of digits',
  ),
  *row.each(
    'corpora',
    corpora.load,
    {**row.NOT_NAMES, 'case': 'Bars', 'empty': ''},
    'Unknown corpus. Expected one of bars',
  ),
  *row.each(
    'chardata',
    lambda v: omniglot.burda(v),
    {
      'none': None,
      'missing': '/no/such/chardata.mat',
      'folder': '/',
      'empty': '',
    },
    'local file: get',
    FileNotFoundError,
  ),
  *row.each(
    'corpus-files',
    lambda v: corpora.load('file', **v),
    {
      'none': {},
      'no_words': {'documents': 'counts.npz'},
      'no_counts': {'vocabulary': 'words.txt'},
    },
    '--dataset=file needs --documents',
  ),
  *row.each(
    'corpus-missing',
    lambda v: corpora.load('file', documents=v, vocabulary=v),
    {'missing': '/no/such/counts.npz', 'folder': '/'},
    'There is no file',
    FileNotFoundError,
  ),
  *row.each(
    'reduce',
    omniglot.reduce,
    {
      'floating': np.zeros([1, 105, 105, 1]),
      'small': np.zeros([1, 28, 28, 1], np.uint8),
      'grey': np.zeros([1, 105, 105], np.uint8),
    },
    'Expected uint8 images',
  ),
  *row.each(
    'split',
    lambda v: synthetic_corpus.split(
      synthetic_corpus.bars(side=2, documents=4).counts, v
    ),
    {
      'whole': (0.5, 0.5),
      'above': (0.9, 0.9),
      'none': (0.0,),
      'negative': (-0.5,),
    },
    'Too few documents for parts',
  ),
]
