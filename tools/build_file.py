"""Derives BUILD, one Bazel target per Python file, from the tree.

Dependencies are what a file imports. Run from the top of the repository:

  python -m tools.build_file           writes BUILD
  python -m tools.build_file --check   prints a diff, and exits with 1, if
                                       BUILD is not what would be written
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Mapping, Sequence
import difflib
import graphlib
import pathlib
import sys

from tools import sources

_HEADER = (
  '"""Bazel targets. Written by tools/build_file.py: run `make build-file`."""'
)
_PYTEST = 'tools/run_pytest.py'
# What to require for an import whose package is called otherwise, or which
# fails without another package.
_REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
  'absl': ('absl-py',),
  'sklearn': ('scikit-learn',),
  'tensorflow_datasets': ('importlib-resources', 'tensorflow-datasets'),
  'tensorflow_probability': ('tensorflow-probability', 'tf-keras'),
}
# What a module reads or carries besides Python.
_DATA: Mapping[str, str] = {
  'tf_mco': 'tf_mco/py.typed',
  'tests.examples.readme_test': 'README.md',
}


def _is_program(tree: ast.Module) -> bool:
  """Whether a file calls `app.run`, or has a `__main__` guard."""
  calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
  guards = (n.test for n in tree.body if isinstance(n, ast.If))
  return 'app.run' in map(ast.unparse, calls) or (
    "__name__ == '__main__'" in map(ast.unparse, guards)
  )


def _rule(source: sources.Source) -> str:
  """Returns the kind of the target of a file."""
  if source.root == 'tests' and source.path.match('*_test.py'):
    return 'py_test'
  if source.root not in ('tests', 'tf_mco') and _is_program(source.tree):
    return 'py_binary'
  return 'py_library'


def _dependencies(
  source: sources.Source, project: Mapping[str, sources.Source]
) -> tuple[list[str], list[str]]:
  """Returns the sorted targets and packages that a file needs.

  Raises:
    ValueError: for an import of a file that the project does not have, or of
      test code outside of tests.
  """
  targets: set[str] = set()
  packages: set[str] = set()
  for module in sources.imported_modules(source, project):
    top = module.split('.')[0]
    if top == 'tests' != source.root:
      raise ValueError(f'{source.path} imports {module}: that is for tests.')
    if module in project:
      targets.add(project[module].name)
    elif top in sources.ROOTS:
      raise ValueError(f'{source.path} imports {module}: no such file.')
    elif top not in sys.stdlib_module_names:
      packages.update(_REQUIREMENTS.get(top, (top.replace('_', '-'),)))
  if _rule(source) == 'py_test':
    packages.add('pytest')
    for parent in source.path.parents:
      conftest = '.'.join([*parent.parts, 'conftest'])
      if conftest in project:
        targets.add(project[conftest].name)
  return sorted(targets - {source.name}), sorted(packages)


def _list(items: Sequence[str]) -> str:
  """Formats a list as buildifier does."""
  if len(items) == 1:
    return f'[{items[0]}]'
  return '[\n' + ''.join(f'        {item},\n' for item in items) + '    ]'


def _render(
  source: sources.Source, targets: Sequence[str], packages: Sequence[str]
) -> str:
  """Returns the target of a file, its attributes in buildifier's order."""
  rule, path = _rule(source), f'"{source.path}"'
  fields = {'name': f'"{source.name}"'}
  if source.root == 'tests' and rule != 'py_test':
    fields['testonly'] = 'True'
  fields['srcs'] = _list([path])
  if rule == 'py_test':
    fields['srcs'] = _list([path, f'"{_PYTEST}"'])
    fields['args'] = _list([path])
  if source.module in _DATA:
    fields['data'] = _list([f'"{_DATA[source.module]}"'])
  if rule != 'py_library':
    fields['main'] = f'"{_PYTEST}"' if rule == 'py_test' else path
  deps = [f'":{target}"' for target in targets]
  deps += [f'requirement("{package}")' for package in packages]
  if deps:
    fields['deps'] = _list(deps)
  lines = ''.join(f'    {key} = {value},\n' for key, value in fields.items())
  return f'{rule}(\n{lines})\n'


def generate(root: pathlib.Path) -> str:
  """Returns the text of BUILD for the tree under `root`.

  Raises:
    ValueError: for what Bazel would refuse: two files that give one target
      name, an import of a missing file, files that import each other.
  """
  project = sources.read(root)
  needs = {s.name: _dependencies(s, project) for s in project.values()}
  graph = {name: targets for name, (targets, _) in needs.items()}
  try:
    graphlib.TopologicalSorter(graph).prepare()
  except graphlib.CycleError as error:
    circle = ' <- '.join(error.args[1])
    raise ValueError(f'These import each other: {circle}.') from error
  loads = ''
  if any(packages for _, packages in needs.values()):
    loads = 'load("@pip//:requirements.bzl", "requirement")\n'
  rules = ', '.join(sorted({f'"{_rule(s)}"' for s in project.values()}))
  loads += f'load("@rules_python//python:defs.bzl", {rules})\n'
  visibility = 'package(default_visibility = ["//visibility:public"])\n'
  blocks = [f'{_HEADER}\n', loads, visibility]
  blocks += [_render(s, *needs[s.name]) for s in project.values()]
  return '\n'.join(blocks)


def main(argv: Sequence[str] | None = None) -> int:
  """Writes or checks BUILD; returns the exit status."""
  parser = argparse.ArgumentParser(description='Derives BUILD from the tree.')
  parser.add_argument('--check', action='store_true', help='write nothing')
  parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path())
  options = parser.parse_args(argv)
  build = options.root / 'BUILD'
  old = build.read_text(encoding='utf-8') if build.exists() else ''
  try:
    new = generate(options.root)
  except ValueError as error:
    parser.exit(1, f'error: {error}\n')
  if not options.check:
    build.write_text(new, encoding='utf-8')
    return 0
  diff = difflib.unified_diff(
    old.splitlines(), new.splitlines(), 'BUILD', 'BUILD derived', lineterm=''
  )
  if old != new:
    print(*diff, sep='\n')
    print('BUILD is stale: run `make build-file`.', file=sys.stderr)
  return int(old != new)


if __name__ == '__main__':
  sys.exit(main())
