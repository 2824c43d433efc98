"""A study of claim files as pytest would open it, by options of the command line and settings of the project."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cli.chosen import Chooses, chooser
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.answers import Measure
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.claim_files.prompt_folders import PromptFolders
    from neuronclaims.loading.settings import LoadSettings
    from neuronclaims.models.options import Progress, RunOptions
    from neuronclaims.scripting.plan import PlannedRun
    from neuronclaims.study import Study


@dataclass(frozen=True)
class Asked:
    """What the command line says of a run; settings of pytest in the project count where it says nothing.

    ``models`` are lines of [+]NAME=FOLDER, ``load`` is how models are loaded, ``matching`` is which claims are meant,
    ``engine`` what measures.
    """

    root: Path
    models: Sequence[str] = ()
    cache: Path | None = None
    load: LoadSettings | None = None
    prompt_folders: Sequence[Path] = ()
    trust_cache: bool = False
    download: bool = False
    matching: str = ""
    engine: str | None = None

    @cached_property
    def folders(self) -> dict[str, Path]:
        """The folders of models by the names that claim files use. Raises NeuronClaimsError for what is none."""
        return {name.lstrip("+"): folder for name, folder in self._named}

    @cached_property
    def cache_folder(self) -> Path:
        """The folder of the run cache."""
        from neuronclaims.scripting.cache_folder import cache_of

        return self.cache if self.cache is not None else cache_of(self.root)

    def check(self) -> None:
        """Raise NeuronClaimsError for options that cannot be meant."""
        for read in (self._options, lambda: self.folders, lambda: self.chooses):
            read()

    def study(self, progress: Callable[[Progress], None], measure: Measure) -> Study:
        """Return a new study."""
        from neuronclaims.study import Study

        return Study(
            cache=self.cache_folder,
            options=self._options(),
            models=self.folders,
            progress=progress,
            measure=measure,
            trust_cache=self.trust_cache or self._is_on("trust_cache"),
            load=self._unsaid,
            download=self.download or self._is_on("download"),
        )

    def plan(
        self,
        asked: Sequence[tuple[ClaimFile, str]],
        progress: Callable[[Progress], None],
        *,
        pilot: bool,
        here: bool,
    ) -> PlannedRun:
        """Return what a run of some files, each on a model, takes; see ``scripting.plan``.

        Where it is not to run ``here``, nothing is loaded, and the run cache of this machine does not count.
        """
        from neuronclaims.cache.run_cache import RunCache
        from neuronclaims.engines.forecast import Ways
        from neuronclaims.scripting.plan import plan_files

        cache = RunCache(self.cache_folder, self.trust_cache or self._is_on("trust_cache"))
        ways = Ways(
            pilot=pilot and here, cache=cache if here else None, options=self._options(), report=progress
        )
        return plan_files(asked, self.folders, ways, self._unsaid)

    def read(self, path: Path, folders: PromptFolders | None = None) -> ClaimFile:
        """Return a claim file with the models added. Raises ClaimFileError."""
        from neuronclaims.claim_files.reader import read_claim_file
        from neuronclaims.kinds import templates

        file = read_claim_file(path, templates(), folders or self.around(path))
        added = tuple(name[1:] for name, _ in self._named if name.startswith("+"))
        return replace(file, models=tuple(dict.fromkeys((*file.models, *added))))

    def around(self, path: Path) -> PromptFolders:
        """Return the folders in which files of prompts may lie, for one claim file."""
        from neuronclaims.claim_files.prompt_folders import PromptFolders

        allowed = (self.root / line for line in self._lines("prompt_folders"))
        return PromptFolders.around(path, (*self.prompt_folders, *allowed))

    @cached_property
    def chooses(self) -> Chooses:
        """A function that says whether a claim is meant, by its id. Raises ExpressionError."""
        return chooser(self.matching)

    @property
    def allows_inconclusive(self) -> bool:
        """Whether claims that nobody expected to be inconclusive may be so."""
        return self._setting("inconclusive") == "skip"

    @property
    def _unsaid(self) -> LoadSettings:
        """How models are loaded where neither the command line nor a claim file says it."""
        from neuronclaims.loading.settings import SETTINGS, LoadSettings

        found = {name: self._setting(name) for name in SETTINGS}
        if (folder := found["offload_folder"]) is not None:
            found["offload_folder"] = str(self.root / Path(folder).expanduser())
        return LoadSettings(**found)

    def _options(self) -> RunOptions:
        from neuronclaims.engines.opening import check_engine
        from neuronclaims.loading.settings import UNSAID
        from neuronclaims.models.options import RunOptions

        said = self.load or UNSAID
        engine = self.engine or self._setting("engine") or "local"
        check_engine(engine)
        store = self._setting("store") or "float32"
        memory, patience = self._setting("memory"), self._setting("patience")
        return RunOptions.of(said, engine=engine, memory=memory, store=store, patience=patience)

    @cached_property
    def _named(self) -> list[tuple[str, Path]]:
        lines = [(line, self.root) for line in self._lines("model")]
        return [
            _named_folder(line, base)
            for line, base in (*lines, *((each, Path.cwd()) for each in self.models))
        ]

    def _lines(self, name: str) -> tuple[str, ...]:
        from neuronclaims.scripting.cache_folder import setting_of

        return setting_of(self.root, f"claims_{name}")

    def _setting(self, name: str) -> str | None:
        return " ".join(self._lines(name)) or None

    def _is_on(self, name: str) -> bool:
        return (self._setting(name) or "").lower() in ("1", "true", "yes", "on", "y", "t")


def _named_folder(line: str, base: Path) -> tuple[str, Path]:
    name, equals, folder = (part.strip() for part in line.partition("="))
    if not (name.lstrip("+") and equals and folder):
        raise NeuronClaimsError(
            f"--model: {line!r} is no NAME=FOLDER: write the name that claim files use, '=' and the model's folder."
        )
    path = (base / Path(folder).expanduser()).resolve()
    if not path.is_dir():
        raise NeuronClaimsError(f"--model: there is no folder {path} for the model {name.lstrip('+')!r}.")
    return name, path


@contextmanager
def telling_warnings() -> Iterator[None]:
    """Tell warnings about runs as one line each."""
    from neuronclaims.measurements.errors import RunWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RunWarning)
        try:
            yield
        finally:
            for text in dict.fromkeys(str(each.message) for each in caught if each.category is RunWarning):
                say(f"warning: {text}", file=sys.stderr)
