"""Models that stay loaded from one run to the next, for whoever measures again and again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import Answers, measure_each
from neuronclaims.measurements import Measurement
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.models.running.loading import Ready


class KeptModels:
    """A function that measures as ``measure_each`` does, and keeps the models that it loaded for its next call.

    At most ``most`` models are kept; the one that was not used for longest goes first. A model is loaded again where a
    file in one of its folders has another size or time.
    """

    def __init__(self, most: int = 2) -> None:
        self._most = most
        self._kept: dict[Hashable, Ready] = {}

    def __call__(
        self,
        source: Source,
        measurements: Sequence[Measurement],
        *,
        cache: RunCache | None,
        options: RunOptions,
        progress: Callable[[Progress], None] | None,
    ) -> Answers:
        """Return the answers as ``measure_each`` does."""
        return measure_each(
            source, measurements, cache=cache, options=options, progress=progress, loads=self._load
        )

    def _load(self, source: Source, options: RunOptions, tokenizer: Any) -> Ready:
        from neuronclaims.models.running.loading import load

        if source.loaded is not None:
            return load(source, options, tokenizer)
        key = source.loading(options), tuple(_stamps(source))
        ready = self._kept.pop(key, None) or load(source, options, tokenizer)
        self._kept[key] = ready
        for oldest in list(self._kept)[: -self._most]:
            del self._kept[oldest]
        return ready


def _stamps(source: Source) -> Iterator[tuple[str, int, int]]:
    """Yield the path, size and time of every file in the folders of a model."""
    folders = dict.fromkeys((source.folder, source.model_folder, source.tokenizer_folder))
    for folder in folders:
        for path in sorted(folder.iterdir() if folder is not None else ()):
            if path.is_file():
                yield _stamp(path)


def _stamp(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path.resolve()), found.st_size, found.st_mtime_ns
