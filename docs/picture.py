"""Draw the README's picture: what `pytest claims/places.claims.yaml` prints, as an SVG.

python docs/picture.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
CLAIMS = "claims/places.claims.yaml"
WIDTH = 150


def main() -> None:
    """Run pytest on one demo claim file and keep its output as a picture."""
    environment = {**os.environ, "COLUMNS": str(WIDTH)}
    command = [sys.executable, "-m", "pytest", "--color=yes", CLAIMS]
    done = subprocess.run(
        command, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False
    )
    screen = Console(file=StringIO(), record=True, width=WIDTH, force_terminal=True)
    screen.print(Text(f"$ pytest {CLAIMS}", style="bold"))
    for line in relevant(done.stdout.splitlines()):
        screen.print(Text.from_ansi(line), soft_wrap=True)
    picture = screen.export_svg(title=f"pytest {CLAIMS}")
    # Rich's fonts would be fetched from elsewhere; a viewer's own monospaced font does.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (HERE / "terminal.svg").write_text(picture, encoding="utf-8")


def relevant(lines: list[str]) -> list[str]:
    """Leave out where this machine keeps things."""
    return [line for line in lines if not re.match(r"(\x1b\[[0-9;]*m)*(rootdir|plugins|platform):? ", line)]


if __name__ == "__main__":
    main()
