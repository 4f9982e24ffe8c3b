"""Tests that weights stay where earlier versions wrote them in a file."""

from __future__ import annotations

import pathlib

import h5py

from tests.support import tiny


def test_the_places_of_weights_in_a_file(tmp_path: pathlib.Path) -> None:
  """A new property of a model that holds layers would move their weights.

  The paths are those of version 0.1. Loading from other paths leaves weights
  as they were initialized, without an error.
  """
  path = tmp_path / 'model.weights.h5'
  tiny.model(num_layers=2).save_weights(path)
  places: list[str] = []
  with h5py.File(path) as file:
    file.visititems(
      lambda name, node: (
        places.append(name) if isinstance(node, h5py.Dataset) else None
      )
    )
  objective = 'layers/monte_carlo_objective'
  heads = [
    f'{objective}/{part}/{head}{suffix}/dense/vars/{index}'
    for part, head in (
      ('decoder', 'bernoulli_likelihood'),
      ('encoder', 'bernoulli_posterior'),
    )
    for suffix in ('', '_1')
    for index in (0, 1)
  ]
  others = [f'{objective}/parts/bernoulli_prior/vars/0', f'{objective}/vars/0']
  assert sorted(places) == sorted([*heads, *others, 'vars/0'])
