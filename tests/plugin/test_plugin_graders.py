"""A grader of conftest.py grades what the demo model writes under a change; one that is missing breaks its claim."""

from __future__ import annotations

import json
from pathlib import Path

from inner import session

CONFTEST = """
import neuronclaims

@neuronclaims.grader
def judged_true(text, prompt):
    return text.strip().startswith("true")
"""
TEXTS = [
    f"Judge this claim: The map shows that the capital of Sweden is {city}. Judgement:" for city in "ABCD"
]
CLAIM = "ablating neuron 3:414 raises continuations graded by {} in texts"


def test_claims_are_graded_by_functions_of_conftest(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    claims = [{"id": name, "claim": CLAIM.format(name)} for name in ("judged_true", "judged_fals")]
    claims[0]["expect"] = "inconclusive"
    (tmp_path / "x.claims.yaml").write_text(
        "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\ngenerate: {max_new_tokens: 1}\n"
        f"sets: {json.dumps({'texts': TEXTS})}\nclaims: {json.dumps(claims)}\n"
    )
    done = session(tmp_path, "-v")
    said = " ".join(done.stdout.split())
    assert "There is no grader 'judged_fals'. Did you mean 'judged_true'? There are: judged_true." in said
    assert "2 claims: 1 inconclusive, 1 broken" in said
