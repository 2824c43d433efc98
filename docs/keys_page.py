"""Write docs/keys.md, all keys of claim files, from claims.schema.json.

python docs/keys_page.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "keys.md"
SCHEMA = HERE.parent / "claims.schema.json"
OPENING = """# Keys and options

All keys that a claim file may have, where they stand, and what they take. [Claim files](claim-files.md) explains the
important ones, each [kind of claim](kinds.md) says which options it takes. This page is made from
`claims.schema.json`, which gives editors completion and checks.

An option that stands at the top of the file holds for all claims; one that stands in a claim holds for that claim.
"""
PARTS = (
    ("A set: prompts in a file or a data set", "FileSet", "In `sets:`, under a name."),
    (
        "A set: prompts written in the claim file",
        "ListedSet",
        "In `sets:`, under a name; or a plain list of prompts.",
    ),
    ("A prompt", "PromptEntry", "In a list of prompts, where a text alone does not say enough."),
    ("A chat", "ChatEntry", "In a list of prompts: messages in the place of a text."),
    ("Pairs in a file or a data set", "FilePairs", "In `pairs:`, under a name."),
    (
        "Pairs written in the claim file",
        "ListedPairs",
        "In `pairs:`, under a name. A plain list of pairs does, too.",
    ),
    ("A pair", "PairEntry", "In a list of pairs."),
    ("Text that is generated", "Generate", "Under `generate:`."),
    ("How models are loaded", "Load", "Under `load:`."),
    ("How one model is loaded", "LoadOne", "Under `load:`, `models:` and the model's name."),
    ("Skipped claims, and those known to fail", "Reason", "Under `skip:` or `xfail:` of a claim."),
    (
        "The publication that a file's claims come from",
        "FileSourceKeys",
        "Under `source:` at the top of the file.",
    ),
    ("The publication that one claim comes from", "SourceKeys", "Under `source:` of a claim."),
    ("The number that a publication gives", "ReportedKeys", "Under `reported:` of a claim."),
)
Schema = Mapping[str, Any]


def page() -> str:
    """Return the page."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts, top = schema["$defs"], schema["properties"]
    own = parts["ClaimEntry"]["properties"]
    shared = [name for name in top if name in own]
    told: set[str] = {"ClaimEntry"}
    made = [
        OPENING,
        *_section("At the top of the file", schema, [name for name in top if name not in shared]),
        *_section("In a claim", parts["ClaimEntry"], [name for name in own if name not in shared]),
        *_section("At the top of the file, or in a claim", schema, shared),
    ]
    for title, name, where in PARTS:
        made += _section(title, parts[name], list(parts[name]["properties"]), where)
        told.add(name)
    for name, part in parts.items():
        if name not in told and part.get("properties"):
            made += _section(_first(part["description"]), part, list(part["properties"]))
    return "\n".join(made)


def _section(title: str, part: Schema, names: list[str], where: str = "") -> Iterator[str]:
    yield f"## {title}\n"
    if where:
        yield f"{where}\n"
    yield "| key | takes | what it says |\n|---|---|---|"
    for name in names:
        told = part["properties"][name]
        says = told.get("description", "")
        if name in part.get("required", ()):
            says += " **Must be there.**"
        elif "default" in told:
            says += f" Default: `{json.dumps(told['default']).strip(chr(34))}`."
        yield f"| `{name}` | {_takes(told)} | {_cell(says)} |"
    yield ""


def _takes(told: Schema) -> str:
    """Return in a few words what a key takes."""
    if "const" in told:
        return f"`{told['const']}`"
    if "enum" in told:
        return ", ".join(f"`{value}`" for value in dict.fromkeys(str(each).lower() for each in told["enum"]))
    if "$ref" in told:
        return "keys, below"
    if "anyOf" in told:
        return _cell(" or ".join(dict.fromkeys(map(_takes, told["anyOf"]))))
    kinds = told.get("type", "text")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    words = {
        "object": "keys",
        "array": "a list",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
    }
    if "string" in kinds:
        examples = told.get("examples", [])
        return "a text" + (f" such as `{_cell(str(examples[0]))}`" if examples else "")
    return " or ".join(words.get(kind, kind) for kind in kinds)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _first(description: str) -> str:
    return re.split(r"[.:]", description)[0]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
