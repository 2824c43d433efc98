"""The site is built without warnings, all its links lead somewhere, and it loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("mkdocs", "material", "mkdocstrings_handlers.python")
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """What a page links to and loads, and the names of its places."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.places: set[str] = {""}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.styles: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places.update(value for name in ("id", "name") if (value := given.get(name)))
        self.styles.append(given.get("style") or "")
        if tag == "a" and given.get("href") is not None:
            self.links.append(given["href"] or "")
        elif (target := given.get(LOADED.get(tag, ""))) is not None:
            (self.links if given.get("rel") in ("canonical", "next", "prev") else self.loads).append(target)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in NEEDED:
        if find_spec(name.partition(".")[0]) is None:
            pytest.skip(f"{name} is not installed: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    # No proxy leads anywhere: what would be fetched fails.
    environment |= dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"
    )
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in built.rglob("*.html") if path.name != "404.html"}


def test_every_link_leads_to_a_page_and_a_place_on_it(built: Path, pages: dict[Path, Page]) -> None:
    assert len(pages) > 100
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "mailto" or (parts.scheme == "https" and "." in parts.netloc), (
                    path,
                    link,
                )
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.exists() or (
                target in pages and place not in pages[target].places and place != "__toc"
            ):
                broken.append(f"{path.relative_to(built)}: {link}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Page]) -> None:
    foreign = [
        f"{path.name}: {load}"
        for path, page in pages.items()
        for load in page.loads
        if re.match(r"(\w+:)?//", load)
    ]
    styles = [style for page in pages.values() for style in page.styles]
    styles += [path.read_text(encoding="utf-8") for path in built.rglob("*.css")]
    foreign += [
        match
        for style in styles
        for match in re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", style)
    ]
    assert not foreign


def test_every_page_of_the_documentation_has_a_place_in_the_navigation_or_a_list(
    built: Path, pages: dict[Path, Page]
) -> None:
    linked = {
        (path.parent / unquote(urlsplit(link).path)).resolve()
        for path, page in pages.items()
        for link in page.links
        if not urlsplit(link).scheme and urlsplit(link).path
    }
    assert not [path.relative_to(built) for path in pages if path not in linked and path.name != "index.html"]
