"""Where files of prompts may lie: what a claim file names is read only below the project, or where its owner says so.

A claim file may come from anybody. Errors quote lines of files of prompts, so a file elsewhere is refused before it is
opened: it may be a secret, a device, or a pipe that never ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neuronclaims.naming import project_root

SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev")))
"""Folders of things that look like files and are none. They are never read, whatever is allowed."""


@dataclass(frozen=True)
class PromptFolders:
    """A project's folder, and folders elsewhere that files of prompts may be read from; links are followed first."""

    root: Path
    allowed: tuple[Path, ...] = ()

    @classmethod
    def around(cls, claim_file: Path, allowed: tuple[Path, ...] = ()) -> PromptFolders:
        """Return the folders for a claim file that is read without pytest: its project's, as names of claims have it.

        Where no project is found, the working directory counts if the file lies below it, and else its own folder.
        """
        return cls(project_root(claim_file.absolute().parent), allowed)

    def holds(self, path: Path) -> bool:
        """Say whether a file may be read. Looks at names and links only, and opens nothing."""
        try:
            real = path.resolve()
            folders = [folder.resolve() for folder in (self.root, *self.allowed)]
        except (OSError, RuntimeError, ValueError):  # a circle of links, or a name that can be none
            return False
        inside = any(real.is_relative_to(folder) for folder in folders)
        return inside and not any(real.is_relative_to(folder) for folder in SYSTEM)

    def leads_out(self, claim_file: Path) -> bool:
        """Say whether a claim file of the project is a link to something outside of it."""
        return claim_file.absolute().is_relative_to(self.root.absolute()) and not self.holds(claim_file)
