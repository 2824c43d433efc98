"""Say what may mislead in the texts of a set or of a claim: rows lost, white space at the end, copies, frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Protocol

from neuronclaims.claim_files.claims import Claim, ClaimFile, Discovery, PairSet, Prompt, PromptSet, Tokens
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.prompts.frames import same_words_in
from neuronclaims.sentences.messages import quoted
from neuronclaims.set_accounts import DataAccount, RowsTaken, SetAccount


@dataclass(frozen=True, slots=True)
class DataAccounts:
    """The accounts of the claims of one file: those on the same sets and with the same token rule share theirs."""

    sets: Mapping[str, PromptSet | PairSet]
    known: dict[tuple[object, ...], DataAccount] = field(default_factory=dict)

    def of(
        self, names: Iterable[str], tokens: Tokens | None, discovered: Discovery | None = None
    ) -> DataAccount:
        """Return the account of some sets and pairs, which a claim pools by ``tokens``; None if it runs no text."""
        used = tuple(dict.fromkeys(name for name in names if name in self.sets))
        taken = discovered.taken if discovered is not None else ()
        key = (used, tokens, taken)
        if key not in self.known:
            found = data_account([self.sets[name] for name in used], tokens)
            lost = tuple(warning for rows in taken for warning in _rows_lost(rows, "'discovered_on'"))
            self.known[key] = replace(found, warnings=(*found.warnings, *lost))
        return self.known[key]


def data_account(sets: Sequence[PromptSet | PairSet], tokens: Tokens | None) -> DataAccount:
    """Return the account of the sets of one claim; ``tokens`` is None where it runs no text."""
    accounts = [found.account for found in sets if found.account is not None]
    warnings = [warning for account in accounts for warning in set_warnings(account)]
    pairs = {found.name for found in sets if isinstance(found, PairSet)}
    warnings += [warning for each in accounts for warning in _ends(each, tokens, each.name in pairs)]
    for one, other in combinations([found for found in sets if isinstance(found, PromptSet)], 2):
        warnings += _of_two(one, other)
    return DataAccount(tuple(accounts), tuple(dict.fromkeys(warnings)))


def data_problems(file: ClaimFile) -> Iterator[Problem]:
    """Yield what may mislead in a claim file, each once: at the set it is about, or at the first claim."""
    said = set()
    for found in _texts(file):
        for warning in set_warnings(found.account) if found.account else ():
            said.add(warning)
            yield Problem(found.place, warning)
    for claim in file.claims:
        for warning in claim.data.warnings:
            if warning not in said:
                said.add(warning)
                yield Problem(claim.place, warning)


def items_of(file: ClaimFile) -> dict[str, list[str]]:
    """Return the items of all sets and pairs of a claim file, by name."""
    return {found.name: [prompt.text for prompt in found.prompts] for found in _texts(file)}


def of_claim(claim: Claim, odd: Mapping[str, OddTexts]) -> Iterator[str]:
    """Yield what is said of the texts that a claim is about, of all that is said of some sets."""
    last = claim.settings.tokens.ends_prompts
    for account in claim.data.sets:
        if account.name in odd:
            yield from odd[account.name].always
            yield from odd[account.name].last if last or account.name in claim.pairs else ()


class OddTexts(Protocol):
    """What is said of the texts of a set on one model: for every claim, and where the last token of a text is read."""

    @property
    def always(self) -> tuple[str, ...]:
        """Return what is said for every claim."""
        ...

    @property
    def last(self) -> tuple[str, ...]:
        """Return what is said where last tokens are read."""
        ...


def accounts_in(file: ClaimFile) -> tuple[SetAccount, ...]:
    """Return the accounts of all sets and pairs of a claim file, in its order."""
    return tuple(found.account for found in _texts(file) if found.account is not None)


def _texts(file: ClaimFile) -> list[PromptSet | PairSet]:
    return [*file.sets.values(), *file.pairs.values()]


def set_warnings(account: SetAccount) -> Iterator[str]:
    """Yield what may mislead in one set, whatever is claimed of it."""
    name = quoted(account.name)
    if account.taken is not None:
        yield from _rows_lost(account.taken, name)
    if account.same_words:
        has = _verb(account.same_words, "has", "have")
        yield (
            f"{_many(account.same_words, 'prompt')} of {name} {has} the words of an earlier one, capitals, punctuation "
            "and order aside, and would count as further units: leave them out, or give all with the same words one "
            "'group'"
        )
    yield from _frames(account, name)
    for odd in account.odd:
        yield f"in {name}, {odd}"


def _rows_lost(taken: RowsTaken, name: str) -> Iterator[str]:
    for column in taken.where:
        if column.alike:
            rows = sum(count for _, count in column.alike)
            values = ", ".join(f"{quoted(value)} ({count:,})" for value, count in column.alike)
            yield (
                f"'where' of {name} leaves {_many(rows, 'row')} whose {column.column} looks like one that it takes: "
                f"{values}; name these values too if they are meant"
            )


def _frames(account: SetAccount, name: str) -> Iterator[str]:
    if not account.frames_count:
        return
    first = account.frames[0]
    shared = (
        f"{account.framed:,} of {_many(account.prompts, 'prompt')} of {name} share "
        f"{_many(len(account.frames), 'frame')}, such as {quoted(first.text)} ({first.prompts:,})"
    )
    left = _many(account.units_with_frames, "unit")
    if account.units == account.prompts:
        yield f"{shared}: they are not independent; give all of one frame the same 'group', which leaves {left}"
    else:
        cut = "and prompts of one frame are in several groups"
        yield f"{shared}, {cut}: a 'group' that holds them together leaves {left}"


def _ends(account: SetAccount, tokens: Tokens | None, pairs: bool) -> Iterator[str]:
    """Warn of white space at the end where the last token matters."""
    many = f"{account.end:,} of {_many(account.prompts, 'pair' if pairs else 'prompt')} of {quoted(account.name)}"
    verb = _verb(account.end, "ends", "end")
    if account.end and pairs:
        yield f"{many} {verb} in white space: what is predicted is then what follows it, not the next word"
    elif account.end and tokens is not None and tokens.span.generates:
        yield f"{many} {verb} in white space: what a model writes next then follows that white space"
    elif account.end and tokens is not None and tokens.ends_prompts:
        yield (
            f"{many} {verb} in white space: where it is a token of its own, {quoted(str(tokens))} reads that token and "
            "not the word before it"
        )


def _of_two(one: PromptSet, other: PromptSet) -> Iterator[str]:
    """Warn of prompts with the same words in two sets, and of sets that are one frame each."""
    same = same_words_in([p.text for p in one.prompts], [p.text for p in other.prompts])
    apart = [
        (one.prompts[i], other.prompts[k])
        for i, k in same.items()
        if not _belong(one.prompts[i], other.prompts[k])
    ]
    names = f"{quoted(one.name)} and {quoted(other.name)}"
    if apart:
        places = f"{apart[0][0].source} and {apart[0][1].source}"
        yield (
            f"{_many(len(apart), 'prompt')} of {names} {_verb(len(apart), 'has', 'have')} the same words in both "
            f"({places}), capitals, punctuation and order aside: give the two of each one 'pair'"
        )
    frames = [
        found.account.frames[0].text for found in (one, other) if found.account and found.account.one_frame
    ]
    if len(frames) == 2 and frames[0].casefold() != frames[1].casefold():
        yield (
            f"all prompts of {quoted(one.name)} are {quoted(frames[0])} and all of {quoted(other.name)} are "
            f"{quoted(frames[1])}: whatever differs may be the frame"
        )


def _belong(one: Prompt, other: Prompt) -> bool:
    """Say whether two prompts are compared with one another already."""
    return any(
        getattr(one, key) is not None and getattr(one, key) == getattr(other, key)
        for key in ("pair", "group", "block")
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _verb(count: int, one: str, several: str) -> str:
    return one if count == 1 else several
