"""Write docs/adr/README.md, the list of decisions, from their titles.

python docs/adr_page.py
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "adr"
PAGE = FOLDER / "README.md"
OPENING = """# Decisions

Each page says what was decided, why, what was measured for it, and what was not taken. Numbers that are
missing were never used.
"""


def page() -> str:
    """Return the list, one line for each decision."""
    lines = [OPENING]
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        with path.open(encoding="utf-8") as text:
            number, _, title = next(text).removeprefix("# ").strip().partition(". ")
        lines.append(f"- {number}: [{title}]({path.name})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
