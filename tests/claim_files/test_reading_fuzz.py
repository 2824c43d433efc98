"""Whatever stands in a claim file, reading it gives claims or a ClaimFileError with places inside the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from toy_claims import EVERY_TEMPLATE, FULL, FULL_OF_KINDS

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file

MARKS = "- : [ ] { } ' \" # &a *a !x | > % @ ? ~ = <<: 11:36 no \\ é \ufeff \x00 \u2028 , ---"
WORDS = (
    "version models site tokens generate sets claims claim id file where demo neuron 1:2 1 "
    "pairs directions from method clean bins damage graded_by every some of layers"
)
pieces = st.sampled_from([*MARKS.split(" "), *WORDS.split(), " ", "\n", "\n  ", "\n- ", ": ", "\t", "\r"])


@pytest.fixture
def outcome(tmp_path: Path):
    """Return a function that reads bytes, and checks that what comes of it is one of the two things allowed."""
    path = tmp_path / "x.claims.yaml"

    def outcome(data: bytes) -> ClaimFile | ClaimFileError:
        path.write_bytes(data)
        try:
            return read_claim_file(path, EVERY_TEMPLATE)
        except ClaimFileError as error:
            check(error, data)
            return error

    return outcome


def check(error, data):
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert error.problems
    assert str(error).splitlines()
    own = [problem for problem in error.problems if problem.place.path.endswith(".claims.yaml")]
    assert own
    assert all(1 <= problem.place.line <= lines and problem.place.column >= 1 for problem in own)
    assert all(problem.message and problem.width >= 1 for problem in error.problems)


@given(data=st.binary(max_size=200))
@example(data=b"\xef\xbb\xbf\xff")
def test_any_bytes_are_read_or_refused(outcome, data):
    outcome(data)


@given(data=st.text(max_size=200) | st.lists(pieces, max_size=40).map("".join))
def test_any_text_is_read_or_refused(outcome, data):
    outcome(data.encode("utf-8", errors="surrogatepass"))


@given(
    text=st.sampled_from([FULL, FULL_OF_KINDS]),
    cuts=st.lists(st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), pieces), min_size=1, max_size=4),
)
def test_a_good_file_with_small_mistakes_is_read_or_refused(outcome, text, cuts):
    for start, length, piece in cuts:
        text = text[:start] + piece + text[start + length :]
    outcome(text.encode("utf-8", errors="surrogatepass"))


@given(data=st.binary(max_size=100), suffix=st.sampled_from(["txt", "csv", "jsonl"]))
def test_any_file_of_prompts_is_read_or_refused(outcome, tmp_path, data, suffix):
    (tmp_path / f"p.{suffix}").write_bytes(data)
    column = ", column: text" if suffix == "csv" else ""
    claims = FULL.replace('[no, 11:36, "=", " two  spaces "]', f"{{file: p.{suffix}{column}}}")
    assert claims != FULL
    outcome(claims.encode())
