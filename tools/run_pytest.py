"""Runs pytest on the files that the command line names.

Each py_test of BUILD has this file as its main file. Bazel executes the main
file, and a file of test functions alone would pass without running any of them.
pytest fails if it finds no test.
"""

import sys

import pytest

if __name__ == '__main__':
  sys.exit(pytest.main(sys.argv[1:]))
