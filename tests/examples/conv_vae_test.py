"""Test of the convolutional example."""

import numpy as np

from examples import conv_vae
from experiments.data import datasets


def test_learns_more_than_independent_pixels():
  images = datasets.load('digits')
  p = np.clip(images.train.mean(0) / 255, 1e-3, 1 - 1e-3)
  x = images.test / 255
  independent = (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(1).mean()
  bound, model = conv_vae.train('digits', epochs=8)
  assert bound > independent + 0.5
  assert tuple(np.shape(model.sample(2))) == (2, 8, 8, 1)
