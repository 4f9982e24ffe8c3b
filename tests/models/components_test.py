"""The accessors of a model reach its parts, and compute what the parts do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import tiny
from tf_mco import layers


@pytest.mark.parametrize('num_layers', [1, 2])
def test_parts(num_layers: int) -> None:
  model = tiny.model('vimco', num_layers=num_layers)
  objective = model.objective
  assert model.estimator is objective.estimator
  assert model.num_layers == num_layers
  assert model.prior is objective.prior
  for layer in range(num_layers):
    encoder, decoder = (
      model.encoder_conditional(layer),
      model.decoder_conditional(layer),
    )
    assert isinstance(encoder.head, layers.BernoulliPosterior)
    assert encoder.head.units == tiny.LATENTS[layer]
    assert isinstance(decoder.head, layers.BernoulliLikelihood)
    assert encoder.network is None
  assert (model.support, model.log_dtype) == ('binary', 'float32')
  groups = model.parameter_groups()
  assert list(groups) == ['encoder', 'decoder', 'prior']
  every = [id(v) for group in groups.values() for v in group]
  assert sorted(every) == sorted(id(v) for v in model.trainable_variables)


def test_a_batch_is_what_the_objective_makes_of_it() -> None:
  model = tiny.model('vimco', binarization='none', dtype='float64')
  x = tiny.images(5)
  prepared = model.prepare(x, seed=0)
  np.testing.assert_array_equal(prepared, x / 255)
  batch = model.encode_batch(x, seed=0)
  z = batch.posterior.sample(3, seed=1)
  expected = model.objective.encode_batch(prepared)
  np.testing.assert_array_equal(batch.log_joint(z), expected.log_joint(z))
  found, same = (of.surrogate(x, seed=2) for of in (model, model.objective))
  np.testing.assert_array_equal(found.bound, same.bound)
  assert int(model.step) == 0
