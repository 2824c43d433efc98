"""Every architecture of Transformers as a small model, measured and compared with plain hooks.

    python benchmarks/conformance.py [--only NAME ...] [--write]

Prints a line for each; with ``--write`` the page ``docs/architectures.md`` is made anew, or those lines of it. It ends
with 1 where a value is wrong. About ten minutes for all on one core.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "conformance"))
from architectures_page import PAGE, Row, counted, not_built, page, read, row_of
from examined import examine
from layouts import layout_of
from oracle import Oracle
from small_models import save
from zoo import ARCHITECTURES


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=ARCHITECTURES, metavar="NAME")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    rows = {}
    for name in options.only:
        rows[name] = tried(name)
        print(rows[name], flush=True)
    print(dict(counted(rows.values())))
    if options.write:
        others = read() if tuple(options.only) != ARCHITECTURES else {}
        PAGE.write_text(page({**others, **rows}), "utf-8")
    return int(any(row.state == "WRONG" for row in rows.values()))


def tried(name: str) -> Row:
    """Return the row of one architecture: whatever it does, the others are looked at."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / name
        try:
            save(name, folder)
        except Exception as error:  # small models of some cannot be made: too large, or a library is missing
            return not_built(name, f"{type(error).__name__}: {error}")
        try:
            oracle = Oracle(name, folder) if layout_of(name) is not None else None
            return row_of(examine(name, folder, oracle))
        except Exception as error:  # the oracle's own failure is no verdict on the product
            return Row(
                name, "not compared", why=f"the oracle failed: {type(error).__name__}: {str(error)[:100]}"
            )


if __name__ == "__main__":
    sys.exit(main())
