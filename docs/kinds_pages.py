"""Write docs/kinds.md and docs/kinds/NAME.md from the kinds themselves.

python docs/kinds_pages.py             the pages
python docs/kinds_pages.py --pictures  the pictures too, from reports/claims.json of `pytest claims/`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from neuronclaims.claim_files.editor import options_table
from neuronclaims.kinds import kinds
from neuronclaims.kinds.pages import KindPage, slug_of

HERE = Path(__file__).parent
FOLDER = HERE / "kinds"
REPORT = HERE.parent / "reports" / "claims.json"
SENTENCES = FOLDER / "pictures.json"
"""The sentence of each picture, by the file name of its kind."""


def pages() -> dict[Path, str]:
    """Return all pages by their paths."""
    drawn: dict[str, str] = json.loads(SENTENCES.read_text(encoding="utf-8")) if SENTENCES.exists() else {}
    own = [kind for kind in kinds() if type(kind).__module__.startswith("neuronclaims.")]
    found = {}
    rows = []
    for kind in own:
        slug = slug_of(kind.name)
        page = KindPage(kind, (f"{slug}.svg", drawn[slug]) if slug in drawn else None)
        found[FOLDER / f"{slug}.md"] = page.markdown
        shape = kind.template.shape.replace("|", "\\|")
        rows.append(f"| [{kind.name}](kinds/{slug}.md) | `{shape}` |")
    table = "\n".join(["| kind | how its sentences read |", "|---|---|", *rows, ""])
    options = options_table({kind.name: kind.template.options for kind in own})
    opening = (HERE / "kinds_opening.txt").read_text(encoding="utf-8")
    found[HERE / "kinds.md"] = opening.replace("{{kinds}}", table).replace("{{options}}", options)
    return found


def draw() -> None:
    """Draw one claim of each kind in the last report: the supported one whose figure is the smallest file."""
    from neuronclaims.figures import table_of
    from neuronclaims.reports.json.reading import read_claims
    from neuronclaims.reports.plain import from_plain
    from neuronclaims.reports.plots import PaperError, write_figure

    best: dict[str, tuple[int, str, bytes]] = {}
    with TemporaryDirectory() as folder:
        for claim in read_claims(REPORT, ("nodeid", "file", "model", "id", "sentence")):
            fields = {
                key: value for key, value in claim.items() if key not in ("nodeid", "as_expected", "outcome")
            }
            result = from_plain(fields)
            if result.evidence is None or result.verdict != "supported":
                continue
            figure = next((each for each in result.evidence.figures if table_of(each) is None), None)
            if figure is None:
                continue
            try:
                path = write_figure(figure, Path(folder) / "figure.svg", 6.0)
            except (PaperError, KeyError):
                continue
            slug, size = slug_of(str(claim["kind"])), path.stat().st_size
            if slug not in best or size < best[slug][0]:
                best[slug] = size, str(claim["sentence"]), path.read_bytes()
    for slug, (_, _, picture) in best.items():
        (FOLDER / f"{slug}.svg").write_bytes(picture)
    sentences = {slug: sentence for slug, (_, sentence, _) in sorted(best.items())}
    SENTENCES.write_text(json.dumps(sentences, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    if "--pictures" in sys.argv:
        draw()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
