"""Try the built wheel where nothing else is installed: pip installs it, and the README's own claims are tested.

python tools/release/bare.py CONSTRAINTS
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPECTED = ["supported", "inconclusive"]


def claims_of_the_readme() -> str:
    """Return the claim file that the README shows."""
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    if shown is None:
        raise SystemExit("README.md shows no claim file")
    return shown[1]


def verdicts(wheel: Path, constraints: Path, folder: Path) -> list[str]:
    """Return the verdicts of the README's claims, by a new environment in ``folder`` that has nothing but ``wheel``.

    torch is installed first, at the version that ``constraints`` names, so that no newer build of it is looked for.
    """
    venv.create(folder / "bare", with_pip=True)
    python = str(folder / "bare" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    [torch] = re.findall(r"^torch==.*$", constraints.read_text(encoding="utf-8"), re.MULTILINE)
    subprocess.run([*install, torch], check=True)
    subprocess.run([*install, "--constraint", str(constraints), str(wheel)], check=True)
    (folder / "places.claims.yaml").write_text(claims_of_the_readme(), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-m", "pytest", "places.claims.yaml", "--claims-report=report"]
    subprocess.run(command, check=True, cwd=folder, env=environment)
    report = json.loads((folder / "report" / "claims.json").read_text(encoding="utf-8"))
    return [claim["verdict"] for claim in report["claims"]]


def main(constraints: str) -> int:
    """Return 0 if the one wheel in dist/ gives the verdicts that the README tells."""
    [wheel] = (ROOT / "dist").glob("*.whl")
    with tempfile.TemporaryDirectory() as folder:
        found = verdicts(wheel, (ROOT / constraints).resolve(), Path(folder))
    print(f"{wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB: the README's claims are {' and '.join(found)}")
    return int(found != EXPECTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
