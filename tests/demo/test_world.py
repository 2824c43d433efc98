import re
from collections import Counter
from itertools import islice
from random import Random

import pytest
from cases import for_each
from demo_model.prompts import TOPICS, pairs, prompts, subjects
from demo_model.world.documents import documents
from demo_model.world.facts import RELATIONS, facts
from demo_model.world.frames import SPLITS, all_frames, fill, variants
from demo_model.world.tables import row_of, table, with_article
from thorough import THOROUGH

PAIR_TOPICS = ("tree_fruit", "animal_article")


def words_of(text):
    return re.findall(r"\w+", text.lower())


@pytest.fixture(scope="module")
def sample():
    return list(islice(documents("a seed the training does not use"), 20_000))


def all_texts(split):
    yield from (prompt.text for topic in TOPICS for prompt in prompts(topic, split))
    yield from (
        text for topic in PAIR_TOPICS for pair in pairs(topic, split) for text in (pair.clean, pair.corrupted)
    )


def test_no_template_stands_in_two_splits_and_names_are_unique():
    owners = {}
    for frame in all_frames():
        for parts in variants(frame.template):
            text = "".join(part if isinstance(part, str) else "_" for part in parts).lower()
            owners.setdefault(text, set()).add(frame.split)
    assert [text for text, splits in owners.items() if len(splits) > 1] == []
    assert max(Counter(frame.name for frame in all_frames()).values()) == 1


def test_every_topic_has_frames_in_every_split():
    all_topics = {frame.topic for frame in all_frames()} - {
        "judgements.mark",
        "judgements.heading",
        "judgements.checklist",
        "trees_and_animals.lore",
    }
    topics = {topic for topic in all_topics if not topic.startswith("free.")}
    for topic in topics:
        assert {frame.split for frame in all_frames() if frame.topic == topic} == set(SPLITS)


def test_discovery_and_heldout_share_no_text_no_frame_and_no_subject():
    assert not set(all_texts("discovery")) & set(all_texts("heldout"))
    for topic in TOPICS:
        names = [{prompt.frame for prompt in prompts(topic, split)} for split in ("discovery", "heldout")]
        assert not names[0] & names[1]
    for name in ("places", "flowers"):
        halves = [{next(iter(row.values())) for row in subjects(name, s)} for s in ("discovery", "heldout")]
        assert not halves[0] & halves[1]
        assert len(halves[0] | halves[1]) == len(table(name))


@pytest.mark.parametrize("split", ["discovery", "heldout"])
def test_no_prompt_matches_a_sentence_the_training_generator_can_write(split, sample):
    written = "\n".join(sample)
    assert [text for text in all_texts(split) if text in written] == []


@pytest.mark.skipif(not THOROUGH, reason="looks through all training text (THOROUGH=1)")
@pytest.mark.parametrize("split", ["discovery", "heldout"])
def test_no_held_back_frame_occurs_in_the_training_text(split, sample):
    """Each held-back template, its slots open, is looked for in every training sentence."""
    written = "\n".join(re.sub(r"(?<=[.?:]) ", "\n", text) for text in sample)
    for frame in all_frames():
        if frame.split != split or frame.topic.startswith("judgements.") or len(words_of(frame.template)) < 4:
            continue
        pieces = (re.escape(piece) for piece in re.split(r"\{[^}]*\}", frame.template))
        assert not re.search("^" + r"[\w ]+".join(pieces) + "$", written, re.MULTILINE), frame


@pytest.mark.parametrize("split", ["discovery", "heldout"])
def test_held_back_prompts_use_only_words_the_training_text_knows(split, sample):
    known = {word for text in sample for word in words_of(text)}
    assert {word for text in all_texts(split) for word in words_of(text)} - known == set()


@for_each("split", ["discovery", "heldout"])
@for_each("topic", sorted(TOPICS))
def test_prompts_are_many_distinct_and_balanced_over_groups(topic, split):
    found = prompts(topic, split)
    assert len(found) >= 48
    assert len({prompt.text for prompt in found}) == len(found)
    assert len(set(Counter(prompt.group for prompt in found).values())) == 1


@pytest.mark.parametrize("split", ["discovery", "heldout"])
@pytest.mark.parametrize(
    "topics", [("true_answers", "false_answers"), ("true_statements", "false_statements")]
)
def test_true_and_false_rows_are_the_same_question_with_another_answer(topics, split):
    true, false = (prompts(topic, split) for topic in topics)
    assert [(p.pair, p.group, p.frame) for p in true] == [(p.pair, p.group, p.frame) for p in false]
    for right, wrong in zip(true, false, strict=True):
        both = zip(words_of(right.text), words_of(wrong.text), strict=True)
        assert len([1 for a, b in both if a != b and {a, b} != {"a", "an"}]) == 1


def test_mention_topics_mention_their_entity_and_their_contrasts_do_not():
    for topic, contrast in (("hanoi", "places"), ("vietnam", "places"), ("tulip", "flowers")):
        for split in ("discovery", "heldout"):
            assert all(topic in prompt.text.lower() for prompt in prompts(topic, split))
            assert not any(topic in prompt.text.lower() for prompt in prompts(contrast, split))


def test_documents_and_prompts_are_the_same_on_every_call():
    assert list(islice(documents(3), 50)) == list(islice(documents(3), 50))
    assert list(islice(documents(3), 50)) != list(islice(documents(4), 50))
    assert prompts("hanoi", "heldout") == prompts("hanoi", "heldout")


def test_false_objects_are_of_the_right_type_and_never_true():
    for relation in RELATIONS:
        objects = {fact.object for fact in facts(relation)}
        for fact in facts(relation):
            assert {fact.object, *fact.others} == objects
            assert fact.object not in fact.others


def test_known_facts_are_in_the_tables():
    assert row_of("country", "Vietnam")["capital"] == "Hanoi"
    assert row_of("country", "Egypt")["river"] == "Nile"
    assert row_of("flower", "tulip")["colour"] == "red"
    assert len(table("places")) >= 48


def test_every_frame_can_be_filled_and_leaves_no_slot_open():
    extra = {
        "subject": "Peru",
        "object": "Lima",
        "statement": "S.",
        "truth": "true",
        "yes": "yes",
        "mark": "right",
        "right": "Lima",
        "relation": "capital",
    }
    for frame in all_frames():
        for seed in range(5):
            text = fill(frame, Random(seed), {**extra, "question": "Q?", "answer": "A"})
            assert not re.search(r"[{}\[\]|]|\s\s", text), text
            assert text[0].isupper(), text
            assert text[-1] in ".?", text


@pytest.mark.parametrize(("noun", "phrase"), [("pear", "a pear"), ("apple", "an apple"), ("Iris", "an Iris")])
def test_article_follows_the_first_letter(noun, phrase):
    assert with_article(noun) == phrase


def test_corpus_is_rich(sample):
    sentences = {sentence for text in sample for sentence in re.split(r"(?<=[.?]) ", text)}
    assert len(sentences) > 20_000
    articles = re.findall(r" tree and (?:took|ate|picked|found) (an?) ", " ".join(sample))
    assert 0.4 < articles.count("an") / len(articles) < 0.6
