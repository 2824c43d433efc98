"""Read a claim file: from its path and the templates of all kinds, to its claims or to all its problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from neuronclaims.claim_files import drafts as d
from neuronclaims.claim_files.assembly.claims import claim_of, settings_of
from neuronclaims.claim_files.assembly.digest import digest_of
from neuronclaims.claim_files.claims import Claim, ClaimFile, ReadFrom
from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.generation.checks import idle_sampling, without_generation
from neuronclaims.claim_files.labels.checks import wrong_labels
from neuronclaims.claim_files.load.block import clashes, load_block, unknown_models
from neuronclaims.claim_files.names import fitted_here, shared_prompts, wrong_names, wrong_spans
from neuronclaims.claim_files.neuron_sets.binding import bound_drafts
from neuronclaims.claim_files.options import OptionReader, not_taken, unknown_sets, wrong_margins
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.prompts.misleading import DataAccounts
from neuronclaims.claim_files.prompts.numbers import columns_of_numbers, wrong_numbers
from neuronclaims.claim_files.refusals import refused
from neuronclaims.claim_files.schema import SECTIONS, ClaimEntry, FileSchema, Header
from neuronclaims.claim_files.sections import Sections, absent, read_sections
from neuronclaims.claim_files.selection import read_selections
from neuronclaims.claim_files.values.types import SERIES_CORRECTIONS
from neuronclaims.claim_files.yaml.positions import Entries, Items, compose
from neuronclaims.claim_files.yaml.source import SourceText, checked_source, read_source
from neuronclaims.claim_files.yaml.validation import Section, missing_values, validate
from neuronclaims.foreign_files.witness import FilesSeen, witnessed
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.templates import Template


def read_claim_file(
    path: Path, templates: Sequence[Template], folders: PromptFolders | None = None
) -> ClaimFile:
    """Read a claim file and the prompt files it names, which must lie in ``folders`` (default: its project's).

    Raises ClaimFileError with every problem of all of them. Messages show the path from the working
    directory where the file lies below it.

    >>> import tempfile
    >>> from neuronclaims.kinds import templates
    >>> text = '''
    ... version: 1
    ... models: [demo]
    ... site: mlp_post
    ... tokens: mean of prompt
    ... sets:
    ...   hanoi: [Hanoi is old., Tom flew to Hanoi.]
    ...   baseline: [The fox jumps., We painted the kitchen.]
    ... claims:
    ...   - neuron 2:340 activates more  for hanoi than baseline
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "places.claims.yaml"
    ...     _ = path.write_text(text)
    ...     file = read_claim_file(path, templates())
    >>> claim = file.claims[0]
    >>> claim.text, claim.settings.site, str(claim.settings.tokens)
    ('neuron 2:340 activates more for hanoi than baseline', 'mlp_post', 'mean of prompt')
    >>> [prompt.text for prompt in claim.sets["hanoi"].prompts]
    ['Hanoi is old.', 'Tom flew to Hanoi.']
    """
    folders = folders or PromptFolders.around(path)
    if folders.leads_out(path):
        message = f"it is a link that leads out of the project ({folders.root}), and is not read"
        raise ClaimFileError([Problem(Place(_displayed(path), 1, 1), message)])
    with witnessed() as seen:
        file = _read(path, read_source(path, _displayed(path), folders), templates)
    return replace(file, read_from=read_from(seen, folders))


def read_claim_text(
    text: str,
    templates: Sequence[Template],
    folder: Path,
    *,
    name: str = "claims",
    folders: PromptFolders | None = None,
) -> ClaimFile:
    """Read the text of a claim file that is in no file; what it names lies relative to ``folder``.

    ``name`` is what messages and reports call it. Raises ClaimFileError as ``read_claim_file`` does.
    """
    path = folder / f"{name}-{sha256(text.encode(errors='replace')).hexdigest()[:12]}"
    folders = folders or PromptFolders.around(path)
    with witnessed() as seen:
        file = _read(path, checked_source(text, name, folders), templates)
    return replace(
        file, read_from=read_from(seen, folders, sha256(text.encode(errors="replace")).hexdigest())
    )


def read_from(seen: FilesSeen, folders: PromptFolders, text: str = "") -> ReadFrom:
    """Return what a claim file was read from, given the files seen and where they may lie."""
    return ReadFrom(seen, str(folders.root), tuple(map(str, folders.allowed)), text)


def _read(path: Path, source: SourceText, templates: Sequence[Template]) -> ClaimFile:
    problems: list[Problem] = []
    root = compose(source, problems)
    if not isinstance(root, Entries):
        message = (
            "a claim file is a mapping: it begins with 'version: 1', then has 'models', 'sets' and 'claims'"
        )
        raise ClaimFileError([*problems, source.problem(root.start, message)])
    problems += missing_values(root, source)
    schema = FileSchema.of(templates)
    header = _header(root, schema, source, problems)
    wrong = list[Problem]()
    drafts = _drafts(root, source, templates, wrong)
    read_by = {*columns_of_numbers(drafts), *(name for draft in drafts for name in draft.columns_of_spans)}
    sections = read_sections(root, source, problems, read_by)
    problems += wrong
    drafts = bound_drafts(drafts, sections, source, problems)
    problems += _wrong_drafts(drafts, root, sections, schema, source)
    selections = read_selections(root, header, drafts, sections, source, problems)
    if problems or header is None:
        raise ClaimFileError(problems)
    reader = OptionReader(root, source)
    options = [reader.read(draft, problems) for draft in drafts]
    if problems:  # what options must be together, which is looked at when each by itself is right
        raise ClaimFileError(problems)
    accounts = DataAccounts({**sections.pairs, **sections.sets})
    claims = tuple(
        claim_of(
            draft,
            own,
            settings_of(draft, header, chosen, given),
            chosen.discovered,
            sections,
            accounts,
            source,
        )
        for draft, own, chosen, given in zip(drafts, d.ids_of(drafts), selections, options, strict=True)
    )
    if problems := [*refused(drafts, claims, source)]:
        raise ClaimFileError(problems)
    return _file(path, header, sections, claims)


def _file(path: Path, header: Header, sections: Sections, claims: tuple[Claim, ...]) -> ClaimFile:
    return ClaimFile(
        path=path,
        models=header.models.names,
        alpha=header.alpha,
        correction=header.correction,
        sets=sections.sets,
        claims=claims,
        digest=digest_of(header, sections, claims),
        pairs=sections.pairs,
        directions=sections.directions,
        if_missing=header.if_missing,
        series=header.series,
        load=load_block(header.load, path.parent),
        places=header.models.places,
        source=header.source.account if header.source else None,
    )


def _displayed(path: Path) -> str:
    """Return the path as messages show it: from the working directory where the file lies below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _header(root: Entries, schema: FileSchema, source: SourceText, problems: list[Problem]) -> Header | None:
    own = {name: entry for name, entry in root.entries.items() if name not in SECTIONS}
    section = Section(
        schema.header,
        "at the top of the file",
        keys=schema.top_keys,
        elsewhere={
            name: "it belongs to one claim, beside its 'claim:'"
            for name in ClaimEntry.model_fields
            if name not in Header.model_fields
        },
        unlisted=schema.options,
    )
    header, found = validate(section, Entries(root.start, root.end, own), source)
    problems += found
    if header is not None:
        names = header.models.names
        twice = next((model for model in names if names.count(model) > 1), None)
        models = root.get("models")
        if twice is not None and models is not None:
            problems.append(source.problem(models.start, f"the model {quoted(twice)} is named twice"))
        problems += [*unknown_models(root, header, source), *clashes(root, header, source)]
        correction = root.get("correction")
        if header.series and header.correction not in SERIES_CORRECTIONS and correction is not None:
            can = "holm, bonferroni or none"
            message = f"the claims of a series are corrected by {can}, not by {quoted(header.correction)}"
            problems.append(source.problem(correction.start, message))
    return header


def _drafts(
    root: Entries, source: SourceText, templates: Sequence[Template], problems: list[Problem]
) -> list[d.Draft]:
    node = root.get("claims")
    if not isinstance(node, Items) or not node.items:
        problems += absent(root, "claims", "claims, each beginning with '- '", source)
        return []
    return d.read_drafts(node, source, templates, problems)


def _wrong_drafts(
    drafts: Sequence[d.Draft], root: Entries, sections: Sections, schema: FileSchema, source: SourceText
) -> Iterator[Problem]:
    """Yield what is wrong with claims beside each other and beside the rest of their file."""
    yield from d.repeated_ids(drafts, source)
    yield from d.lacking(drafts, root, source)
    yield from without_generation(drafts, root, source)
    yield from idle_sampling(drafts, root, source)
    yield from d.two_sites(drafts, source)
    yield from wrong_names(drafts, sections, source)
    yield from shared_prompts(drafts, sections.sets, source)
    yield from wrong_spans(drafts, root, sections, source)
    yield from wrong_numbers(drafts, sections, source)
    yield from wrong_labels(drafts, sections, source)
    yield from fitted_here(drafts, sections, source)
    yield from not_taken(drafts, root, schema, source)
    yield from wrong_margins(drafts, root, source)
    yield from unknown_sets(drafts, root, sections.names["sets"], schema, source)
