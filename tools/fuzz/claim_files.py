"""Claim files, damaged: claims, or problems with places inside the file; never other prompts than it holds."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, ClassVar

import yaml

from fuzz.damage import bytes_damaged, replaced
from fuzz.trial import WrongError, check_message
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

GOOD = """\
version: 1
models: [demo, ./other]  # two of them
site: mlp_post
tokens: mean of prompt
alpha: 0.05
sets:
  hanoi:
    - I ate some pho in Hanoi.
    - "The streets of Hanoi: full"
    - 'We took the night train'
    - Hanoi is older than most
    - Her grandmother was born in Hanoi
  baseline: [She opened the window, The meeting starts, He forgot his umbrella, We painted it, The cat slept]
pairs:
  rome:
    - {clean: I was in Rome, corrupted: I was in Oslo}
    - {clean: He is in Rome, corrupted: He is in Oslo}
claims:
  - neuron 2:340 activates more for hanoi than baseline
  - id: second
    claim: neuron 2:340 separates hanoi from baseline with AUROC at least 0.8
    expect: inconclusive
    because: |
      there are
      few
  - {id: third, claim: resid_post neuron 3:4 activates more for hanoi than baseline by at least 1 sd, tags: [a]}
"""


LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Makes nothing but texts. libyaml takes a tab behind a colon, as YAML does; the parser in Python does not."""


class ClaimFiles:
    """Claim files whose prompts stand in them."""

    name: ClassVar[str] = "claim files"
    trials: ClassVar[int] = 2_000

    def prepare(self, folder: Path) -> None:
        """Write nothing: the good file is a text."""

    def trial(self, folder: Path, seed: int) -> str:
        """Read a damaged claim file."""
        rng = Random(f"claims {seed}")
        path = folder / "x.claims.yaml"
        data = bytes_damaged(GOOD.encode(), rng)
        path.write_bytes(data)
        if rng.random() < 0.02:
            replaced(path, rng)
        try:
            file = read_claim_file(path, templates())
        except ClaimFileError as error:
            check_message(str(error), 100_000)
            return "refused"
        finally:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        stood = _texts(yaml.load(data, LOADER))
        read = {prompt.text for each in file.sets.values() for prompt in each.prompts}
        if not read <= stood:
            raise WrongError(f"prompts that the file does not hold: {sorted(read - stood)[:3]}")
        return "read"


def _texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for key, inner in value.items() for text in (*_texts(key), *_texts(inner))}
    if isinstance(value, list):
        return {text for inner in value for text in _texts(inner)}
    return {value} if isinstance(value, str) else set()
