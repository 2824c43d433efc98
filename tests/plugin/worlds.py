"""A claim file with everything that can become of a claim, and the sessions it was put through."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from inner import MORE

CLAIMS = {
    "holds": f"{{id: holds, claim: neuron 0:0 {MORE}, because: built so}}",
    "opposite": f"{{id: opposite, claim: neuron 0:1 {MORE}}}",
    "undecided": f"{{id: undecided, claim: neuron 0:2 {MORE}}}",
    "known-refuted": f"{{id: known-refuted, claim: neuron 0:1 {MORE}, expect: refuted}}",
    "wrongly-refuted": f"{{id: wrongly-refuted, claim: neuron 1:0 {MORE}, expect: refuted}}",
    "known-undecided": f"{{id: known-undecided, claim: neuron 1:2 {MORE}, expect: inconclusive}}",
    "no-such-neuron": f"{{id: no-such-neuron, claim: neuron 0:99 {MORE}}}",
    "left-out": f"{{id: left-out, claim: neuron 0:0 {MORE}, skip: {{reason: not today}}}}",
    "fails-as-known": f"{{id: fails-as-known, claim: neuron 0:1 {MORE}, xfail: {{reason: lost in v2}}}}",
    "holds-again": f"{{id: holds-again, claim: neuron 0:0 {MORE}, xfail: {{reason: lost in v2}}}}",
    "undecided-xfail": f"{{id: undecided-xfail, claim: neuron 0:3 {MORE}, xfail: {{reason: lost in v2}}}}",
    "few": "{id: few, claim: neuron 0:0 activates more for few than tall, expect: inconclusive}",
    "apart": "{id: apart, claim: neuron 1:1 separates tall from short}",
}
"""Claims by id. In the fake model, neuron 0 is high for tall people and neuron 1 low."""

OUTCOMES = {
    "holds": ("supported", "passed"),
    "opposite": ("refuted", "failed"),
    "undecided": ("inconclusive", "failed"),
    "known-refuted": ("refuted", "passed"),
    "wrongly-refuted": ("supported", "failed"),
    "known-undecided": ("inconclusive", "passed"),
    "no-such-neuron": (None, "failed"),
    "fails-as-known": ("refuted", "xfailed"),
    "holds-again": ("supported", "failed"),
    "undecided-xfail": ("inconclusive", "failed"),
    "few": ("inconclusive", "passed"),
    "apart": ("supported", "passed"),
}
"""What must become of them: the verdict, and what it is to the session. One more is skipped."""


@dataclass(frozen=True)
class World:
    """One session: how it was called, what it wrote."""

    how: str
    folder: Path
    code: int
    output: str

    @cached_property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "claims.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def claims(self) -> dict[str, dict[str, Any]]:
        """The records of claims.json for the model that is there, by id."""
        return {claim["id"]: claim for claim in self.report["claims"] if claim["model"] == "model"}

    @cached_property
    def cases(self) -> dict[str, ElementTree.Element]:
        """The test cases of the JUnit file for the model that is there, by id."""
        cases = ElementTree.parse(self.folder / "junit.xml").iter("testcase")
        return {case.get("name", ""): case for case in cases if case.get("classname", "").endswith(".model")}

    def section(self, title: str) -> str:
        """What pytest printed under one of its headings."""
        found = re.search(rf"^=+ {re.escape(title)} =+$\n(.*?)(?=^=+ .* =+$)", self.output, re.M | re.S)
        return found[1] if found else ""
