"""What the documentation's site needs beside its pages: hooks of mkdocs, named in mkdocs.yml.

Pages link to files of the repository, as readers of the repository need it. In the site those that are pages
(ARCHITECTURE.md and the like) become pages, all others are copied. Lists may follow a paragraph without an empty line,
as GitHub reads them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "claims/README.md": "demo-claims.md",
    "neuronclaims/demo/MODEL_CARD.md": "demo-model.md",
}
"""Pages of the repository outside of docs/, and what they are called in the site."""
LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")
ITEM = re.compile(r"([-*+]|\d+\.) ")
KINDS = "Kinds of claim"
Config = Any


def on_config(config: Config) -> Config:
    """List the pages of all kinds under their own heading, and those of folders that the navigation does not know."""
    missing = {name for path, name in PAGES.items() if not (ROOT / path).exists()}
    named: set[str] = set()
    for section in config.nav:
        if isinstance(section, dict):
            [(title, pages)] = section.items()
            pages[:] = [
                page for page in pages if not (isinstance(page, dict) and missing & set(page.values()))
            ]
            if title == KINDS:
                pages += _titled("kinds")
            named |= {
                name for page in pages for name in (page.values() if isinstance(page, dict) else [page])
            }
    for folder in sorted({path.parent.name for path in DOCS.glob("*/*.md")} - {"adr"}):
        more = [page for page in _titled(folder) if not named & set(page.values())]
        known = [section[folder.capitalize()] for section in config.nav if folder.capitalize() in section]
        if known:
            known[0] += more
        elif more:
            config.nav.append({folder.capitalize(): more})
    return config


def on_files(files: Files, config: Config) -> Files:
    """Add the repository's pages, and every file that a page links to."""
    for path, name in PAGES.items():
        if name != "index.md" and (ROOT / path).exists():
            files.append(File.generated(config, name, abs_src_path=str(ROOT / path)))
    for page in list(files.documentation_pages()):
        source = _source(page)
        for match in LINK.finditer(_without_code(source.read_text(encoding="utf-8"))):
            linked = _linked(source, match[2])
            if linked is not None and not linked.is_relative_to(DOCS) and linked.is_file():
                name = _name(linked)
                if files.get_file_from_path(name) is None:
                    files.append(File.generated(config, name, abs_src_path=str(linked)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to where their files lie in the site, and set lists apart from the paragraph before."""
    source = _source(page.file)
    folder = os.path.dirname(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        linked = _linked(source, match[2])
        if linked is None or not linked.exists():
            return match[0]
        target = os.path.relpath(_name(linked), folder or ".")
        return f"{match[1]}{target}{match[3] or ''}{match[4]}"

    return _lists_apart(LINK.sub(moved, markdown))


def _titled(folder: str) -> list[dict[str, str]]:
    return [{_title(path): f"{folder}/{path.name}"} for path in sorted((DOCS / folder).glob("*.md"))]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next(lines).removeprefix("# ").strip()


def _source(file: File) -> Path:
    return Path(file.abs_src_path or "")


def _linked(source: Path, target: str) -> Path | None:
    """Return the file of the repository that a link means, its README.md if it means a folder."""
    path = Path(os.path.normpath(source.parent / target))
    if not path.is_relative_to(ROOT):
        return None
    return path / "README.md" if path.is_dir() else path


def _name(path: Path) -> str:
    """Return what a file of the repository is called in the site."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = path.relative_to(ROOT).as_posix()
    return PAGES.get(name, f"repository/{name}")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def _lists_apart(text: str) -> str:
    r"""Put an empty line before a list that follows a paragraph.

    >>> _lists_apart("Two things:\n- one\n- two")
    'Two things:\n\n- one\n- two'
    """
    made: list[str] = []
    code = False
    for line in text.split("\n"):
        code ^= line.lstrip().startswith("```")
        before = made[-1] if made else ""
        if (
            not code
            and ITEM.match(line)
            and before.strip()
            and before[0] not in " \t|"
            and not ITEM.match(before)
        ):
            made.append("")
        made.append(line)
    return "\n".join(made)
