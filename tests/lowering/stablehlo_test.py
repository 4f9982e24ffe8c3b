"""The reader of programs finds what the other tests look for."""

import pytest
import tensorflow as tf

from tests.lowering import stablehlo


def test_a_function_of_static_shapes_has_no_obstacle():
  program = stablehlo.lower(lambda x: tf.nn.softmax(x @ x), tf.ones([3, 3]))
  assert 'stablehlo.dot' in program
  assert stablehlo.obstacles(program) == []


def test_a_size_that_depends_on_values_is_dynamic():
  program = stablehlo.lower(lambda x: tf.boolean_mask(x, x > 0), tf.ones([3]))
  assert any('dynamic' in found for found in stablehlo.obstacles(program))


def test_a_call_of_python_does_not_compile():
  def through_python(x):
    return tf.numpy_function(lambda value: value, [x], tf.float32)

  with pytest.raises(Exception, match='(?i)pyfunc|compil'):
    stablehlo.lower(through_python, tf.ones([3]))


@pytest.mark.parametrize(
  'line, found',
  [
    (
      '%1 = stablehlo.custom_call @xla_ffi_python(%0)',
      'call of xla_ffi_python',
    ),
    ('%1 = "stablehlo.send"(%0) : tensor<3xf32>', 'stablehlo.send'),
    ('%1 = stablehlo.infeed : tensor<3xf32>', 'stablehlo.infeed'),
    ('%1 : tensor<?x3xf32>', 'dynamic tensor<?x3xf32>'),
    ('%1 : tensor<3x!tf_type.string>', 'string'),
    ('attributes {mhlo.is_dynamic = true}', 'dynamic module'),
  ],
)
def test_each_obstacle_is_found(line, found):
  assert found in stablehlo.obstacles(line)
