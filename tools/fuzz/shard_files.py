"""Shards of the run cache, damaged: the values that were written, to the last bit, or none."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np

from fuzz.damage import bytes_damaged, json_damaged, replaced
from fuzz.trial import WrongError
from neuronclaims.cache.context import Context
from neuronclaims.cache.maintenance import verify
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import RunWarning

TEXTS = tuple(f"text {number}" for number in range(12))
NEEDS = [
    request.need
    for site in ("mlp_post", "resid_post")
    if (request := Activations(site, 1, TokenRule("last", "prompt"), TEXTS).request) is not None
]
KEY = "c" * 64
WIDTH = 8


class ShardFiles:
    """A context of three shards, one of them damaged."""

    name: ClassVar[str] = "shards"
    trials: ClassVar[int] = 300

    def prepare(self, folder: Path) -> None:
        """Write the shards."""
        context = _context(folder / "whole")
        values = _values()
        for start in range(0, len(TEXTS), 4):
            context.write(
                TEXTS[start : start + 4],
                {need: values[number][start : start + 4] for number, need in enumerate(NEEDS)},
            )

    def trial(self, folder: Path, seed: int) -> str:
        """Read a damaged cache, and look it over."""
        rng = Random(f"shard {seed}")
        cache = RunCache(folder / "cache")
        shutil.copytree(folder / "whole", cache.folder)
        context = _context(cache.folder)
        path = rng.choice(sorted(context.folder.glob("*.safetensors")))
        path.chmod(0o600)
        _damage(path, rng)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RunWarning)
                if rng.random() < 0.3:
                    verify(cache)
                found = context.read({need: list(TEXTS) for need in NEEDS})
        finally:
            shutil.rmtree(cache.folder)
        values = _values()
        count = 0
        for number, need in enumerate(NEEDS):
            for text, row in found[need].items():
                count += 1
                if row.tobytes() != values[number][TEXTS.index(text)].tobytes():
                    raise WrongError(f"another value for {text!r}")
        return "all values there" if count == len(TEXTS) * len(NEEDS) else "the damaged shard was left out"


def _context(folder: Path) -> Context:
    found = RunCache(folder).context(KEY)
    assert found is not None
    return found


def _values() -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=(len(TEXTS), WIDTH)).astype(np.float32) for _ in NEEDS]


def _damage(path: Path, rng: Random) -> None:
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    head, rest = data[8 : 8 + size], data[8 + size :]
    match rng.randrange(5):
        case 0:
            path.write_bytes(bytes_damaged(data, rng))
        case 1:
            head = json_damaged(head, rng)
            path.write_bytes(len(head).to_bytes(8, "little") + head + rest)
        case 2:
            path.write_bytes(data[:8] + head + bytes_damaged(rest, rng))
        case 3:
            path.write_bytes(rng.randrange(1 << rng.choice((8, 32, 63))).to_bytes(8, "little") + data[8:])
        case _:
            replaced(path, rng)
