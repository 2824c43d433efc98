"""How an error looks: the caret stands under the words it is about, whatever stands before them."""

from __future__ import annotations

import pytest
from cases import for_each

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.sentences.messages import WINDOW


def rendered(excerpt, column, width=1, **rest):
    return str(Problem(Place("x.claims.yaml", 7, column), "wrong", excerpt, width, **rest)).splitlines()


@for_each(
    "excerpt, word, shown, blanks, carets",
    [
        ("claim: more", "more", "claim: more", 7, 4),
        ("\t- more", "more", "    - more", 6, 4),
        ("河内 more", "more", "河内 more", 5, 4),
        ("Ha\u0300 No\u0323\u0302i more", "more", "Ha\u0300 No\u0323\u0302i more", 7, 4),
        ("a 河内 b", "河内", "a 河内 b", 2, 4),
        ("zero\u200bwidth more", "more", r"zero\u200bwidth more", 16, 4),
        ("esc\x1b[31m more", "more", r"esc\x1b[31m more", 12, 4),
        ("\u202etxet\u2069 more", "more", r"\u202etxet\u2069 more", 17, 4),
    ],
)
def test_the_caret_stands_under_its_word(excerpt, word, shown, blanks, carets):
    head, line, caret = rendered(excerpt, excerpt.index(word) + 1, len(word))
    assert head == "x.claims.yaml:7:" + str(excerpt.index(word) + 1) + ": wrong"
    assert line == f"    7 | {shown}"
    assert caret == f"      | {' ' * blanks}{'^' * carets}"


@pytest.mark.parametrize("at", [0, 40, 60, 500, 950, 996])
def test_of_a_long_line_a_window_around_the_caret_is_shown(at):
    excerpt = "x" * at + "more" + "y" * (996 - at)
    _, line, caret = rendered(excerpt, at + 1, 4)
    assert line[caret.index("^") :].startswith("more")
    assert caret.count("^") == 4
    assert len(line) <= WINDOW + 10
    assert line.endswith("…") == (at < 940)
    assert line.startswith("    7 | …") == (at > 50)


def test_a_caret_may_stand_behind_the_end_of_its_line():
    assert rendered("abc", 4)[2] == "      |    ^"
    assert rendered("z" * 300, 301)[2].index("^") == len(rendered("z" * 300, 301)[1])


def test_a_suggestion_stands_at_the_caret_and_what_is_allowed_below():
    lines = rendered("site: resid", 7, 5, suggestion="resid_post", allowed=("resid_post", "mlp_post"))
    assert lines[2] == "      |       ^^^^^ did you mean 'resid_post'?"
    assert lines[3] == "      allowed: resid_post, mlp_post"


def test_of_many_things_allowed_twenty_are_listed():
    lines = rendered("a", 1, allowed=tuple(f"set{i}" for i in range(1000)))
    assert " ".join(lines[3:]).endswith("set18, set19, and 980 more")


def test_a_file_tells_each_problem_once_in_the_order_of_their_places():
    early, late = (Problem(Place("x", line, 1), "wrong") for line in (2, 10))
    error = ClaimFileError([late, early, late])
    assert error.problems == (early, late)
    assert str(error) == "x:2:1: wrong\nx:10:1: wrong"


def test_of_very_many_problems_a_hundred_are_told():
    error = ClaimFileError(Problem(Place("x", line, 1), "wrong") for line in range(1, 1001))
    assert len(error.problems) == 1000
    assert str(error).splitlines()[99:] == ["x:100:1: wrong", "and 900 more problems"]
