"""Write docs/kinds.md and docs/kinds/NAME.md from the kinds themselves.

python docs/kinds_pages.py             the pages
python docs/kinds_pages.py --pictures  the missing pictures too: from reports/claims.json of `pytest claims/`
                                       and from kinds/pictures.claims.yaml, which has the kinds that no demo claim is of
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from neuronclaims.claim_files.editor import options_table
from neuronclaims.kinds import kinds
from neuronclaims.kinds.pages import KindPage, slug_of
from neuronclaims.results import Result

HERE = Path(__file__).parent
FOLDER = HERE / "kinds"
REPORT = HERE.parent / "reports" / "claims.json"
SENTENCES = FOLDER / "pictures.json"
"""The sentence and the verdict of each picture, by the file name of its kind."""
MORE = FOLDER / "pictures.claims.yaml"


def pages() -> dict[Path, str]:
    """Return all pages by their paths."""
    drawn = known_pictures()
    own = [kind for kind in kinds() if type(kind).__module__.startswith("neuronclaims.")]
    found = {}
    rows = []
    for kind in own:
        slug = slug_of(kind.name)
        page = KindPage(kind, (f"{slug}.svg", caption(*drawn[slug])) if slug in drawn else None)
        found[FOLDER / f"{slug}.md"] = page.markdown
        shape = kind.template.shape.replace("|", "\\|")
        rows.append(f"| [{kind.name}](kinds/{slug}.md) | `{shape}` |")
    table = "\n".join(["| kind | how its sentences read |", "|---|---|", *rows, ""])
    options = options_table({kind.name: kind.template.options for kind in own})
    opening = (HERE / "kinds_opening.txt").read_text(encoding="utf-8")
    found[HERE / "kinds.md"] = opening.replace("{{kinds}}", table).replace("{{options}}", options)
    return found


def known_pictures() -> dict[str, tuple[str, str]]:
    """Return the sentence and the verdict of each picture by the name of its kind's file."""
    return json.loads(SENTENCES.read_text(encoding="utf-8")) if SENTENCES.exists() else {}


def caption(sentence: str, verdict: str) -> str:
    """Return what stands below a picture, in Markdown."""
    return f"`{sentence}`: {verdict} on the demo model"


def results() -> Iterator[Result]:
    """Yield the results of the last report, and those of the claims that are made for pictures."""
    from neuronclaims import judge
    from neuronclaims.reports.json.reading import read_claims
    from neuronclaims.reports.plain import from_plain

    if REPORT.exists():
        for claim in read_claims(REPORT, ("nodeid", "file", "model", "id", "sentence")):
            left_out = ("nodeid", "as_expected", "outcome")
            yield from_plain({key: value for key, value in claim.items() if key not in left_out})
    yield from judge(MORE, cache=None, progress=False)


def draw() -> None:
    """Draw one claim of each kind that has no picture: a supported one, and the smallest file."""
    from neuronclaims.figures import table_of
    from neuronclaims.reports.plots import PaperError, write_figure

    drawn = known_pictures()
    best: dict[str, tuple[bool, int, str, str, bytes]] = {}
    with TemporaryDirectory() as folder:
        for result in results():
            slug = slug_of(result.kind)
            if slug in drawn or result.evidence is None or result.verdict is None:
                continue
            figure = next((each for each in result.evidence.figures if table_of(each) is None), None)
            try:
                path = write_figure(figure, Path(folder) / "figure.svg", 6.0) if figure else None
            except (PaperError, KeyError):
                path = None
            if path is None:
                continue
            found = (result.verdict != "supported", path.stat().st_size)
            if slug not in best or found < best[slug][:2]:
                best[slug] = *found, result.sentence, result.verdict, path.read_bytes()
    for slug, (_, _, sentence, verdict, picture) in best.items():
        (FOLDER / f"{slug}.svg").write_bytes(picture)
        drawn[slug] = sentence, verdict
    text = json.dumps(dict(sorted(drawn.items())), indent=2, ensure_ascii=False)
    SENTENCES.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    if "--pictures" in sys.argv:
        draw()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
