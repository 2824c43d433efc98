"""The page of a thousand claims: how large it is, how long it takes to write, and to open.

    python benchmarks/page.py [--claims 1000] [--rounds 3]

Claims are contrasts and separations of 40 prompts a side on the demo model, read while it writes 20 tokens, so every
value has a prompt and its continuation behind it. Opening counts from the address given to Chromium until the page is
there, can be filtered, and has been, the first time. Where there is no Chromium, that is left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from warm import claim_file

from neuronclaims import judge
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.html import write_html

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reports"))
from chromium import chromium, find_chromium

FILTERED = "document.querySelectorAll('#rows tr[data-claim]:not([hidden])').length"
FILTER = """
(() => {
  const field = document.querySelector("[name=text]");
  field.value = "neuron 0:7 ";
  field.dispatchEvent(new Event("input", { bubbles: true }));
})()
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = entries(folder, options.claims)
        wrote = []
        for _ in range(options.rounds):
            start = time.perf_counter()
            page = write_html(folder / "report", Account(tuple(found)))
            wrote.append(time.perf_counter() - start)
        sizes = {file.name: file.stat().st_size / 1e6 for file in (folder / "report").iterdir()}
        opened = [opening(page, folder / f"profile-{turn}") for turn in range(options.rounds)]
    print(f"| {options.claims:,} claims | |\n|---|---|")
    print(f"| on disk | {sum(sizes.values()):.1f} MB |")
    for what, seconds in (("written", wrote), ("opened and filtered", [each for each in opened if each])):
        if seconds:
            print(
                f"| {what} | {statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f}) |"
            )


def entries(folder: Path, count: int) -> list[Entry]:
    """Put the claims to the demo model."""
    file = folder / "many.claims.yaml"
    read = "tokens: mean of generated\ngenerate: {max_new_tokens: 20}"
    text = claim_file(count).replace("tokens: mean of prompt", read)
    file.write_text(text.replace(".\n", "\n"))  # after a full stop the model may write nothing
    results = judge(file, cache=None)
    broken = [one.error for one in results if one.error is not None]
    if broken:
        raise SystemExit(broken[0])
    return [
        Entry(f"{file.name}::{one.model}::{one.id}", "passed", one, from_cache=(0, 80)) for one in results
    ]


def opening(page: Path, profile: Path) -> float | None:
    if find_chromium() is None:
        return None
    with chromium(profile) as tab:
        tab.size(1280, 900)
        start = time.perf_counter()
        tab.open(page)
        every = tab.js(FILTERED)
        tab.js(FILTER)
        tab.wait(f"{FILTERED} < {every}")
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
