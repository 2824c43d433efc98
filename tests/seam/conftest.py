from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from forked import run_pytest
from seam_claims import CONFIG, claim_text

HERE = Path(__file__).parent
WRITERS = ("ids.txt = toy_kinds:IdsWriter", "ink = toy_kinds:BrokenWriter")


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory):
    """Run pytest in a folder with a claim file of toy kinds, the package they come from "installed"."""
    folder = tmp_path_factory.mktemp("toys")
    package = folder / "site"
    info = package / "toy_kinds-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-kinds\nVersion: 1\n")
    entries = [f"{name.lower()} = toy_kinds:{name}" for name in ("INDEX", "SHARE", "RESTORES", "FLAT")]
    (info / "entry_points.txt").write_text(
        "\n".join(["[neuronclaims.kinds]", *entries, "[neuronclaims.report_writers]", *WRITERS, ""])
    )
    shutil.copy(HERE / "toy_kinds.py", package)
    shutil.copy(HERE / "toy_conftest.py", folder / "conftest.py")
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (folder / "toys.claims.yaml").write_text(claim_text())

    def run(*arguments: str, columns: int = 100, file: str | None = None) -> subprocess.CompletedProcess[str]:
        if file is not None:
            (folder / "toys.claims.yaml").write_text(file)
        paths = [str(package), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": str(columns),
            "PYTEST_ADDOPTS": "",
        }
        return run_pytest(
            folder, ["-p", "neuronclaims.plugin", "-p", "no:cacheprovider", *arguments], environment
        )

    run.folder = folder
    return run
