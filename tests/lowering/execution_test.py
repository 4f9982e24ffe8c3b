"""A whole execution runs on a device without the host."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tests.lowering import stablehlo
from tests.lowering import steps
from tf_mco.models.array_training import execution as execution_lib

_BY_NAME = {str(step): step for step in steps.STEPS}


# Two kinds of posterior suffice, because the loop calls the steps that
# `step_test` tests.
@pytest.mark.parametrize('name', ['disarm-bernoulli-2', 'elbo-hamiltonian'])
def test_an_execution_needs_nothing_of_the_host(name):
  step = _BY_NAME[name]
  execution = execution_lib.Execution(steps.make_model(step))
  array = tf.constant(steps.observations(step))
  examples = tf.zeros([7, 2], tf.int32)
  program = stablehlo.lower(
    execution._full_steps, array, examples, tf.constant(7)
  )
  assert stablehlo.obstacles(program) == []
  # All steps are one loop, which takes the indices of all of them.
  assert 'stablehlo.while' in program
  assert 'tensor<7x2xi32>' in program
