"""Hash all that a claim file asks, as it was understood."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from neuronclaims.claim_files.claims import Claim
from neuronclaims.claim_files.schema import Header
from neuronclaims.claim_files.sections import Sections


def digest_of(header: Header, sections: Sections, claims: Sequence[Claim]) -> str:
    """Return the SHA-256 of what a file says; comments, order of keys and spelling of YAML have no part in it."""
    neurons = sections.neurons
    content = {
        "models": list(header.models.names),
        **({"places": header.models.places} if header.models.places else {}),
        **({"series": header.series} if header.series else {}),
        **({"load": header.load.model_dump(exclude_none=True)} if header.load else {}),
        "alpha": header.alpha,
        "correction": header.correction,
        "sets": {
            name: [[p.text, p.id, p.group, p.pair, p.block, *p.columns, *(p.labels or ())] for p in s.prompts]
            for name, s in sections.sets.items()
        },
        "graded": sections.graded([*sections.sets, *sections.pairs]),
        "pairs": {
            name: [[p.clean, p.corrupted, p.id, p.group, *p.columns] for p in s.pairs]
            for name, s in sections.pairs.items()
        },
        "directions": {
            name: [direction.method, direction.names, direction.neutral and direction.neutral.name]
            if direction.given is None
            else [direction.site, direction.given.digest, direction.neutral and direction.neutral.name]
            for name, direction in sections.directions.items()
        },
        **({"neurons": {name: found.key for name, found in neurons.items()}} if neurons else {}),
        **(
            {"probes": {name: [probe.site, probe.given.digest] for name, probe in sections.probes.items()}}
            if sections.probes
            else {}
        ),
        **(
            {"dictionaries": {name: found.site for name, found in sections.dictionaries.items()}}
            if sections.dictionaries
            else {}
        ),
        "claims": [[c.id, c.text, repr(c.settings), _discovery(c)] for c in claims],
        **(
            {"drawn": drawn}
            if (drawn := {c.id: str(s) for c in claims if (s := c.settings.sampling)})
            else {}
        ),
    }
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _discovery(claim: Claim) -> list[str] | None:
    return None if claim.discovered is None else sorted(prompt.text for prompt in claim.discovered.prompts)
