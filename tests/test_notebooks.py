"""The notebooks of the documentation run as they are, and their asserts hold; the script of the examples runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from thorough import draws

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    "path",
    draws([each for each in NOTEBOOKS if each.stem == "find-and-test"], NOTEBOOKS),
    ids=lambda path: path.stem,
)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(DOCS.parent), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any('class="neuronclaims"' in data.get("text/html", "") for data in shown)


def test_the_script_of_the_examples_tells_what_is_wrong(tmp_path):
    found = subprocess.run(
        [sys.executable, DOCS / "examples" / "script.py", "no.claims.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert found.stderr.startswith("no.claims.yaml:1:1: there is no such file")
