"""Options that several commands share, and the groups in which commands take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from neuronclaims import run_settings as told
from neuronclaims.run_settings import Setting

if TYPE_CHECKING:
    from neuronclaims.loading.settings import LoadSettings
    from neuronclaims.models.options import RunOptions
    from neuronclaims.scripting.judge import Allow


def _option(setting: Setting, flag: str = "") -> Any:
    """Return what typer is told of a setting, which pytest has under the same name."""
    return typer.Option(
        flag or f"--{setting.flag}", metavar=setting.metavar or None, help=setting.in_commands
    )


Paths: TypeAlias = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="claim files, and folders to search for them (default: this folder)"),
]
Matching: TypeAlias = Annotated[
    str,
    typer.Option(
        "-k", metavar="EXPR", show_default=False, help="only claims whose names match, as with pytest -k"
    ),
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="overwrite the file to write")]
PromptFolders: TypeAlias = Annotated[list[Path] | None, _option(told.PROMPT_FOLDERS, "--prompt-folder")]
Cache: TypeAlias = Annotated[Path | None, _option(told.CACHE)]


@dataclass(frozen=True)
class LoadFlags:
    """How models are loaded."""

    device: Annotated[str | None, _option(told.DEVICE_NAME)] = None
    dtype: Annotated[str | None, _option(told.DTYPE)] = None
    attention: Annotated[str | None, _option(told.ATTENTION)] = None
    device_map: Annotated[str | None, _option(told.DEVICE_MAP)] = None
    max_memory: Annotated[str | None, _option(told.MAX_MEMORY)] = None
    offload_folder: Annotated[Path | None, _option(told.OFFLOAD_FOLDER)] = None

    @property
    def settings(self) -> LoadSettings:
        """The same as settings. Raises LoadingError for what cannot be meant."""
        from neuronclaims.loading.settings import LoadSettings

        return LoadSettings(**vars(self))

    @property
    def options(self) -> RunOptions:
        """The options of a run that loads models so."""
        from neuronclaims.models.options import RunOptions

        return RunOptions.of(self.settings)


@dataclass(frozen=True)
class RunFlags:
    """What the command line says of a run: of which claims and models, and what is allowed."""

    matching: Matching = ""
    models: Annotated[list[str] | None, _option(told.MODEL)] = None
    cache: Cache = None
    load: LoadFlags = field(default_factory=LoadFlags)
    engine: Annotated[str | None, _option(told.ENGINE)] = None
    memory: Annotated[str | None, _option(told.MEMORY)] = None
    store: Annotated[str | None, _option(told.STORE)] = None
    prompt_folder: PromptFolders = None
    trust_cache: Annotated[bool, _option(told.TRUST_CACHE)] = False
    download: Annotated[bool, _option(told.DOWNLOAD)] = False

    @property
    def allowed(self) -> Allow:
        """What may be used that is refused by default."""
        from neuronclaims.scripting.judge import Allow

        return Allow(self.download, self.trust_cache, tuple(self.prompt_folder or ()))
