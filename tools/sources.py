"""The Python files of the project, and which modules each of them imports."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
import dataclasses
import pathlib

# The folders of Python code at the top of the repository.
ROOTS = ('benchmarks', 'examples', 'experiments', 'tests', 'tf_mco', 'tools')


@dataclasses.dataclass(frozen=True)
class Source:
  """A Python file: its path from the top, its module, what it says."""

  path: pathlib.PurePosixPath
  module: str
  tree: ast.Module

  @property
  def name(self) -> str:
    """The name of the target of this file."""
    return self.module.replace('.', '_')

  @property
  def root(self) -> str:
    """The folder at the top that the file is in."""
    return self.path.parts[0]


def read(root: pathlib.Path) -> dict[str, Source]:
  """Returns the Python files of the project by module, sorted by path."""
  project: dict[str, Source] = {}
  files = (f for name in ROOTS for f in (root / name).rglob('*.py'))
  for file in sorted(files):
    path = pathlib.PurePosixPath(file.relative_to(root).as_posix())
    parts = path.parts[:-1] if path.stem == '__init__' else path.parts
    module = '.'.join(parts).removesuffix('.py')
    tree = ast.parse(file.read_text(encoding='utf-8'), str(path))
    source = Source(path, module, tree)
    for other in project.values():
      if other.name == source.name:
        raise ValueError(f'{other.path} and {path} give one target name.')
    project[module] = source
  return project


def _statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
  """Yields the imports that run: not those under `if TYPE_CHECKING`."""
  if isinstance(node, (ast.Import, ast.ImportFrom)):
    yield node
  children: Iterable[ast.AST] = ast.iter_child_nodes(node)
  if isinstance(node, ast.If):
    if ast.unparse(node.test).removeprefix('typing.') == 'TYPE_CHECKING':
      children = node.orelse
  for child in children:
    yield from _statements(child)


def imported_modules(source: Source, modules: Container[str]) -> Iterator[str]:
  """Yields the absolute name of each module that a file imports.

  Args:
    source: the file.
    modules: by name, the modules of the project: `from a import b` imports
      `a.b` if it is one of them, else a name out of `a`.
  """
  package = source.module.split('.')
  if source.path.stem != '__init__':
    package.pop()
  for node in _statements(source.tree):
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
      continue
    above = package[: len(package) - node.level + 1] if node.level else []
    base = '.'.join([*above, *filter(None, [node.module])])
    for alias in node.names:
      module = f'{base}.{alias.name}'
      yield module if module in modules else base
