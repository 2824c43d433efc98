"""The page of architectures: one row each, what is measured of it and how far that is from plain hooks."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from examined import TOLERANCE, USES, Examined
from zoo import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "architectures.md"
LIBRARIES = ("transformers", "torch", "tokenizers", "safetensors", "numpy")
STREAM, NEURONS = frozenset({"resid_pre", "resid_post"}), "mlp_post"
HEAD = "| architecture | | right | difference | not measured |\n|---|---|---|---|---|"
TITLES = {
    "decoders": "Models that continue a text",
    "encoders": "Models that fill in masked words",
    "encoder_decoders": "Models with an encoder and a decoder of texts",
    "multimodal": "Models that read pictures or sounds as well: the part that reads text",
}


@dataclass(frozen=True)
class Row:
    """One line of the page: its state, what is right, the largest difference, and what is not measured and why."""

    model_type: str
    state: str
    right: tuple[str, ...] = ()
    error: str = ""
    why: str = ""

    def __str__(self) -> str:
        cells = (f"`{self.model_type}`", self.state, ", ".join(self.right), self.error, self.why)
        return "| " + " | ".join(cells) + " |"


def row_of(examined: Examined) -> Row:
    """Return the line of an architecture that was measured or refused."""
    name, found = examined.model_type, examined.found
    if examined.refused:
        return Row(name, "WRONG" if examined.crashed else "refused", why=_brief(examined.refused))
    right = tuple(each for each, finding in found.items() if finding.right)
    wrong = [each for each, finding in found.items() if finding.wrong]
    told = {each: finding.refused for each, finding in found.items() if finding.refused}
    reasons = _together({**told, **examined.without})
    unread = [
        each
        for each in examined.sites
        if each not in found or (found[each].uncompared and not found[each].refused)
    ]
    if unread:
        reasons.append(f"measured and not compared: {', '.join(unread)}")
    why = "; ".join(dict.fromkeys(reasons))
    if wrong or examined.crashed:
        return Row(name, "WRONG", right, "", "; ".join([f"wrong: {', '.join(wrong)}", why]))
    if not set(right) - {*USES}:
        return Row(name, "not compared" if not found or unread else "refused", why=why)
    whole = {*STREAM, NEURONS} <= set(right)
    uses = all(found[use].right for use in USES if use in found)
    return Row(name, "measured" if whole and uses else "partly", right, f"{examined.error:.0e}", why)


def not_built(model_type: str, why: str) -> Row:
    """Return the line of an architecture of which there is no small model."""
    return Row(model_type, "not built", why=_brief(why))


def _together(told: Mapping[str, str]) -> list[str]:
    """Return why sites and uses are not measured, what is alike only once."""
    alike: dict[str, list[str]] = {}
    for name, why in told.items():
        # Errors of a run name their site, layer, neuron and shape: the first of them stands for all.
        key = re.sub(r"[\d.]+(e[+-]\d+)?", "0", re.sub(rf"\b{name}\b", "it", _brief(why)))
        alike.setdefault(re.sub(r"^it of layer 0 .*has shape.*", "shape", key), []).append(name)
    return [f"{', '.join(names)}: {_brief(told[names[0]])}" for names in alike.values()]


def _brief(text: str) -> str:
    """Return a reason on one line that a table can hold."""
    first = re.sub(r"\s+", " ", text).strip().replace("|", "/")
    first = re.sub(r"'?/\S*/(?:tmp|pytest)\S*?'?(?=[\s,;.)]|$)", "of this kind", first).rstrip(".")
    return first if len(first) <= 220 else f"{first[:217]}..."


def counted(rows: Iterable[Row]) -> Mapping[str, int]:
    """Return how many architectures have the residual stream right, the MLP's neurons, and each state."""
    rows = list(rows)
    return Counter(row.state for row in rows) | Counter(
        {
            "stream": sum(set(row.right) >= STREAM and row.state != "WRONG" for row in rows),
            "neurons": sum(NEURONS in row.right and row.state != "WRONG" for row in rows),
        }
    )


def page(rows: Mapping[str, Row]) -> str:
    """Return the page of all rows, which are given by ``model_type``."""
    counts, versions = counted(rows.values()), ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    text = f"""# Architectures

Every architecture of the installed Transformers that takes text, as a small model with random weights, measured like
any model and compared with plain hooks of PyTorch on the same model (`tests/conformance/`). Where its modules are was
read off the modelling code by hand, and the hooks were held against `hidden_states` and the formula of every MLP.
Four prompts of different lengths in one padded batch, each against a run of its own; first, last, mean and max of the
prompt at every site and layer; `generated`, `emitting` and the continuation against the model's own `generate`; a
neuron of `mlp_post`, `resid_post`, `attn_z` and `q` set to zero, and two neurons of the first of these restored.

Made by `make conformance` with {versions}, Python {platform.python_version()}.

| of {len(rows)} architectures | |
|---|---|
| the residual stream is measured and right | {counts["stream"]} |
| the neurons of the MLPs (`mlp_post`) are measured and right | {counts["neurons"]} |
| measured | {counts["measured"]} |
| partly | {counts["partly"]} |
| refused | {counts["refused"]} |
| measured and not compared, since the code was not read | {counts["not compared"]} |
| not built: no small model was made | {counts["not built"]} |
| a value was wrong | {counts["WRONG"]} |

*measured*: the residual stream, the neurons of the MLPs and every use are right. *partly*: what is named is right, the
rest is refused or was not compared. *refused*: nothing is measured. The difference is the largest, as a share of the
largest value of its row; up to {TOLERANCE:.0e} counts as the same in float32.
"""
    for kind, names in KINDS.items():
        lines = "\n".join(str(rows[name]) for name in names)
        text += f"\n## {TITLES[kind]}\n\n{HEAD}\n{lines}\n"
    return text


def read() -> dict[str, Row]:
    """Return the rows of the page as it lies in the documentation."""
    rows = {}
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            name, state, right, error, why = (cell.strip() for cell in line.strip("|\n").split(" | "))
            right_sites = tuple(each for each in right.split(", ") if each)
            rows[name.strip("`")] = Row(name.strip("`"), state, right_sites, error, why)
    return rows


def made_with() -> str:
    """Return the version of Transformers that the page was made with."""
    found = re.search(r"with transformers ([^,]+),", PAGE.read_text("utf-8"))
    return found[1] if found else ""
