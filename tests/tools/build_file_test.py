"""Tests of tools/build_file.py on a small tree, against BUILD in full."""

import pathlib

import pytest

from tools import build_file

_TREE = {
  'tf_mco/__init__.py': 'from tf_mco.ops.checks import check\nimport tf_mco',
  'tf_mco/ops/__init__.py': '',
  'tf_mco/ops/checks.py': (
    'from __future__ import annotations\n'
    'import os.path, typing\n'
    'import tensorflow as tf\n'
    'import tensorflow_probability as tfp\n'
    'if typing.TYPE_CHECKING:\n'
    '  import tf_mco\n'
  ),
  'tf_mco/ops/weights.py': (
    'from tf_mco.ops import checks\n'
    'def f(): import scipy.special\n'
  ),
  'experiments/data.py': 'import tf_mco.ops.weights as w\n',
  'experiments/train.py': (
    'from absl import app\nimport tf_mco\n'
    'from experiments import data\n'
    'if __name__ == "__main__":\n'
    '  app.run(print)\n'
  ),
  'tests/conftest.py': 'import pytest\n',
  'tests/testing/oracle.py': 'from tf_mco.ops import checks, weights\n',
  'tests/ops/checks_test.py': (
    'from tests.testing import oracle\nfrom tf_mco import ops\n'
  ),
}  # fmt: skip

_BUILD = '''
"""Bazel targets. Written by tools/build_file.py: run `make build-file`."""

load("@pip//:requirements.bzl", "requirement")
load("@rules_python//python:defs.bzl", "py_binary", "py_library", "py_test")

package(default_visibility = ["//visibility:public"])

py_library(
    name = "experiments_data",
    srcs = ["experiments/data.py"],
    deps = [":tf_mco_ops_weights"],
)

py_binary(
    name = "experiments_train",
    srcs = ["experiments/train.py"],
    main = "experiments/train.py",
    deps = [
        ":experiments_data",
        ":tf_mco",
        requirement("absl-py"),
    ],
)

py_library(
    name = "tests_conftest",
    testonly = True,
    srcs = ["tests/conftest.py"],
    deps = [requirement("pytest")],
)

py_test(
    name = "tests_ops_checks_test",
    srcs = [
        "tests/ops/checks_test.py",
        "tools/run_pytest.py",
    ],
    args = ["tests/ops/checks_test.py"],
    main = "tools/run_pytest.py",
    deps = [
        ":tests_conftest",
        ":tests_testing_oracle",
        ":tf_mco_ops",
        requirement("pytest"),
    ],
)

py_library(
    name = "tests_testing_oracle",
    testonly = True,
    srcs = ["tests/testing/oracle.py"],
    deps = [
        ":tf_mco_ops_checks",
        ":tf_mco_ops_weights",
    ],
)

py_library(
    name = "tf_mco",
    srcs = ["tf_mco/__init__.py"],
    data = ["tf_mco/py.typed"],
    deps = [":tf_mco_ops_checks"],
)

py_library(
    name = "tf_mco_ops",
    srcs = ["tf_mco/ops/__init__.py"],
)

py_library(
    name = "tf_mco_ops_checks",
    srcs = ["tf_mco/ops/checks.py"],
    deps = [
        requirement("tensorflow"),
        requirement("tensorflow-probability"),
        requirement("tf-keras"),
    ],
)

py_library(
    name = "tf_mco_ops_weights",
    srcs = ["tf_mco/ops/weights.py"],
    deps = [
        ":tf_mco_ops_checks",
        requirement("scipy"),
    ],
)
'''


def _write(root: pathlib.Path, tree: dict[str, str]) -> None:
  for name, text in tree.items():
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding='utf-8')


@pytest.fixture(name='root')
def _root(tmp_path):
  _write(tmp_path, _TREE)
  return tmp_path


def test_a_target_per_file_with_what_it_imports(root):
  assert build_file.generate(root) == _BUILD.lstrip()


@pytest.mark.parametrize(
  'path, statement, dependency',
  [
    ('extra.py', 'from . import checks', ':tf_mco_ops_checks'),
    ('extra.py', 'from .checks import check', ':tf_mco_ops_checks'),
    ('extra.py', 'from .. import ops', ':tf_mco_ops'),
    ('extra.py', 'from ..ops.checks import check', ':tf_mco_ops_checks'),
    ('extra.py', 'from tf_mco import a_name', ':tf_mco'),
    ('extra.py', 'from tf_mco import *', ':tf_mco'),
    ('__init__.py', 'from . import checks', ':tf_mco_ops_checks'),
  ],
)
def test_names_and_relative_imports(root, path, statement, dependency):
  _write(root, {f'tf_mco/ops/{path}': statement})
  target = build_file.generate(root).split(f'["tf_mco/ops/{path}"]')[1]
  assert f'deps = ["{dependency}"]' in target.split('\n)')[0]


@pytest.mark.parametrize(
  'path, text, message',
  [
    ('tf_mco/a.py', 'from tf_mco.gone import b', 'tf_mco.gone: no such file'),
    ('tf_mco/a.py', 'from tests.testing import oracle', 'that is for tests'),
    ('tf_mco/ops/checks.py', 'import tf_mco', 'import each other: .*checks'),
    ('tf_mco/ops_checks.py', '', 'one target name'),
  ],
)
def test_what_bazel_would_refuse_is_an_error(root, path, text, message):
  _write(root, {path: text})
  with pytest.raises(ValueError, match=message):
    build_file.generate(root)


def test_the_program_says_what_is_wrong_and_writes_nothing(root, capsys):
  _write(root, {'tf_mco/a.py': 'import tf_mco.gone'})
  with pytest.raises(SystemExit, match='1'):
    build_file.main(['--root', str(root)])
  assert capsys.readouterr().err.startswith('error: tf_mco/a.py imports')
  assert not (root / 'BUILD').exists()


def test_check_fails_with_a_diff_until_the_file_is_written(root, capsys):
  command = ['--root', str(root)]
  assert build_file.main([*command, '--check']) == 1  # there is none yet
  assert build_file.main(command) == 0
  assert build_file.main([*command, '--check']) == 0
  capsys.readouterr()

  _write(root, {'experiments/data.py': 'import keras\n'})
  before = (root / 'BUILD').read_text(encoding='utf-8')
  assert build_file.main([*command, '--check']) == 1
  printed = capsys.readouterr().out
  assert '-    deps = [":tf_mco_ops_weights"],' in printed
  assert '+    deps = [requirement("keras")],' in printed
  assert (root / 'BUILD').read_text(encoding='utf-8') == before
