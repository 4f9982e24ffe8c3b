"""The numbers and arrays that all frameworks share."""

import numpy as np

from benchmarks.peers import problem


def test_every_epoch_shows_every_image_once():
  order = problem.Order(10)
  epoch = np.concatenate([order.take(2, 3).ravel(), order.take(1, 4).ravel()])
  assert sorted(epoch) == list(range(10))
  assert sorted(order.take(5, 2).ravel()) == list(range(10))


def test_the_networks_have_the_published_sizes():
  shapes = {
    name: {k: v.shape for k, v in problem.initial(case, np.ones(784)).items()}
    for name, case in problem.CASES.items()
  }
  assert shapes['disarm linear'] == {
    'encoder/0/w': (784, 200),
    'encoder/0/b': (200,),
    'decoder/0/w': (200, 784),
    'decoder/0/b': (784,),
    'prior': (200,),
  }
  assert shapes['disarm nonlinear']['encoder/2/w'] == (200, 200)
  assert shapes['iwae batch 32, K=64']['encoder/2/w'] == (200, 100)
  assert 'prior' not in shapes['iwae batch 32, K=64']
