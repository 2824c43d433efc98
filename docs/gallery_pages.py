"""Write docs/gallery/index.md and docs/gallery/NAME.md from the claim files of the gallery.

    python docs/gallery_pages.py

``docs/gallery/ran/NAME.txt`` holds what a terminal showed where an entry was run: the commands that found and
tested it, with what they printed. Entries that have one are listed as run here.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from neuronclaims.claim_files.published.reading import read_account
from neuronclaims.gallery.entries import gallery_entries
from neuronclaims.publications import FindingAccount, Publication, ReportedNumber

HERE = Path(__file__).parent
FOLDER = HERE / "gallery"
FILES = HERE.parent / "claims" / "published"


def pages() -> dict[Path, str]:
    """Return all pages by their paths."""
    found: dict[Path, str] = {}
    published, run_here = [], []
    for name, path in gallery_entries(FILES).items():
        account = read_account(path)
        assert account is not None, f"{path} has no source"
        entry: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        shown = FOLDER / "ran" / f"{name}.txt"
        if shown.is_file():
            session = shown.read_text(encoding="utf-8")
            found[FOLDER / f"{name}.md"] = _page_of_run(name, path, entry, account, session)
            run_here.append(
                f"| [{name}]({name}.md) | {_plain(account.publication.title)} | {_verdicts(entry['claims'])} |"
            )
            continue
        found[FOLDER / f"{name}.md"] = _page(name, path, entry, account)
        models = ", ".join(f"`{model}`" for model in entry["models"])
        published.append(
            f"| [{name}]({name}.md) | {_cited(account.publication)} | {models} | {len(entry['claims'])} |"
        )
    opening = (HERE / "gallery_opening.txt").read_text(encoding="utf-8")
    table = "\n".join(["| entry | source | model | claims |", "|---|---|---|---|", *published])
    ours = "\n".join(["| entry | finding | verdicts |", "|---|---|---|", *run_here])
    found[FOLDER / "index.md"] = opening.replace("{{entries}}", table).replace("{{run here}}", ours)
    return found


def _page_of_run(name: str, path: Path, entry: dict[str, Any], account: FindingAccount, session: str) -> str:
    file = path.relative_to(HERE.parent).as_posix()
    parts = [
        f"# {name}",
        f"{_plain(account.publication.title)}. {_plain(account.known or '')}",
        _table(
            {
                "model": ", ".join(f"`{model}`" for model in entry["models"]),
                "site, tokens": f"`{entry['site']}`, `{entry.get('tokens', 'none')}`",
                "run": _plain(account.ran or ""),
                "claim file": f"[{file}](../../{file})",
            }
        ),
        "## The claims",
        "Claims whose name begins with *found* are as the search wrote them. The others were added.",
        _verdict_table(entry["claims"]),
        "## What is open",
        f"**Unknown.** {_plain(account.unknown or '')}",
        f"**Doubtful.** {_plain(account.doubtful or '')}",
        f"**Checked.** {_plain(account.checked or '')}",
        "## Found and tested",
        "The first command looked on one half of the prompts. The second one tested the claims on the other half. "
        "`make real` brings the model to `models/`.",
        "<!-- not run: needs SmolLM2-135M-Instruct; tests/real judges its claims -->\n"
        f"```console\n{session.rstrip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _verdict_table(claims: list[dict[str, Any]]) -> str:
    rows = [
        f"| {each['id']} | `{each['claim']}` | {each.get('expect', 'supported')} | {_plain(each['because'])} |"
        for each in claims
    ]
    return "\n".join(["| | claim | verdict | why |", "|---|---|---|---|", *rows])


def _verdicts(claims: list[dict[str, Any]]) -> str:
    counts = Counter(each.get("expect", "supported") for each in claims)
    return ", ".join(
        f"{counts[verdict]} {verdict}"
        for verdict in ("supported", "refuted", "inconclusive")
        if counts[verdict]
    )


def _page(name: str, path: Path, entry: dict[str, Any], account: FindingAccount) -> str:
    file = path.relative_to(HERE.parent).as_posix()
    parts = [
        f"# {name}",
        f"From {_cited(account.publication)}.",
        *([f"> {_plain(account.says)}"] if account.says else []),
        _table(
            {
                "model": ", ".join(f"`{model}`" for model in entry["models"]),
                "site, tokens": f"`{entry['site']}`, `{entry.get('tokens', 'none')}`",
                "code of the source": _linked(account.code or "none"),
                "run": _linked(account.ran or "not said"),
                "claim file": f"[{file}](../../{file})",
            }
        ),
        "## The claims",
        _claims(entry["claims"]),
        "## What is known of it",
        *(
            f"**{heading}.** {_linked(text)}"
            for heading, text in (
                ("Known", account.known),
                ("Unknown", account.unknown),
                ("Doubtful", account.doubtful),
                ("Checked", account.checked),
            )
            if text
        ),
        "## Run it",
        "```\nneuronclaims reproduce "
        + name
        + (" --file NAME=FILE" if path.parent != FILES else "")
        + "\n```",
        "Nothing is downloaded unless `--download` says so; `--model NAME=FOLDER` names a folder that has the model.",
    ]
    return "\n\n".join(parts) + "\n"


def _claims(claims: list[Any]) -> str:
    rows = ["| claim | reported by the source | expected | why |", "|---|---|---|---|"]
    for each in claims:
        claim: dict[str, Any] = each if isinstance(each, dict) else {"claim": each}
        said = claim.get("reported")
        reported = ReportedNumber(float(said["value"]), said["unit"], said["place"]).in_words if said else ""
        why = _plain(claim.get("because", ""))
        if other := claim.get("source"):
            authors = other.get("authors", ())
            names = (authors,) if isinstance(authors, str) else tuple(authors)
            cited = Publication(other["title"], names, other.get("year"), other.get("url"))
            why = f"by {_cited(cited)}" + (f": {why}" if why else "")
        shown = re.sub(r"\s+", " ", claim["claim"]).strip().replace("|", "\\|")
        rows.append(f"| `{shown}` | {_plain(reported)} | {claim.get('expect', 'supported')} | {why} |")
    return "\n".join(rows)


def _table(rows: dict[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def _cited(source: Publication) -> str:
    shown = _plain(source.in_short)
    return f"[{shown}]({source.url})" if source.url else shown


def _plain(text: str) -> str:
    """Return text on one line, which Markdown shows as it is."""
    line = re.sub(r"\s+", " ", text).strip().replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", line)


def _linked(text: str) -> str:
    """Return text with its addresses as links."""
    parts = re.split(r"(https?://[^\s,;)]+[^\s,;).])", text)
    return "".join(f"<{part}>" if place % 2 else _kept(part) for place, part in enumerate(parts))


def _kept(text: str) -> str:
    """Return plain text with the spaces at its ends, which stand before and after a link."""
    inner = _plain(text)
    before, after = (" " if text[:1].isspace() else ""), (" " if text[-1:].isspace() else "")
    return f"{before}{inner}{after}" if inner else " " * bool(text)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for old in set(FOLDER.glob("*.md")) - set(made):
        old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
