"""Runs pytest on the files named on the command line: `main` of each py_test.

Bazel executes a file, and a file of test functions alone would pass without
running any; pytest fails where it finds no test.
"""

import sys

import pytest

if __name__ == '__main__':
  sys.exit(pytest.main(sys.argv[1:]))
