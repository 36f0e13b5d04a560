"""A language is a setting: of all, or of a block; what was made keeps its own."""

import asyncio

import pytest

from microrelu import Value, backward_steps, explain, language, play
from microrelu.writing.words import LANGUAGE, LANGUAGES, WORDS, say


@pytest.fixture(autouse=True)
def english():
    with language("en"):
        yield


def test_every_sentence_stands_in_every_language():
    for key, sentences in WORDS.items():
        assert len(sentences) == len(LANGUAGES), key
        assert all(sentences), key


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_block_speaks_its_language(name):
    with language(name):
        assert say("graph") == WORDS["graph"][LANGUAGES.index(name)]
    assert say("graph") == "The graph"


def test_what_was_made_keeps_its_language():
    x = Value(2.0, "x")
    with language("id"):
        explanation, player, steps = explain(x.tanh()), play(x.tanh()), backward_steps(x.tanh())
        writer = next(steps).writer
    assert str(explanation).startswith("Propagasi maju")
    assert 'lang="id"' in player.html
    assert writer.say("graph") == "Graf"
    assert str(explain(x.tanh())).startswith("Forward")


def test_tasks_do_not_hear_each_other():
    async def said(name):
        with language(name):
            await asyncio.sleep(0)
            return say("graph")

    async def both():
        return await asyncio.gather(said("ja"), said("id"))

    assert asyncio.run(both()) == ["グラフ", "Graf"]


def test_the_setting_shows_itself_quietly_and_refuses_what_it_does_not_know():
    assert repr(language("ja")) == "language('ja')"
    LANGUAGE._for_all.clear()
    with pytest.raises(ValueError, match="no words in the language 'fr', only in 'en', 'id', 'ja'"):
        language("fr")
