"""A claim file that rests on files of every sort, on a model of its own, judged again and again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.models.options import RunOptions
from neuronclaims.results import Result
from neuronclaims.study import Study

DEMO_CLAIMS = Path(__file__).parents[2] / "claims"
HEAD = {
    "version": 1,
    "models": ["model"],
    "site": "mlp_post",
    "tokens": "mean of prompt",
    "alpha": 0.05,
    "sets": {
        "hanoi": {"file": "hanoi.csv", "column": "text", "group": "group"},
        "rest": {"file": "rest.csv", "column": "text", "group": "group"},
        "long": {"file": "hanoi.csv", "column": "text"},
    },
    "neurons": {"picked": {"file": "picked.csv"}},
    "dictionaries": {"sae": {"folder": "sae", "at": "resid_post 3"}},
    "directions": {"way": {"file": "way.safetensors", "tensor": "way", "at": "resid_post"}},
}
CLAIMS = [
    {"id": "plain", "claim": "neuron 2:340 activates more for hanoi than rest", "expect": "supported"},
    {"id": "set", "claim": "at least 60% of picked activate more for hanoi than rest", "expect": "supported"},
    {"id": "latent", "claim": "latent sae:128 activates more for hanoi than rest", "expect": "supported"},
    {"id": "number", "claim": "neuron 2:340 goes with letters in long", "expect": "supported"},
    {"id": "way", "claim": "direction way at layer 3 separates hanoi from rest", "expect": "supported"},
]


def write_way(folder: Path, first: float) -> None:
    """Write the stored direction, whose first number is ``first``."""
    way = np.linspace(-1, 1, 128, dtype=np.float32)
    way[0] = first
    save_file({"way": way}, folder / "way.safetensors")


def write(folder: Path, **changes: object) -> None:
    """Write the claim file, with other keys than usual."""
    content = {**HEAD, "claims": CLAIMS, **changes}
    (folder / "x.claims.yaml").write_text(json.dumps(content, indent=1) + "\n")


class World:
    """A project in a folder, with how often its claims were put to their kinds."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.cache, self.judged = folder, folder / "cache", 0
        from neuronclaims.judging import findings

        real = findings.findings_of

        def counted(*args):
            self.judged += 1
            return real(*args)

        monkeypatch.setattr(findings, "findings_of", counted)
        monkeypatch.chdir(folder)

    @classmethod
    def make(cls, folder: Path) -> None:
        """Write the project."""
        shutil.copytree(MODEL_FOLDER, folder / "model")
        shutil.copytree(DEMO_CLAIMS / "dictionaries" / "demo-resid-3", folder / "sae")
        for name, count in (("hanoi", 12), ("baseline", 14)):
            with (DEMO_CLAIMS / "prompts" / f"{name}.csv").open() as file:
                rows = list(csv.DictReader(file))[:count]
            own = folder / ("rest.csv" if name == "baseline" else f"{name}.csv")
            with own.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["text", "group", "letters"])
                for place, row in enumerate(rows):
                    writer.writerow([row["text"], f"{name[0]}{place}", len(row["text"])])
        (folder / "picked.csv").write_text("neuron\n2:340\n2:341\n")
        write_way(folder, 1.0)
        write(folder)

    def study(self, *, heat_maps: str = "off", verdicts: str = "kept", **how: object) -> Study:
        given = {"cache": self.cache, "models": {}, **how}
        study = Study(**given)  # type: ignore[arg-type]
        study.heat_maps, study.verdicts = heat_maps, verdicts  # type: ignore[assignment]
        return study

    def judge(self, *, options: RunOptions | None = None, **how: object) -> dict[str, Result]:
        folders = how.pop("folders", None)
        assert folders is None or isinstance(folders, PromptFolders)
        file = read_claim_file(self.folder / "x.claims.yaml", templates(), folders)
        return dict(self.study(options=options, **how).judge(file, "model"))

    def times(self, **how: object) -> int:
        """Judge, and return how often claims were put to their kinds for it."""
        before = self.judged
        self.judge(**how)
        return self.judged - before

    @property
    def notes(self) -> list[Path]:
        return sorted((self.cache / "verdicts").glob("*.note"))

    @property
    def shards(self) -> list[Path]:
        return sorted((self.cache / "activations").rglob("*.safetensors"))
