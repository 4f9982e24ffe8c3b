"""Plants a fault in a living module: an edit of its source, for a while.

The edited source is compiled, and every function that it changes runs the new
code until the fault is removed. Nothing is imported again, so that a fault
reaches every module, class and object that uses the function.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import importlib
import inspect
import pathlib
import types
from typing import Any

# Qualified name -> the code of a function.
Codes = dict[str, types.CodeType]


@contextlib.contextmanager
def planted(module_name: str, old: str, new: str) -> Iterator[None]:
  """Runs a module with one text replaced by another.

  Args:
    module_name: the module, say 'tf_mco.ops.gradients'.
    old: a text that stands in the module's source exactly once, in the body of
      a function.
    new: the text in its place. The same text is a control: every function of
      the module runs again from its own source.
  Raises:
    LookupError: if the text is gone, stands there more than once, or the edit
      changes anything but the bodies of functions.
  """
  module = importlib.import_module(module_name)
  path = pathlib.Path(inspect.getfile(module))
  source = path.read_text()
  count = source.count(old)
  if count != 1:
    raise LookupError(
      f'The text of a planted fault must stand in {module_name} exactly once. '
      f'It stands there {count} times:\n{old}'
    )
  before = _codes(compile(source, str(path), 'exec', dont_inherit=True))
  edited = source.replace(old, new)
  after = _codes(compile(edited, str(path), 'exec', dont_inherit=True))
  living = dict(_functions(module))
  changed = _changed(before, after) if old != new else set(before) & set(living)
  missing = changed - set(living)
  if missing or not changed or before.keys() != after.keys():
    raise LookupError(
      f'A planted fault must change the bodies of functions of {module_name}. '
      f'It changes: {sorted(changed)}; not found: {sorted(missing)}'
    )
  original = {name: living[name].__code__ for name in changed}
  for name in changed:
    living[name].__code__ = after[name]
  try:
    yield
  finally:
    for name, code in original.items():
      living[name].__code__ = code


def _codes(code: types.CodeType, prefix: str = '') -> Codes:
  """Returns the functions of a module and of its classes, and the rest.

  The bodies of the module and of each class are '', 'Class.' and so on, where a
  change would not reach the living module.
  """
  found = {prefix: code.replace(co_consts=_without_functions(code))}
  for const in code.co_consts:
    if not isinstance(const, types.CodeType):
      continue
    if const.co_name.startswith('<'):
      continue  # a lambda or a generator of the module's own body
    name = prefix + const.co_name
    if _is_class(const):
      found |= _codes(const, f'{name}.')
    else:
      found[name] = const
  return found


def _without_functions(code: types.CodeType) -> tuple[Any, ...]:
  constants = code.co_consts
  return tuple(c for c in constants if not isinstance(c, types.CodeType))


def _is_class(code: types.CodeType) -> bool:
  """Returns whether code is the body of a class: functions are optimized."""
  return not code.co_flags & inspect.CO_OPTIMIZED


def _changed(before: Codes, after: Codes) -> set[str]:
  """Returns the names whose code differs, apart from its place in the file."""
  names = before.keys() | after.keys()
  return {
    name for name in names if _text(before.get(name)) != _text(after.get(name))
  }


def _text(code: types.CodeType | None) -> Any:
  """Returns the part of a code object in which a program may differ."""
  if code is None:
    return None
  constants = tuple(
    _text(c) if isinstance(c, types.CodeType) else (type(c), c)
    for c in code.co_consts
  )
  return code.co_code, constants, code.co_names, code.co_varnames


def _functions(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
  """Yields the living functions of a module and of its classes, by name."""
  for value in vars(module).values():
    if inspect.isclass(value) and value.__module__ == module.__name__:
      yield from _methods(value)
    else:
      yield from _unwrapped(value, module)


def _methods(cls: type) -> Iterator[tuple[str, Any]]:
  for value in vars(cls).values():
    yield from _unwrapped(value, importlib.import_module(cls.__module__))


def _unwrapped(
  value: Any, module: types.ModuleType
) -> Iterator[tuple[str, Any]]:
  """Yields the function behind a property, a decorator or a cache."""
  value = getattr(value, 'fget', value)
  value = getattr(value, '__func__', value)
  while hasattr(value, '__wrapped__'):
    value = value.__wrapped__
  if inspect.isfunction(value) and value.__module__ == module.__name__:
    yield value.__qualname__, value
