"""What YAML does behind one's back does not happen here: scalars stay text, and oddities are errors with a place."""

from __future__ import annotations

import os

import pytest
from cases import for_each
from toy_claims import CLAIM, HEAD, SETS

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.yaml.positions import (
    DEEPEST,
    MOST_NODES,
    Entries,
    Items,
    Scalar,
    compose,
    index_in,
    plain,
)
from neuronclaims.claim_files.yaml.source import LARGEST_FILE, SourceText


def tree(text):
    return compose(SourceText("x.yaml", text))


@for_each(
    "written",
    [
        "11:36",
        "no",
        "yes",
        "off",
        "1e-3",
        "=",
        "010",
        "0x1F",
        "1_000",
        "null",
        "~",
        ".inf",
        "2026-01-02",
        "3.10",
        "<<",
    ],
)
def test_a_scalar_stays_the_text_that_was_written(written):
    assert plain(tree(f"a: {written}\nb: [{written}]\n{written}: c\n")) == {
        "a": written,
        "b": [written],
        written: "c",
    }


def test_every_scalar_knows_where_it_stands():
    text = "version: 1\nclaims:\n  - 'é: x'\n  - {id: 河, claim: \"a b\"}\n"
    root = tree(text)
    assert isinstance(root, Entries)
    claims = root.get("claims")
    assert isinstance(claims, Items)
    first, second = claims.items
    assert isinstance(first, Scalar)
    assert isinstance(second, Entries)
    source = SourceText("x.yaml", text)
    assert text[first.start : first.end] == "'é: x'"
    assert str(source.place(first.start)) == "x.yaml:3:5"
    assert str(source.place(second.get("claim").start)) == "x.yaml:4:20"
    assert str(source.place(root.key("claims").start)) == "x.yaml:2:1"


@for_each(
    "written, known",
    [
        ("a b c", True),
        ("'a b c'", True),
        ('"a b c"', True),
        ("'it''s c'", False),
        ('"a \\x62 c"', False),
        ("a b\n  c", False),
        (">-\n  a b\n  c", False),
        ("|-\n  a b c", False),
    ],
)
def test_a_column_inside_a_scalar_is_known_only_where_its_text_is_the_source_text(written, known):
    text = f"k: {written}\n"
    scalar = tree(text).get("k")
    index = index_in(SourceText("x", text), scalar, scalar.text.index("c"))
    assert index == (text.rindex("c") if known else None)


def test_a_file_reads_the_same_with_bom_with_crlf_and_with_both(read):
    text = HEAD + SETS + f"claims:\n  - {CLAIM}\n"
    plain_file = read(text)
    windows = text.replace("\n", "\r\n")
    for content in ("\ufeff" + text, windows, "\ufeff" + windows, text.replace("\n", "\r")):
        other = read(content)
        assert other.claims == plain_file.claims
        assert other.digest == plain_file.digest


def test_lines_are_counted_as_editors_count_them(problems):
    text = HEAD + "sets:\n  hanoi: ['a\u2028b', c]\n" + f"claims:\n  - {CLAIM}\n"
    assert problems(text) == ["8:49: there is no prompt set 'baseline'"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "1:1: the file is empty: a claim file starts with 'version: 1'"),
        (b"\xef\xbb\xbf", "1:1: the file is empty: a claim file starts with 'version: 1'"),
        (b"---\n...\n", "1:1: the file is empty: a claim file starts with 'version: 1'"),
        (b"a: 1\nb: \xff\n", "2:4: byte 8 (0xff) is not UTF-8; save the file as UTF-8"),
        (b"\xef\xbb\xbfa: \xe9", "1:4: byte 6 (0xe9) is not UTF-8; save the file as UTF-8"),
        ("a: u".encode("utf-16-le"), "1:2: the character U+0000 cannot stand in a text file; remove it"),
        ("a: ü".encode("utf-16"), "1:1: the file is UTF-16; save it as UTF-8"),
        (b"a: \x1b[31m", "1:4: the character U+001B cannot stand in a text file; remove it"),
        (b"a:\n\t- b", "2:1: a tab stands here: YAML forbids tabs for indentation, use spaces"),
        (b"a: |\n\tb", "2:1: a tab stands here: YAML forbids tabs for indentation, use spaces"),
        (b"a: 1\na: 2", "2:1: the key 'a' is given twice, first in line 1"),
        (b"a: &x 1\nb: 2", "1:4: claim files have no anchors (&); name what is used twice in 'sets'"),
        (b"a: *x", "1:4: claim files have no aliases (*); write the value out"),
        (b"a: **bold**", "1:4: a text cannot begin with * in YAML: put it in single quotes"),
        (b"[a]: b", "1:1: a key must be a word, not a list or a mapping"),
        (b"--- a\n--- b", "2:1: a second YAML document begins here; a claim file is one document"),
    ],
)
def test_an_oddity_is_one_error_with_its_place(problems, content, found):
    assert found in problems(content)


def test_an_alias_bomb_costs_one_message_not_the_memory(problems):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"l{i}: &l{i} [{', '.join(['*a' if i == 0 else f'*l{i - 1}'] * 10)}]\n" for i in range(200)
    )
    assert len(problems(bomb)) == 2


def test_depth_is_limited_but_not_by_the_stack(problems):
    deep = f"nested more than {DEEPEST} levels deep"
    assert problems("a: " + "[" * 900) == [f"1:{3 + DEEPEST}: {deep}"]
    [found] = problems("a: " + "[" * 1_000_000)  # libyaml 0.2.6 reads ahead, and stops at 1,000 levels itself
    assert found in (f"1:{3 + DEEPEST}: {deep}", "1:1003: nested far deeper than a claim file may be")
    assert problems("a: " + "{b: " * 1_000_000) == [f"1:{4 * DEEPEST}: {deep}"]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, problems):
    assert problems(b"x" * (10 * 1000 * 1000)) == ["1:1: the file has 10.0 MB; the most that is read is 5 MB"]
    many = b"a: [" + b"x," * (MOST_NODES + 1)
    assert len(many) < LARGEST_FILE
    assert problems(many)[0].endswith(
        f"the file has more than {MOST_NODES} entries; put long prompt sets into files"
    )


def test_what_is_no_regular_file_is_refused(tmp_path):
    from neuronclaims.claim_files.yaml.source import read_source

    (tmp_path / "places.claims.yaml").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "this is a folder: name a file in it"),
        (tmp_path / "x", "there is no such file"),
        (tmp_path / "pipe", "not a regular file"),
        (tmp_path / "place.claims.yaml", "there is no such file; did you mean 'places.claims.yaml'?"),
    ):
        with pytest.raises(ClaimFileError) as caught:
            read_source(path, "x")
        assert str(caught.value) == f"x:1:1: {message}"
