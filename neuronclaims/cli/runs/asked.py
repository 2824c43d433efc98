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
from neuronclaims.run_settings import (
    DOWNLOAD,
    ENGINE,
    INCONCLUSIVE,
    MEMORY,
    MODEL,
    PATIENCE,
    PROMPT_FOLDERS,
    STORE,
    TRUST_CACHE,
    VALUES,
    Setting,
)

if TYPE_CHECKING:
    from neuronclaims.answers import Measure
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.claim_files.prompt_folders import PromptFolders
    from neuronclaims.cli.options import RunFlags
    from neuronclaims.loading.settings import LoadSettings
    from neuronclaims.models.options import Progress, RunOptions
    from neuronclaims.scripting.plan import PlannedRun
    from neuronclaims.study import Study


@dataclass(frozen=True)
class Asked:
    """A run of claim files in a project; settings of pytest there count where the command line says nothing."""

    root: Path
    said: RunFlags

    @cached_property
    def folders(self) -> dict[str, Path]:
        """The folders of models by the names that claim files use. Raises NeuronClaimsError for what is none."""
        return {name.lstrip("+"): folder for name, folder in self._named}

    @cached_property
    def cache_folder(self) -> Path:
        """The folder of the run cache."""
        from neuronclaims.scripting.cache_folder import cache_of

        return self.said.cache if self.said.cache is not None else cache_of(self.root)

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
            trust_cache=self._trusts,
            load=self._unsaid,
            download=self.said.download or self._is_on(DOWNLOAD),
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

        cache = RunCache(self.cache_folder, self._trusts)
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

    def read_meant(self, paths: Sequence[Path]) -> tuple[list[ClaimFile], bool]:
        """Return the claim files with the claims that are meant, and whether a file could not be read, which is told.

        Raises NeuronClaimsError where no claim is meant.
        """
        files: list[ClaimFile] = []
        wrong = False
        for path in paths:
            try:
                file = self.read(path)
            except NeuronClaimsError as error:
                say(str(error), file=sys.stderr)
                wrong = True
            else:
                files.append(
                    replace(file, claims=tuple(each for each in file.claims if self.chooses(each.id)))
                )
        if files and not any(file.claims for file in files):
            raise NeuronClaimsError(f"-k {self.said.matching!r} matches no claim.")
        return [file for file in files if file.claims], wrong

    def around(self, path: Path) -> PromptFolders:
        """Return the folders in which files of prompts may lie, for one claim file."""
        from neuronclaims.claim_files.prompt_folders import PromptFolders

        allowed = (self.root / line for line in self._lines(PROMPT_FOLDERS))
        return PromptFolders.around(path, (*(self.said.prompt_folder or ()), *allowed))

    @cached_property
    def chooses(self) -> Chooses:
        """A function that says whether a claim is meant, by its id. Raises ExpressionError."""
        return chooser(self.said.matching)

    @property
    def allows_inconclusive(self) -> bool:
        """Whether claims that nobody expected to be inconclusive may be so."""
        return self._setting(INCONCLUSIVE) == "skip"

    @property
    def _unsaid(self) -> LoadSettings:
        """How models are loaded where neither the command line nor a claim file says it."""
        from neuronclaims.loading.settings import SETTINGS, LoadSettings

        found = {each.name: self._setting(each) for each in VALUES if each.name in SETTINGS}
        if (folder := found["offload_folder"]) is not None:
            found["offload_folder"] = str(self.root / Path(folder).expanduser())
        return LoadSettings(**found)

    def _options(self) -> RunOptions:
        from neuronclaims.engines.opening import check_engine
        from neuronclaims.models.options import RunOptions

        engine = self.said.engine or self._setting(ENGINE) or ENGINE.default
        check_engine(engine)
        return RunOptions.of(
            self.said.load.settings,
            engine=engine,
            memory=self.said.memory or self._setting(MEMORY),
            store=self.said.store or self._setting(STORE) or STORE.default,
            patience=self._setting(PATIENCE),
        )

    @property
    def _trusts(self) -> bool:
        return self.said.trust_cache or self._is_on(TRUST_CACHE)

    @cached_property
    def _named(self) -> list[tuple[str, Path]]:
        lines = [(line, self.root) for line in self._lines(MODEL)]
        return [
            _named_folder(line, base)
            for line, base in (*lines, *((each, Path.cwd()) for each in self.said.models or ()))
        ]

    def _lines(self, setting: Setting) -> tuple[str, ...]:
        from neuronclaims.scripting.cache_folder import setting_of

        return setting_of(self.root, setting.ini)

    def _setting(self, setting: Setting) -> str | None:
        return " ".join(self._lines(setting)) or None

    def _is_on(self, setting: Setting) -> bool:
        return (self._setting(setting) or "").lower() in ("1", "true", "yes", "on", "y", "t")


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
