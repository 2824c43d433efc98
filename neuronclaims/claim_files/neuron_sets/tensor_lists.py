"""Lists of whole numbers in files that ``torch.save`` wrote, read without torch and without running what is in them.

Such a file is a zip with a pickle: a program that builds values, and may call anything. Here its steps are read one by
one, and only those that build lists, names, numbers and tensors of whole numbers are done; anything else is refused.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, read_bytes

MOST_BYTES = 50 * MEGABYTE
MOST_STEPS = 2_000_000
"""The most steps of a file's program."""

_STORAGES: Mapping[str, str] = MappingProxyType(
    {
        "LongStorage": "<i8",
        "IntStorage": "<i4",
        "ShortStorage": "<i2",
        "CharStorage": "<i1",
        "ByteStorage": "<u1",
    }
)
_REBUILD = "torch._utils _rebuild_tensor_v2"
_ORDERED = "collections OrderedDict"
_MARK = object()


class _Global(str):
    """The name of something that a file wants to call."""


def read_tensor_lists(path: Path) -> object:
    """Return what a file of ``torch.save`` holds: lists, mappings and arrays of whole numbers.

    Raises ForeignFileError for a file that holds anything else, or is not such a file.
    """
    data = read_bytes(path, MOST_BYTES)
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise ForeignFileError(
            f"{path} is no file that torch.save writes today: save it again with torch.save."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Program(path, _members(path, archive)).run()
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        IndexError,
        TypeError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise ForeignFileError(f"{path} cannot be read as lists of whole numbers: {error}.") from None


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the members by name without the folder they lie in; refuse more than ``MOST_BYTES`` of them."""
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise ForeignFileError(f"{path} holds more than {MOST_BYTES // MEGABYTE} megabytes.")
    return {info.filename.partition("/")[2]: archive.read(info) for info in infos}


class _Program:
    """The steps of one file's pickle; ``stack`` is what was built so far, ``memo`` what may be taken again."""

    def __init__(self, path: Path, members: Mapping[str, bytes]) -> None:
        self.path, self.members = path, members
        self.stack: list[object] = []
        self.memo: dict[object, object] = {}

    def run(self) -> object:
        if "data.pkl" not in self.members:
            raise ValueError("it has no data.pkl")
        if self.members.get("byteorder", b"little") != b"little":
            raise ValueError("its numbers are not little-endian")
        for count, (step, argument, _) in enumerate(pickletools.genops(self.members["data.pkl"])):
            if count > MOST_STEPS:
                raise ValueError("it is too long")
            if step.name == "STOP":
                return self.stack[-1]
            self._do(step.name, argument)
        raise ValueError("it never ends")

    def _do(self, name: str, argument: object) -> None:
        if name in ("PROTO", "FRAME"):
            return
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name.startswith(("BININT", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "BINFLOAT")):
            self.stack.append(argument)
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name == "GLOBAL":
            self.stack.append(_Global(argument))
        elif name == "STACK_GLOBAL":
            attribute, module = self.stack.pop(), self.stack.pop()
            self.stack.append(_Global(f"{module} {attribute}"))
        elif name in _BUILDERS:
            _BUILDERS[name](self)
        else:
            raise ValueError(f"it does {name}, which no list of neurons needs")

    def above_mark(self) -> list[object]:
        """Take what was built since the last mark off the stack."""
        at = max(place for place, each in enumerate(self.stack) if each is _MARK)
        taken = self.stack[at + 1 :]
        del self.stack[at:]
        return taken

    def tuple_of(self, count: int | None) -> None:
        taken = self.above_mark() if count is None else [self.stack.pop() for _ in range(count)][::-1]
        self.stack.append(tuple(taken))

    def append(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise ValueError("it appends to what is no list")
        target.extend(items)

    def set_items(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise ValueError("it sets items of what is no mapping")
        target.update(zip(map(str, items[::2]), items[1::2], strict=True))

    def persistent(self) -> None:
        """Put a storage on the stack: its numbers, as they lie in the zip."""
        named = self.stack.pop()
        kind, storage, key = named[:3] if isinstance(named, tuple) and len(named) >= 3 else (None, None, None)
        dtype = _STORAGES.get(str(storage).removeprefix("torch "))
        if kind != "storage" or not isinstance(storage, _Global):
            raise ValueError(f"it holds {storage}, which are no whole numbers")
        raw = self.members[f"data/{key}"]
        if dtype is None and raw:
            raise ValueError(
                f"it holds {storage}, which are no whole numbers: save indices as tensors of torch.int64"
            )
        # torch.tensor([]) has the type of floats, and is how a layer without neurons is often saved.
        self.stack.append(np.frombuffer(raw, dtype=dtype or "<i8"))

    def reduce(self) -> None:
        """Do the only two calls that such a file makes: a tensor of a storage, and an empty mapping."""
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, _Global) or not isinstance(arguments, tuple):
            raise ValueError("it calls what has no name")
        if called == _ORDERED and not arguments:
            self.stack.append({})
            return
        if called != _REBUILD:
            raise ValueError(f"it calls {called}, which no list of neurons needs")
        storage, offset, size, stride = arguments[:4]
        if not isinstance(storage, np.ndarray) or len(size) > 1 or (size and stride != (1,)):
            raise ValueError("it holds a tensor that is no plain list of numbers")
        count = size[0] if size else 1
        if not 0 <= offset <= offset + count <= len(storage):
            raise ValueError("a tensor reaches beyond its numbers")
        self.stack.append(storage[offset : offset + count])


_CONSTANTS: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "NONE": lambda: None,
        "NEWTRUE": lambda: True,
        "NEWFALSE": lambda: False,
        "EMPTY_LIST": list,
        "EMPTY_DICT": dict,
        "EMPTY_TUPLE": tuple,
        "MARK": lambda: _MARK,
    }
)
_BUILDERS: Mapping[str, Callable[[_Program], None]] = MappingProxyType(
    {
        "APPEND": lambda program: program.append([program.stack.pop()]),
        "APPENDS": lambda program: program.append(program.above_mark()),
        "SETITEM": lambda program: program.set_items([program.stack.pop() for _ in range(2)][::-1]),
        "SETITEMS": lambda program: program.set_items(program.above_mark()),
        "TUPLE": lambda program: program.tuple_of(None),
        "TUPLE1": lambda program: program.tuple_of(1),
        "TUPLE2": lambda program: program.tuple_of(2),
        "TUPLE3": lambda program: program.tuple_of(3),
        "BINPERSID": lambda program: program.persistent(),
        "REDUCE": lambda program: program.reduce(),
    }
)
