"""All values of one model under one set of options: read by content, written batch by batch."""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache import layout, shards
from neuronclaims.cache.failures import Failures
from neuronclaims.cache.number_types import PLAIN, rounds
from neuronclaims.cache.row_places import RowPlaces
from neuronclaims.cache.whole import prepare_root, write_whole
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import read_json_object
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import CacheError, MeasurementError, RunWarning
from neuronclaims.measurements.measurement import Need, TextRequest
from neuronclaims.measurements.plan import Wanted
from neuronclaims.measurements.share import WHOLE, Share


@dataclass(frozen=True, slots=True)
class Context:
    """All cached values of one model under one set of options; ``store`` is the number type of activations."""

    root: Path
    key: str
    about: Mapping[str, str] = field(default_factory=dict, compare=False)
    store: str = PLAIN

    @property
    def folder(self) -> Path:
        """The folder of this context's shards."""
        return layout.context_folder(self.root, self.key)

    def read(
        self, wanted: Wanted, facts: ModelFacts | None = None
    ) -> dict[Need, dict[str, NDArray[np.float32]]]:
        """Return the values there are, by need and prompt; ``facts`` tells how wide they are at least.

        Damaged shards are set aside, with a warning.
        """
        found: dict[Need, dict[str, NDArray[np.float32]]] = {need: {} for need in wanted}
        for need, rows in self.parts(wanted, facts):
            found[need].update(rows)
        return found

    def parts(
        self, wanted: Wanted, facts: ModelFacts | None = None
    ) -> Iterator[tuple[Need, dict[str, NDArray[np.float32]]]]:
        """Yield what ``read`` returns, file by file: a need, and rows by prompt."""
        if layout.is_file(self.folder / layout.ABOUT):
            with suppress(OSError):
                os.utime(self.folder / layout.ABOUT)
        files = layout.files(self.folder, layout.SHARD) if wanted else []
        if not files:
            return
        texts = list(dict.fromkeys(prompt for prompts in wanted.values() for prompt in prompts))
        places = RowPlaces(texts, (row_key(self.key, prompt) for prompt in texts))
        left = _left(wanted, texts)
        for path in files:
            try:
                yield from self._parts_of(shards.read_header(path, self.key), places, left, facts)
            except shards.DamagedShardError as error:
                _set_aside(path, error)

    def write(self, prompts: tuple[str, ...], values: Mapping[Need, NDArray[np.float32]]) -> Path:
        """Keep the values of one finished batch, one row per prompt; raise CacheError if they cannot be."""
        rows = [row_key(self.key, prompt) for prompt in prompts]
        try:
            self.prepare()
            types = {str(need): self.store for need in values if self.store != PLAIN and rounds(need)}
            tensors = {str(need): values[need] for need in values}
            return shards.write(self.folder, self.key, rows, tensors, types).path
        except OSError as error:
            raise self._unwritable(error) from None

    def prepare(self) -> None:
        """Make the folders, with notes that say what they are, and keep them out of version control.

        A note that a full disk left empty or cut short is written again. Raises CacheError for links.
        """
        prepare_root(self.root)
        layout.check_plain(self.root, layout.ACTIVATIONS, self.folder.name)
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=layout.FOLDER_MODE, exist_ok=True)
        note = self.folder / layout.ABOUT
        if about_in(self.folder) is None and (layout.is_file(note) or not os.path.lexists(note)):
            write_whole(note, (json.dumps(dict(self.about), indent=2) + "\n").encode())

    @property
    def failures(self) -> Failures:
        """What could not be measured, and is remembered."""
        return Failures(self.folder)

    def failure(self, request: TextRequest) -> MeasurementError | None:
        """Return why something could not be measured of some texts, None where nothing is remembered."""
        if not layout.files(self.folder, layout.FAILED):
            return None
        return self.failures.of(str(request.need), [row_key(self.key, item) for item in request.items])

    def keep_failure(self, request: TextRequest, error: MeasurementError) -> None:
        """Remember why something could not be measured of some texts, if it will be so again."""
        rows = [row_key(self.key, item) for item in request.items]
        self.failures.keep(str(request.need), rows, error)

    @contextmanager
    def measuring(self, waiting: Callable[[], None] | None = None, share: Share = WHOLE) -> Iterator[None]:
        """Hold the lock under which this context is measured: processes starting together measure once.

        Each share of a run has a lock of its own. ``waiting`` is called where another process holds it.
        """
        from filelock import FileLock, Timeout

        try:
            self.prepare()
            self._sweep()
            lock = FileLock(lock_of(self.folder, share))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if waiting is not None:
                    waiting()
                lock.acquire()
        except NotImplementedError:
            # A file system without locks: work may be done twice, but never wrongly.
            yield
            return
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            yield
        finally:
            lock.release()

    def _parts_of(
        self,
        shard: shards.Shard,
        places: RowPlaces,
        left: Mapping[Need, NDArray[np.bool_]],
        facts: ModelFacts | None,
    ) -> Iterator[tuple[Need, dict[str, NDArray[np.float32]]]]:
        """Yield the rows of one file that no earlier file had, and note them in ``left``."""
        found = places.of(shard.rows)
        for need, lacking in left.items():
            rows = np.flatnonzero(lacking[found])
            if not len(rows) or (name := str(need)) not in shard.checksums:
                continue
            values = shard.load(name)
            if facts is not None and values.shape[1] < (width := need.width(facts)):
                raise shards.DamagedShardError(f"{name} has {values.shape[1]} columns, fewer than {width}")
            lacking[found[rows]] = False
            yield need, {places.texts[found[row]]: values[row] for row in rows}

    def _sweep(self, age: float = 86400.0) -> None:
        for path in layout.files(self.folder, layout.LEFTOVER):
            with suppress(OSError):
                if path.suffix == ".tmp" and time.time() - path.stat().st_mtime > age:
                    path.unlink()

    def _unwritable(self, error: OSError) -> CacheError:
        return CacheError(
            f"The run cache in {self.root} cannot be written: {error.strerror or error}. Make room or give write "
            "permission there, or choose another cache folder."
        )


def _left(wanted: Wanted, texts: Sequence[str]) -> dict[Need, NDArray[np.bool_]]:
    """Return of every need which texts it lacks: bool [texts + 1], the last one False, for a text that nobody wants."""
    number: dict[str, int] = {}
    found: dict[Need, NDArray[np.bool_]] = {}
    for need, prompts in wanted.items():
        own = list(prompts)
        found[need] = lacking = np.ones(len(texts) + 1, dtype=bool)
        lacking[-1] = False
        if own != texts:
            number = number or {text: place for place, text in enumerate(texts)}
            lacking[:] = False
            lacking[[number[text] for text in own]] = True
    return found


def lock_of(folder: Path, share: Share = WHOLE) -> Path:
    """Return the path of a context's lock, or of a share's; raise CacheError where something else lies there.

    Taking a lock cuts its file to nothing, so it must be an empty file of ours.
    """
    one = f"measuring-{share.number}-of-{share.shares}.lock"
    path = folder / (layout.LOCK if share == WHOLE else one)
    if os.path.lexists(path) and not (layout.is_file(path) and path.lstat().st_size == 0):
        raise CacheError(
            f"{path} is not the lock of a run but something else, which is left alone. Remove it."
        )
    return path


def about_in(folder: Path) -> dict[str, str] | None:
    """Return what the context.json in a context's folder says in words; None where there is none that can be read."""
    if not layout.is_file(folder / layout.ABOUT):
        return None
    with suppress(OSError, NeuronClaimsError):
        found = read_json_object(folder / layout.ABOUT, layout.LARGEST_NOTE)
        return {name: text for name, text in found.items() if isinstance(text, str)}
    return None


def row_key(context: str, prompt: str) -> str:
    """Return the content hash of one row: a context and the exact text of a prompt."""
    return hashlib.sha256(f"{context}\n{prompt}".encode("utf-8", "surrogatepass")).hexdigest()


def _set_aside(path: Path, error: Exception) -> None:
    if not path.exists():
        return  # another process was quicker
    warnings.warn(
        f"The cache file {path} is damaged ({error}); its values are measured again.",
        RunWarning,
        stacklevel=2,
    )
    layout.set_aside(path)
