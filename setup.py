"""Packaging of tf_mco; tool settings live in pyproject.toml."""

import pathlib
import re

import setuptools

_HERE = pathlib.Path(__file__).parent


def _version() -> str:
  """Returns `tf_mco.__version__`, read without importing TensorFlow."""
  text = (_HERE / 'tf_mco' / '__init__.py').read_text(encoding='utf-8')
  line = re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE)
  if line is None:
    raise ValueError('tf_mco/__init__.py has no line `__version__ = ...`.')
  return line.group(1)


# Tested together; tf-keras must match TensorFlow's minor release because
# TensorFlow Probability imports it.
_TENSORFLOW = '>=2.21,<2.22'

_PLOTS = ['matplotlib>=3.8']  # for tf_mco.diagnostics.plots
_EXPERIMENTS = [
  *_PLOTS,
  'importlib_resources',  # tensorflow-datasets prepares data with it.
  'mpmath>=1.3',
  'scikit-learn>=1.4',
  'scipy>=1.11',
  'tabulate>=0.9',
  'tensorboard>=2.20',  # tf.summary needs it; TensorFlow no longer does.
  'tensorflow-datasets>=4.9.10',
  'threadpoolctl>=3.1',
  'tqdm>=4.66',
]
_TEST = [
  'pytest>=8',
  'pytest-xdist>=3.5',
  'scipy>=1.11',
]
_DEV = [
  'import-linter>=2.15',
  'mypy>=1.15',
  'ruff>=0.12',
  'types-tabulate',
  'types-tqdm',
]

setuptools.setup(
  name='tf-mco',
  version=_version(),
  description=(
    'Monte Carlo objectives and gradient estimators for TensorFlow and Keras'
  ),
  long_description=(_HERE / 'README.md').read_text(encoding='utf-8'),
  long_description_content_type='text/markdown',
  license='Apache-2.0',
  packages=setuptools.find_packages(include=['tf_mco', 'tf_mco.*']),
  package_data={'tf_mco': ['py.typed']},
  python_requires='>=3.10,<3.14',
  install_requires=[
    'absl-py>=2.1',
    'keras>=3.12,<4',
    'numpy>=1.26,<3',
    f'tensorflow{_TENSORFLOW}',
    f'tf-keras{_TENSORFLOW}',
    'tensorflow-probability>=0.25,<0.26',
  ],
  extras_require={
    'plots': _PLOTS,
    'experiments': _EXPERIMENTS,
    'test': _EXPERIMENTS + _TEST,
    'dev': _EXPERIMENTS + _TEST + _DEV,
    'and-cuda': [f'tensorflow[and-cuda]{_TENSORFLOW}'],
  },
)
