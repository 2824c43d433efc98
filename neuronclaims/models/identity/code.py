"""Whether code is what a library ships: classes, functions and what wraps them, also where they were replaced.

A function put in place of a library's own may carry its name (``functools.wraps``). So each is followed through
its wrappers to the code that runs, and known by the file and line that this code has in the library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

LIBRARIES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "tokenizers",
    "torchao",
    "bitsandbytes",
    "neuronclaims",
)
"""Packages whose code is known by its name and version."""

_HELPERS = ("huggingface_hub", "numpy", "packaging", "safetensors", "tqdm", "typing_extensions")
"""Packages of which libraries use functions that change no value."""

_PLAIN = ("builtins", "collections", "typing", "enum", "re", "functools", "abc")
_CALLED_BY_ALL = ("torch", "torch.nn.functional")


def is_shipped(kind: type) -> bool:
    """Say whether a class is one that a known library ships, under the name it has there.

    >>> import torch
    >>> is_shipped(torch.nn.Linear), is_shipped(type("Linear", (torch.nn.Linear,), {}))
    (True, False)
    """
    package = kind.__module__.split(".")[0]
    if package in _PLAIN:
        return True
    if package not in LIBRARIES:
        return False
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


def is_shipped_function(function: Any) -> bool:
    """Say whether a function is one that a library ships, with all that it wraps, and not made while it runs."""
    if not isinstance(function, FunctionType):
        package = (getattr(function, "__module__", None) or "").split(".")[0]
        return isinstance(function, BuiltinFunctionType) and package in (
            *LIBRARIES,
            "math",
            "_operator",
            "builtins",
        )
    return "<locals>" not in function.__qualname__ and all(
        is_of_library(each) for each in unwrapped(function)
    )


def code_names(function: FunctionType) -> list[str]:
    """Return where the code of a function, and of what it wraps, stands: equal for equal code of a library."""
    return [f"{_module(each)}:{_name(each.__code__)}" for each in unwrapped(function)]


def unwrapped(function: FunctionType) -> Iterator[FunctionType]:
    """Yield a function and all functions it wraps or closes over."""
    seen, left = set[int](), [function]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        for inner in (getattr(each, "__wrapped__", None), *_closed_over(each)):
            left += _functions(inner)


class LibraryCode:
    """The code behind classes of a library: their methods, and the functions of the files they stand in.

    ``names`` says which code each is, for a hash; ``strange`` what is no library's own. What was looked at ``before``
    is not looked at again.
    """

    def __init__(self, before: LibraryCode | None = None) -> None:
        self.names: list[str] = []
        self.strange: list[str] = []
        self._classes: set[type] = set() if before is None else set(before._classes)
        self._modules: set[str] = set() if before is None else set(before._modules)

    def add(self, kinds: Iterable[type], attention: Iterable[str] = ()) -> None:
        """Look at classes, their bases, and whatever functions these can call; ``attention`` names those in use."""
        tensors = (torch.Tensor, torch.nn.Parameter) if (torch := sys.modules.get("torch")) else ()
        for kind in sorted({*kinds, *tensors}, key=lambda each: f"{each.__module__}.{each.__qualname__}"):
            for base in kind.__mro__:
                if base.__module__.split(".")[0] in LIBRARIES and base not in self._classes:
                    self._classes.add(base)
                    self._look_at_class(base)
        names = {kind.__module__ for kind in self._classes if not kind.__module__.startswith("torch")}
        used = frozenset(attention)
        for name in (*_CALLED_BY_ALL, *sorted(names)):
            self.add_module(name, used)

    def add_module(self, name: str, attention: frozenset[str] = frozenset()) -> None:
        """Look at the functions of one module, and of those of Transformers that its functions stand in."""
        left = [name]
        while left:
            name = left.pop()
            module = sys.modules.get(name)
            if name not in self._modules and module is not None:
                self._modules.add(name)
                left += self._look_at_module(module, attention)

    def _look_at_class(self, kind: type) -> None:
        for name, value in sorted(vars(kind).items()):
            for function in _functions(value):
                self.names += [name, *code_names(function)]
                if not _is_known(function):
                    self.strange.append(f"a patched {name} of the class {kind.__qualname__}")
            if _is_foreign_object(value):
                self.strange.append(f"a patched {name} of the class {kind.__qualname__}")

    def _look_at_module(self, module: ModuleType, attention: frozenset[str]) -> Iterator[str]:
        """Yield the modules of Transformers that this one's functions stand in."""
        for name, value in sorted(vars(module).items()):
            if isinstance(value, Mapping) and hasattr(value, "_global_mapping"):
                functions = [(key, value[key]) for key in sorted(attention) if key in value]
                yield from (each.__module__ for _, each in functions if isinstance(each, FunctionType))
                self.strange += [f"the attention {key!r}" for key, each in functions if not _is_known(each)]
                self.names += [
                    str(code_names(each)) for _, each in functions if isinstance(each, FunctionType)
                ]
            if _is_foreign_object(value) or any(not _is_known(each) for each in _registered(name, value)):
                self.strange.append(f"a patched {module.__name__}.{name}")
            for function in _functions(value):
                if not _is_known(function):
                    self.strange.append(f"a patched {module.__name__}.{name}")
                if module.__name__.startswith("transformers.models."):
                    self.names += [name, *code_names(function)]
                if (function.__module__ or "").startswith("transformers."):
                    yield function.__module__


def patched_library(model_type: str) -> str | None:
    """Return what of the library's code for a sort of model was replaced in this process; None if nothing.

    Nothing is imported for it: what was not imported cannot have been replaced.
    """
    code, start = LibraryCode(), f"transformers.models.{model_type}."
    for name in [name for name in sys.modules if name.startswith(start) and ".modeling_" in name]:
        kinds = [kind for kind in vars(sys.modules[name]).values() if isinstance(kind, type)]
        code.add(kind for kind in kinds if kind.__module__ == name)
    return code.strange[0] if code.strange else None


def _is_foreign_object(value: Any) -> bool:
    """Say whether something is called like a function, but is an object of a class that no library has."""
    if not callable(value) or isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return False
    package = type(value).__module__.split(".")[0]
    return package not in (*LIBRARIES, *_HELPERS, *_PLAIN) and package not in sys.stdlib_module_names


def _registered(name: str, value: Any) -> list[Any]:
    """Return the functions and classes in a table by name, such as that of activations."""
    if not isinstance(value, dict) or name.startswith("__"):
        return []
    parts = [part for each in dict.values(value) for part in (each if isinstance(each, tuple) else (each,))]
    return [part for part in parts if isinstance(part, (FunctionType, type))]


def _is_known(function: Any) -> bool:
    if isinstance(function, type):
        return is_shipped(function) or function.__module__.split(".")[0] in sys.stdlib_module_names
    if not isinstance(function, FunctionType):
        return is_shipped_function(function)
    if function.__closure__ is None and not hasattr(
        function, "__wrapped__"
    ):  # of most: there is nothing to follow
        return is_of_library(function) or _is_helper(function)
    return all(is_of_library(each) or _is_helper(each) for each in unwrapped(function))


def _functions(value: Any) -> list[FunctionType]:
    """Return the Python functions that run when a value is called or read as an attribute."""
    if isinstance(value, FunctionType):
        return [value]
    if isinstance(value, (staticmethod, classmethod, MethodType)):
        return _functions(value.__func__)
    if isinstance(value, property):
        return [each for part in (value.fget, value.fset) for each in _functions(part)]
    if isinstance(value, partial):
        return _functions(value.func)
    return []


def _closed_over(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def is_of_library(function: FunctionType) -> bool:
    """Say whether code stands in a library's file, or was made by a library's module, as that of dataclasses is."""
    package = _module(function).split(".")[0]
    if package not in LIBRARIES:
        return False
    file = function.__code__.co_filename
    return file.startswith(("<", _folder(package)))


def _is_helper(function: FunctionType) -> bool:
    package = _module(function).split(".")[0]
    return package in _HELPERS or package in sys.stdlib_module_names


def _module(function: FunctionType) -> str:
    return str(function.__globals__.get("__name__") or "")


def _name(code: CodeType) -> str:
    return f"{code.co_name}:{code.co_firstlineno}"


def _folder(package: str) -> str:
    file = getattr(sys.modules.get(package), "__file__", None)
    return _parent(file) if file else "\0"


@cache
def _parent(file: str) -> str:
    return str(Path(file).parent)
