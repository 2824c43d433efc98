"""Make a claim of its draft, its settings and the entries that it names."""

from __future__ import annotations

from typing import cast

from neuronclaims.claim_files.claims import Claim, Discovery, Settings, Tokens
from neuronclaims.claim_files.directions.placing import placed
from neuronclaims.claim_files.drafts import Draft
from neuronclaims.claim_files.prompts.misleading import DataAccounts
from neuronclaims.claim_files.schema import ClaimEntry, Header
from neuronclaims.claim_files.sections import Sections
from neuronclaims.claim_files.selection import NeuronSource
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.options import Options, prompt_sets_of
from neuronclaims.sentences.parser import Parsed
from neuronclaims.sentences.templates import LISTS, TEXTS
from neuronclaims.tokens.grammar import read_tokens

UNREAD = read_tokens("last of prompt")
"""The token rule that stands in claims of kinds that read no text, where neither they nor the file give one."""


def claim_of(
    draft: Draft,
    own: str | None,
    settings: Settings,
    discovered: Discovery | None,
    sections: Sections,
    accounts: DataAccounts,
    source: SourceText,
) -> Claim:
    """Return a claim; ``own`` is its id."""
    parsed = cast(Parsed, draft.parsed)
    named = [name for section in ("sets", "pairs", TEXTS) for _, name in draft.named(section)]
    used = dict.fromkeys(
        [
            *(name for name in named if name in sections.sets),
            *(name for _, name in draft.named(LISTS)),
            *prompt_sets_of(settings.options),
        ]
    )
    pairs = {name: sections.pairs[name] for name in named if name in sections.pairs}
    directions = {name: sections.directions[name] for _, name in draft.named("directions")}
    sentence, settings = placed(parsed, settings, directions)
    made_from = [name for direction in directions.values() for name in direction.made_from]
    return Claim(
        id=cast(str, own),
        place=source.place(draft.node.start),
        sentence=sentence,
        text=parsed.text,
        settings=settings,
        sets={name: sections.sets[name] for name in used},
        discovered=discovered,
        pairs=pairs,
        directions=directions,
        probes={name: sections.probes[name] for _, name in draft.named("probes")},
        neuron_sets={name: sections.neurons[name] for _, name in draft.named("neurons")},
        graded=sections.graded([*used, *pairs, *made_from]),
        data=accounts.of(
            [*used, *pairs, *made_from], settings.tokens if parsed.template.texts else None, discovered
        ),
    )


def settings_of(draft: Draft, header: Header, chosen: NeuronSource, options: Options) -> Settings:
    """Return the settings of a claim: its own, else those at the top of the file."""
    entry = cast(ClaimEntry, draft.entry)
    pool, span = entry.tokens or header.tokens or UNREAD
    written = span.generates or draft.writes
    generate = (entry.generate or header.generate) if written else None
    seed = entry.seed if entry.seed is not None else header.seed
    source = entry.source or header.source
    return Settings(
        site=cast(str, draft.site or entry.site or header.site),
        tokens=Tokens(pool, span),
        generate=generate.max_new_tokens if generate else None,
        resamples=entry.resamples or header.resamples,
        seed=seed or 0,
        searched=chosen.searched,
        expect=entry.expect,
        because=entry.because,
        tags=tuple(entry.tags or ()),
        xfail=entry.xfail.reason if entry.xfail else None,
        skip=entry.skip.reason if entry.skip else None,
        options=options,
        drift=float(entry.drift.rstrip("% ")) / 100 if entry.drift else None,
        sampling=generate.sampling if generate else None,
        source=source.publication if source else None,
        reported=entry.reported.number if entry.reported else None,
    )
