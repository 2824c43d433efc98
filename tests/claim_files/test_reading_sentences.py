"""Sentences: reading and writing are inverse, errors point at the furthest word, kinds cannot be confused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from toy_claims import (
    CONTRAST,
    EVERY_TEMPLATE,
    EVERYTHING,
    SEPARATION,
    TEMPLATES,
    Activity,
    Contrast,
    Everything,
    Restoration,
    Separation,
)

from neuronclaims.sentences.ambiguity import check_templates
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.positions import TokenPositions
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import Template
from neuronclaims.sentences.wording.compiled import TemplateError
from neuronclaims.sites import OWN_SITES as SITES

ALL = EVERY_TEMPLATE

neurons = st.builds(Neuron, st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
numbers = st.floats(allow_nan=False, allow_infinity=False)
sizes = st.floats(0, allow_infinity=False, exclude_min=True)
amounts = st.builds(Amount, sizes, st.sampled_from([None, "sd"]))
letters = "abcXYZ_"
names = st.builds(str.__add__, st.sampled_from(letters), st.text(letters + "09-", max_size=8))
sites = st.none() | st.sampled_from(SITES)
tokens = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)

several = st.lists(neurons, min_size=1, max_size=4, unique=True).map(tuple)
layers = st.builds(
    Layers, st.none() | st.sets(st.integers(0, 9999), min_size=1, max_size=6).map(sorted).map(tuple)
)
subjects = (
    st.builds(Subject, st.just("one"), st.tuples(neurons))
    | st.builds(Subject, st.just("every"), several)
    | st.builds(Subject, st.just("some"), st.just(()), layers)
)
positions = (
    st.lists(st.integers(1, 999_999), min_size=2, max_size=2).map(sorted).map(lambda p: TokenPositions(*p))
)

contrasts = st.builds(
    Contrast,
    subjects,
    st.sampled_from(["activates", "does not activate"]),
    st.sampled_from(["more", "less"]),
    names,
    names,
    st.none() | amounts,
    sites,
).filter(lambda c: c.first != c.second)
restorations = st.builds(
    Restoration, several, st.floats(0, 1).map(abs), tokens, names, st.none() | tokens, sites
)
activities = st.builds(
    Activity,
    names,
    st.sampled_from(["is", "is not"]),
    st.sampled_from(["higher", "lower"]),
    names,
    names,
    st.none() | layers,
    st.none() | positions,
).filter(lambda a: a.first != a.second)
separations = st.builds(
    Separation, neurons, names, names, st.none() | st.floats(0, 1).map(abs), sites
).filter(lambda s: s.first != s.second)


@st.composite
def whole(draw):
    top = draw(st.none() | st.tuples(st.integers(0, 10**17), st.floats(0, 1).map(abs)))
    return Everything(
        neurons=tuple(draw(st.lists(neurons, min_size=1, max_size=4, unique=True))),
        verb=draw(st.sampled_from(["lowers", "raises"])),
        token=draw(tokens),
        place=draw(names),
        count=top and top[0],
        share=None if top is None else top[1],
        number=draw(st.none() | numbers),
        by=draw(st.none() | amounts),
        site=draw(sites),
    )


sentences = contrasts | separations | whole() | restorations | activities


def template_of(sentence):
    return next(template for template in ALL if template.build is type(sentence))


@given(sentences)
def test_reading_what_was_written_gives_the_same_sentence(sentence):
    text = template_of(sentence).render(sentence)
    parsed = parse(text, ALL)
    assert parsed.value == sentence
    assert parsed.text == text


@given(
    sentences,
    st.lists(st.sampled_from([" ", "  ", "\t", "\n", "\u00a0"]), min_size=1),
)
def test_space_between_words_has_no_meaning(sentence, spaces):
    canonical = template_of(sentence).render(sentence)
    words = parse_words(canonical)
    spread = words[0] + "".join(spaces[i % len(spaces)] + word for i, word in enumerate(words[1:]))
    assert parse(spread, ALL).text == canonical


def parse_words(text):
    """Split at spaces outside double quotes."""
    words, inside, escaped = [""], False, False
    for character in text:
        if character == " " and not inside:
            words.append("")
            continue
        words[-1] += character
        inside ^= character == '"' and not escaped
        escaped = character == "\\" and not escaped
    return words


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (
            "neuron 011:0365 activates more for a than b by at least 0.50 sd",
            "neuron 11:365 activates more for a than b by at least 0.5 sd",
        ),
        (
            "neuron 1:2 activates less for a than b by at least .5",
            "neuron 1:2 activates less for a than b by at least 0.5",
        ),
        (
            "neuron 1:2 separates a from b with AUROC at least 1.0",
            "neuron 1:2 separates a from b with AUROC at least 1",
        ),
        (
            "neuron 1:2 separates a from b with AUROC at least 8e-1",
            "neuron 1:2 separates a from b with AUROC at least 0.8",
        ),
        (
            'ablating neurons 1:2, 3:4,5:6 lowers " an" in x',
            'ablating neurons 1:2, 3:4, 5:6 lowers " an" in x',
        ),
        (
            'ablating neurons 1:2 lowers "\\u0020an" in x among the top 010 in 60.0% of prompts',
            'ablating neurons 1:2 lowers " an" in x among the top 10 in 60% of prompts',
        ),
    ],
)
def test_a_sentence_has_one_canonical_form(written, canonical):
    assert parse(written, ALL).text == canonical


def test_a_sentence_becomes_its_dataclass():
    parsed = parse(
        "mlp_post neuron 3:17 activates less for hanoi than base-line by at least 0.5 sd", TEMPLATES
    )
    assert parsed.value == Contrast(
        Subject("one", (Neuron(3, 17),)),
        "activates",
        "less",
        "hanoi",
        "base-line",
        Amount(0.5, "sd"),
        "mlp_post",
    )
    assert parsed.template.sets(parsed.value) == (("first", "hanoi"), ("second", "base-line"))
    assert parsed.template.site(parsed.value) == "mlp_post"


WORDS = "mlp_post neuron 3:17 activates less for hanoi than baseline by at least 0.5 sd"


@for_each("at", range(len(WORDS.split())))
def test_an_error_points_at_the_word_that_was_spoilt(at):
    words = WORDS.split()
    words[at] = "?" + words[at]
    with pytest.raises(SentenceError) as caught:
        parse(" ".join(words), TEMPLATES)
    assert caught.value.column == len(" ".join([*words[:at], ""])) + 1
    assert caught.value.width == len(words[at])


@for_each(
    "sentence, column, message, suggestion",
    [
        ("neuron 1:2 activates mroe for a than b", 22, "expected 'more' or 'less', found 'mroe'", "more"),
        (
            "neuron 1:2 fires for a",
            12,
            "expected 'activates', 'does not activate' or 'separates', found 'fires'",
            None,
        ),
        ("neuron 11.365 activates", 8, "a neuron is written layer:index, not '11.365'", "11:365"),
        ("neuron L11N365 activates", 8, "a neuron is written layer:index, not 'L11N365'", "11:365"),
        (
            "neuron blocks.11.neuron365 x",
            8,
            "a neuron is written layer:index, not 'blocks.11.neuron365'",
            "11:365",
        ),
        ("neuron 11: activates", 8, "'11:' is a layer without an index; a neuron is layer:index", None),
        ("neuron 1:2 activates more for a than b.", 39, "a claim has no full stop at its end", None),
        (
            "neuron 1:2 activates more for a than",
            37,
            "expected the name of a prompt set, but the sentence ends here",
            None,
        ),
        (
            "neuron 1:2 activates more for a than a",
            38,
            "'a' stands against itself: a claim needs different prompt sets",
            None,
        ),
        ("neuron 1:2 separates a from b with AUROC at least 1.2", 51, "an AUROC lies between 0 and 1", None),
        (
            "neuron 1:2 separates a from b with AUROC at least 1e999",
            51,
            "'1e999' is too large a number",
            None,
        ),
        (
            'ablating neurons 1:2, lowers "x" in a',
            23,
            "expected neurons such as '11:365, 11:680', found 'lowers'",
            None,
        ),
        ("ablating neurons 1:2,", 22, "another neuron must follow the comma", None),
        ("ablating neurons 1:2, 1:2 lowers", 23, "neuron 1:2 is named twice", None),
        (
            "ablating neurons 1:2 lowers an in x",
            29,
            "a token is written in double quotes, its leading space inside them",
            '" an"',
        ),
        ('ablating neurons 1:2 lowers " an', 29, 'this double quote (") is never closed', None),
        ('ablating neurons 1:2 lowers " an"in x', 29, "a space must follow the closing quote", None),
        (
            'ablating neurons 1:2 lowers "\\x" in a',
            29,
            "not a text in JSON's spelling: a backslash there is written twice",
            None,
        ),
        (
            'ablating neurons 1:2 lowers "x" in a among the top 10 in 60 of prompts',
            58,
            "a share is written in percent",
            "60%",
        ),
        (
            'ablating neurons 1:2 lowers "x" in a among the top 10 in 160% of prompts',
            58,
            "a share lies between 0% and 100%",
            None,
        ),
        ("neuron 1:2 does activate more", 17, "expected 'not', found 'activate'", None),
        (
            "neuron 1:2 doesn't activate more for a than b",
            12,
            "expected 'activates', 'does not activate' or 'separates', found 'doesn't'",
            "does not activate",
        ),
        ("every neuron of 1.2, 3:4 activates", 17, "a neuron is written layer:index, not '1.2'", "1:2"),
        (
            "neuron 1:2, 3:4 activates",
            8,
            "several neurons are claimed with 'every neuron of 11:365, 11:680'",
            None,
        ),
        ("some neuron of layers 8 to 3 activates", 23, "the lower layer comes first", "3 to 8"),
        ("some neuron of layers 3-8 activates", 23, "a range is written in words", "3 to 8"),
        (
            "some neuron of layer eleven activates",
            22,
            "expected the number of a layer, such as 11, found 'eleven'",
            None,
        ),
        ("x activity is lower for a than b in all layer", 41, "expected 'layers', found 'layer'", "layers"),
        ("x activity is lower for a than b over tokens 0 to 3", 46, "tokens are counted from 1", "1"),
        (
            "x activity is lower for a than b over tokens 9 to 3",
            46,
            "the earlier token comes first",
            "3 to 9",
        ),
        ("x activity is lower for a than b over tokens 1-3", 46, "a range is written in words", "1 to 3"),
        (
            "x activity is lower for a than b over tokens 1",
            47,
            "expected 'to', but the sentence ends here",
            None,
        ),
        ("", 1, "the claim is empty", None),
    ],
)
def test_a_sentence_that_cannot_be_read_says_where_and_why(sentence, column, message, suggestion):
    with pytest.raises(SentenceError) as caught:
        parse(sentence, ALL)
    error = caught.value
    assert (error.column, error.message, error.suggestion) == (column, message, suggestion)


def test_when_nothing_fits_the_shapes_of_all_sentences_are_listed():
    with pytest.raises(SentenceError) as caught:
        parse("honesty is a direction", TEMPLATES)
    assert caught.value.allowed == (CONTRAST.shape, SEPARATION.shape)
    assert (
        CONTRAST.shape
        == "[SITE] neuron LAYER:INDEX (activates|does not activate) more|less for SET than SET [by at least AMOUNT]"
    )


@dataclass(frozen=True)
class One:
    a: str
    b: str | None = None


@dataclass(frozen=True)
class Two:
    c: str


def test_two_templates_that_could_read_one_sentence_are_refused():
    check_templates({"contrast": CONTRAST, "separation": SEPARATION, "everything": EVERYTHING})
    for other in ("{c:set} is high", "hanoi is {c:high|low}", "hanoi is {c:set}"):
        with pytest.raises(TemplateError, match="both as one"):
            check_templates(
                {"one": Template("{a:set} is high [for {b:set}]", One), "two": Template(other, Two)}
            )
    check_templates(
        {"one": Template("{a:set} is high [for {b:set}]", One), "two": Template("{c:set} is low", Two)}
    )
    check_templates(
        {"one": Template("{a:count} is high [for {b:set}]", One), "two": Template("{c:set} is high", Two)}
    )
    with pytest.raises(TemplateError, match="both build"):
        check_templates({"one": Template("x {c:set}", Two), "two": Template("y {c:set}", Two)})


@for_each(
    "first, second, alike",
    [
        ("{c:is|is not} high", "is not {a:set} [for {b:set}]", True),
        ("{c:is|is not} high", "is not {a:count} [for {b:set}]", False),
        ("{c:does not fire|fires} at x", "does {a:not} fire at x {b:set}", False),
        ("of {c:amount} in all", "of 0.5 {a:set} in all [for {b:set}]", True),
        ("{c:subject} fires", "every neuron of {a:neurons} fires [in {b:set}]", True),
        ("{c:subject} fires", "some neuron of {a:layers} fires [in {b:set}]", True),
        ("{c:subject} fires", "some {a:set} fires [in {b:set}]", True),
        ("{c:subject} fires", "all {a:set} fires [in {b:set}]", False),
        ("in {c:layers}", "in layers 3 and {a:count} [of {b:set}]", True),
        ("over {c:positions}", "over tokens {a:count} to {b:count}", True),
        ("over {c:positions}", "over {a:positions} of {b:set}", False),
    ],
)
def test_templates_are_told_apart_through_fields_of_several_words(first, second, alike):
    one, two = Template(first, Two), Template(second.replace("{a:not}", "{a:not|never}"), One)
    if not alike:
        check_templates({"one": one, "two": two})
        return
    with pytest.raises(TemplateError, match="both as one"):
        check_templates({"one": one, "two": two})


@pytest.mark.parametrize("template", ["x [in {a:set}] [in {b:set}]", "x {a:is|is not} [not] y {b:set}"])
def test_a_template_that_reads_one_sentence_in_two_ways_is_refused(template):
    with pytest.raises(TemplateError):
        check_templates({"one": Template(template, One)})


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("neuron 1:2", Subject("one", (Neuron(1, 2),))),
        ("every neuron of 1:2, 3:4", Subject("every", (Neuron(1, 2), Neuron(3, 4)))),
        ("some neuron of layers 3, 5 and 9", Subject("some", (), Layers((3, 5, 9)))),
        ("some neuron of all layers", Subject("some", (), Layers(None))),
        ("some neuron", Subject("some", (), Layers(None))),
    ],
)
def test_a_subject_is_one_neuron_or_every_or_some(written, subject):
    assert parse(f"{written} does not activate less for a than b", ALL).value.who == subject


def test_reading_one_sentence_in_two_ways_is_an_error_of_the_kinds_not_of_the_claim():
    with pytest.raises(TemplateError, match="reads in two ways"):
        parse(
            "hanoi is high",
            (Template("{a:set} is high [for {b:set}]", One), Template("{c:set} is high", Two)),
        )


@for_each(
    "template",
    [
        "x {c:set",
        "x {c:setz}",
        "x {d:set}",
        "x {c:set} {c:set}",
        "x [y] {c:set}",
        "[{c:set}]",
        "x [y {c:set}",
        "x {c:set}]",
        "x [y [z {c:set}]]",
        "x {c:a|}",
        "x {c:a b|a  b}",
    ],
)
def test_a_template_that_does_not_compile_is_refused(template):
    with pytest.raises(TemplateError):
        Template(template, Two)


@given(st.text(max_size=80) | st.text('neuron 1:2activesmoreforthanby"\\.,%', max_size=80))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text):
    parsed = read_or_error(text)
    if isinstance(parsed, SentenceError):
        assert 1 <= parsed.column <= len(text) + 1
        assert parsed.message in str(parsed)
    else:
        assert parse(parsed.text, ALL).value == parsed.value


def read_or_error(text):
    try:
        return parse(text, ALL)
    except SentenceError as error:
        return error
