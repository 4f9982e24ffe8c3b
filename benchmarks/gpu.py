r"""Measures training steps at batches of 50 to 5,000, on a GPU or a CPU.

Each case trains twice: on an array, which `fit` keeps on the device, where an
execution of many steps is one program; and on a stream of batches, where each
step is a program of its own. Random bytes stand for images. Each line of the
table is measured in a process of its own. Figures are medians over executions.

On a GPU, TensorFlow multiplies float32 matrices in TF32 unless it is told not
to. The benchmark says so in any case: --tensor_float_32 chooses TF32, and
without the flag products have all digits of float32. On a CPU the flag has no
effect. --policy=mixed_bfloat16 computes the networks in bfloat16.

python -m benchmarks.gpu
python -m benchmarks.gpu --tensor_float_32 --batch_sizes=5000
python -m benchmarks.gpu --device=cpu --batch_sizes=50
"""

from __future__ import annotations

import json
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging
import keras
import numpy as np
import tabulate
import tensorflow as tf

from benchmarks import clock
from benchmarks import process
from benchmarks.peers import problem
from benchmarks.peers import tf_mco_steps

CASES = ('disarm linear', 'vimco K=20 linear', 'iwae batch 100, K=5')
SOURCES = ('array', 'stream')
POLICIES = ('float32', 'mixed_bfloat16')
_IMAGES = 10_000
_EXECUTIONS, _WARM_UP = 12, 2
_STEPS = 100  # of an execution on a GPU
# On a CPU an execution has so many examples, or one step.
_CPU_EXAMPLES = 5_000


def use_device(device: str) -> str | None:
  """Makes TensorFlow use a device, and returns what prevents that.

  Args:
    device: 'gpu' or 'cpu'.
  """
  gpus = tf.config.list_physical_devices('GPU')
  if device == 'gpu':
    return None if gpus else 'TensorFlow sees no GPU; try --device=cpu'
  tf.config.set_visible_devices([], 'GPU')
  return None


def steps_per_execution(device: str, batch_size: int) -> int:
  """Returns how many steps an execution has."""
  if device == 'gpu':
    return _STEPS
  return min(_STEPS, max(1, _CPU_EXAMPLES // batch_size))


def run_case(
  name: str, source: str, batch_size: int, steps: int
) -> dict[str, float]:
  """Returns the figures of one case on the device in use.

  Args:
    name: of a case; its batch size does not count.
    source: 'array' or 'stream'.
    batch_size: examples of a step.
    steps: of an execution.
  """
  case = problem.CASES[name]._replace(batch_size=batch_size, execution=steps)
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, [_IMAGES, case.pixels], dtype=np.uint8)
  model = tf_mco_steps.make_model(case, images.mean(axis=0) / 255)
  laps = clock.Laps()
  data: dict[str, Any] = {'x': images, 'batch_size': batch_size}
  if source == 'stream':
    batches = tf.data.Dataset.from_tensor_slices(images).repeat()
    data = {'x': batches.batch(batch_size, drop_remainder=True).prefetch(8)}
  model.fit(
    **data,
    steps_per_epoch=_EXECUTIONS * steps,
    callbacks=[tf_mco_steps.Executions(laps)],
    verbose=0,
  )
  cost = laps.cost(steps, skip=_WARM_UP)
  return {
    'steps_per_second': 1 / cost.wall,
    'cpu_ms': 1e3 * cost.cpu,
    'peak_megabytes': clock.peak_megabytes(),
  }


def row(case: str, batch_size: int, flag_values: list[str]) -> list[str]:
  """Measures one line of the table."""
  figures = {
    source: process.run(
      'benchmarks.gpu',
      [
        f'--child={case}',
        f'--source={source}',
        f'--batch_sizes={batch_size}',
        *flag_values,
      ],
    )
    for source in SOURCES
  }
  array, stream = (figures[name]['steps_per_second'] for name in SOURCES)
  print(f'{case}, {batch_size}: {array:.0f} steps/s', file=sys.stderr)
  return [
    case.split(',', maxsplit=1)[0].replace(' batch 100', ''),
    str(batch_size),
    f'{array:.0f}',
    f'{stream:.0f}',
    f'{array / stream:.2f}',
    f'{array * batch_size:.0f}',
    f'{figures["array"]["cpu_ms"]:.2f}',
  ]


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  values = flags.FLAGS
  sizes = [int(size) for size in values.batch_sizes]
  if not sizes or min(sizes) < 1 or max(sizes) > _IMAGES:
    sys.exit(f'gpu: expected batches of 1 to {_IMAGES}. Received: {sizes}')
  obstacle = use_device(values.device)
  if obstacle is not None:
    sys.exit(f'gpu: {obstacle}')
  if values.child:
    tf.config.experimental.enable_tensor_float_32_execution(
      values.tensor_float_32
    )
    keras.config.set_dtype_policy(values.policy)
    steps = steps_per_execution(values.device, sizes[0])
    print(json.dumps(run_case(values.child, values.source, sizes[0], steps)))
    return
  passed_on = [
    f'--device={values.device}',
    f'--policy={values.policy}',
    f'--tensor_float_32={values.tensor_float_32}',
  ]
  rows = [row(case, size, passed_on) for case in CASES for size in sizes]
  precision = 'TF32' if values.tensor_float_32 else 'float32'
  headers = [
    f'{values.device}, {values.policy}, products in {precision}',
    'batch',
    'one program, steps/s',
    'a program per step',
    'ratio',
    'images/s',
    'CPU-ms/step',
  ]
  print(tabulate.tabulate(rows, headers, 'github', disable_numparse=True))


if __name__ == '__main__':
  flags.DEFINE_enum('device', 'gpu', ['gpu', 'cpu'], 'Where the steps run.')
  flags.DEFINE_list('batch_sizes', '50,200,1000,5000', 'Examples of a step.')
  flags.DEFINE_enum('policy', 'float32', POLICIES, 'The dtype of the networks.')
  flags.DEFINE_bool('tensor_float_32', False, 'Whether products are in TF32.')
  flags.DEFINE_string('child', None, 'Runs one case, prints JSON.')
  flags.DEFINE_enum('source', 'array', SOURCES, 'Of the child.')
  app.run(main)
