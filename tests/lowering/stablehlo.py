"""What a compiled program asks of a device, read from its StableHLO."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import Any

import tensorflow as tf

# What sends values to the host, or waits for values from the host.
_HOST = (
  'stablehlo.send',
  'stablehlo.recv',
  'stablehlo.infeed',
  'stablehlo.outfeed',
)
_CUSTOM_CALL = re.compile(r'custom_call\s*@?"?([\w.$]+)')
# A dimension of unknown size, such as tensor<?x3xf32>.
_DYNAMIC = re.compile(r'tensor<[^>]*\?[^>]*>')


def lower(function: Callable[..., Any], *arguments: Any) -> str:
  """Returns the StableHLO of a function.

  Args:
    function: takes and returns tensors; the function may use variables.
    *arguments: its arguments.
  Raises:
    Exception: of TensorFlow, if XLA cannot compile the function, which is so if
      the function calls Python.
  """
  compiled = tf.function(function, jit_compile=True)
  ir = compiled.experimental_get_compiler_ir(*arguments)
  return ir(stage='stablehlo')


def obstacles(program: str) -> list[str]:
  """Returns what keeps a program from running on a device by itself."""
  found = [name for name in _HOST if name in program]
  # A program that XLA compiles for any device has no call by name.
  found += [f'call of {name}' for name in _CUSTOM_CALL.findall(program)]
  found += [f'dynamic {shape}' for shape in _DYNAMIC.findall(program)]
  if 'mhlo.is_dynamic = true' in program:
    found.append('dynamic module')
  if 'tf_type.string' in program:
    found.append('string')
  return sorted(set(found))
