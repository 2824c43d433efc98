"""Forged values with right checksums flip no verdict, unless the session is told to trust whoever wrote them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from demo_model.prompts import prompts
from inner import session

from neuronclaims.cache import shards

ALLOW = "--claims-trust-cache (setting claims_trust_cache"


def forge(cache: Path) -> int:
    """Turn every value of a cache round, with checksums that are right; return how many files that were."""
    paths = list(cache.rglob("*.safetensors"))
    for path in paths:
        context = shards.context_of(path, path.parent.name)
        shard = shards.read_header(path, context)
        values = {name: np.negative(shard.load(name)) for name in shard.checksums}
        path.unlink()
        shards.write(path.parent, context, shard.rows, values)
    return len(paths)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_forged_values_that_git_brings_flip_no_verdict(tmp_path) -> None:
    sets = {
        topic: sorted({each.text for each in prompts(topic, "heldout")})[:12]
        for topic in ("hanoi", "baseline")
    }
    lines = [
        "version: 1",
        "models: [demo]",
        "site: mlp_post",
        "tokens: mean of prompt",
        f"sets: {json.dumps(sets)}",
    ]
    lines += ["claims: [{id: any, claim: neuron 2:340 activates more for hanoi than baseline}]", ""]
    (tmp_path / "x.claims.yaml").write_text("\n".join(lines), encoding="utf-8")

    def verdict(*arguments: str) -> tuple[str, str]:
        done = session(tmp_path, "--claims-report=.", *arguments)
        [claim] = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))["claims"]
        return claim["verdict"], done.stdout + done.stderr

    true, said = verdict()
    assert (true, ALLOW in said) == ("supported", False)
    assert forge(tmp_path / ".neuronclaims") > 0
    # A cache of one's own is believed: checksums are against damage, not against people.
    flipped, said = verdict()
    assert (flipped, ALLOW in said) == ("refuted", False)
    for words in (["init", "-q"], ["add", "-f", ".neuronclaims"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
    told, said = verdict()
    assert (told, said.count(ALLOW)) == (true, 1)
    assert verdict("--claims-trust-cache")[0] == flipped
    (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_trust_cache = true\n")
    trusted, said = verdict()
    assert (trusted, ALLOW in said) == (flipped, False)
