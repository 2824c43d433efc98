"""The blocks of a page of the documentation, and what comments in the page say about them.

A comment in the line above a block says how it is checked, which readers of the page do not see:

- ``<!-- not run: REASON -->``: nothing runs it. Its commands are still read for options that do not exist.
- ``<!-- thorough -->``: only thorough runs run it.

``<!-- folder: claims/prompts claims/places.claims.yaml -->`` anywhere in a page names what of the repository lies in
the folder in which its blocks are run. A comment that holds lines after ``>>>`` is an example that readers do not see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        ROOT / "claims" / "README.md",
        *(path for path in DOCS.rglob("*.md") if path.parent.name != "adr"),
    ]
)
FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*)(?: title=\"(?P<title>[^\"]+)\")?\s*")
MARK = re.compile(r"<!-- (not run: .+|thorough) -->")
FOLDER = re.compile(r"^<!-- folder: (.+) -->$", re.M)


@dataclass(frozen=True)
class Block:
    """One block: its page, the line of its fence, what the fence and the comment above it say, and its text."""

    page: Path
    line: int
    language: str
    title: str | None
    mark: str | None
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def reason(self) -> str | None:
        """Why nothing runs it, where a comment says so."""
        return self.mark.removeprefix("not run: ") if self.mark and self.mark != "thorough" else None


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order; examples in comments are blocks of the language ``pycon``.

    Raises AssertionError for a fence that nobody closes, and for a block that is set off by four spaces alone.
    """
    found = []
    lines = page.read_text(encoding="utf-8").split("\n")
    at, before = 0, ""
    while at < len(lines):
        line = lines[at]
        fence = FENCE.fullmatch(line)
        if fence or line == "<!--" or line.startswith("<!-- Lines that begin with >>>"):
            closing = fence["fence"] if fence else "-->"
            assert closing in lines[at + 1 :], f"{page.name}:{at + 1}: this block has no end"
            end = lines.index(closing, at + 1)
            text = "".join(f"{each}\n" for each in lines[at + 1 : end])
            if fence:
                mark = MARK.fullmatch(before)
                told = fence["language"], fence["title"], mark and mark[1]
                found.append(Block(page, at + 1, *told, text))
            elif text.startswith(">>> "):
                found.append(Block(page, at + 1, "pycon", None, None, text))
            at = end
        else:
            alone = not before.strip() and not before.startswith("    ")
            assert not (line.startswith("    ") and line.strip() and alone), (
                f"{page.name}:{at + 1}: set blocks off by fences, not by four spaces"
            )
        before = lines[at]
        at += 1
    return found


def folder_of(page: Path) -> list[Path]:
    """Return the files and folders of the repository that a page's blocks need."""
    named = FOLDER.findall(page.read_text(encoding="utf-8"))
    return [ROOT / name for line in named for name in line.split()]
