"""Tests of the batches of documents."""

import numpy as np
import scipy.sparse

from experiments.topic_model import batches as topic_batches


def test_batches_are_the_rows_of_the_matrix():
  counts = np.random.RandomState(0).poisson(0.4, (23, 7))
  counts[:, 0] = np.arange(23) + 1
  sparse = scipy.sparse.csr_matrix(counts)
  schedule = {'batch_size': 5, 'seed': 7, 'first_step': 3, 'num_steps': 6}
  seen = np.stack(
    list(topic_batches.training_batches(sparse, **schedule))
  ).reshape(-1, 7)
  assert seen.dtype == np.float32
  rows = seen[:, 0].astype(int) - 1
  np.testing.assert_array_equal(seen, counts[rows])
  assert len(set(rows)) > 15
  found = np.concatenate(list(topic_batches.evaluation_batches(sparse, 5)))
  assert found.shape == (25, 7)
  np.testing.assert_array_equal(found[:23], counts)
  assert not found[23:].any()
