"""Kinds of other packages join ours, and one that cannot is left out with one warning that says why."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest
from pydantic import Field

from neuronclaims.kinds import registry
from neuronclaims.kinds.checked import CheckedKind
from neuronclaims.kinds.kind import KindWarning
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import Template


class Foreign:
    def __init__(self, name: str, template: Template) -> None:
        self.name, self.template = name, template

    attainable = joint_test_key = needs = judge = None


class MarginOfWords(Options):
    margin: str = Field("small", description="A margin that is no number.")


@dataclass(frozen=True)
class Tells:
    who: Subject
    first: str
    second: str


@dataclass(frozen=True)
class Hums:
    who: Subject


NEW = Foreign("humming", Template("{who:subject} hums", Hums))
ALIKE = Foreign("telling", Template("{who:subject} separates {first:set} from {second:set}", Tells))
SAME_OPTION = Foreign(
    "telling apart", Template("{who:subject} tells {first:set} from {second:set}", Tells, MarginOfWords)
)
SAME_NAME = Foreign("contrast", Template("{who:subject} tells {first:set} from {second:set}", Tells))
HALF = object()


def brought(monkeypatch, *names: str) -> tuple[tuple, list[str]]:
    entries = [EntryPoint(name, f"{__name__}:{name}", registry.ENTRY_POINTS) for name in names]
    monkeypatch.setattr(registry, "entry_points", lambda *, group: entries)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = registry.kinds.__wrapped__()
    assert all(warning.category is KindWarning for warning in told)
    return found, [str(warning.message) for warning in told]


def test_a_kind_of_another_package_stands_behind_ours(monkeypatch):
    assert brought(monkeypatch, "NEW") == ((*registry.OWN_KINDS, CheckedKind(NEW)), [])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("MISSING", "does not load"),
        ("HALF", "it has no name, template, attainable"),
        ("Foreign", "it has no name, template."),
        ("ALIKE", "could be read both as separation"),
        ("SAME_OPTION", "margin"),
        ("SAME_NAME", "another kind of claim is called 'contrast'"),
    ],
)
def test_one_that_cannot_join_is_left_out_and_said_so_once(monkeypatch, name, why):
    found, [told] = brought(monkeypatch, name, "NEW")
    assert found == (*registry.OWN_KINDS, CheckedKind(NEW))
    assert why in told
