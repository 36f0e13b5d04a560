"""A language is a setting: of all, or of a block; what was made keeps its own."""

import asyncio
import json
import re
from contextlib import suppress
from html import unescape
from xml.etree import ElementTree

import pytest

from microrelu import (
    MLP,
    Value,
    backward_steps,
    check_gradients,
    cross_entropy,
    derivation,
    draw,
    explain,
    half_squared_error,
    language,
    layers,
    maximum,
    mean,
    play,
    relu_at_zero,
    total,
)
from microrelu.cli.commands import main
from microrelu.engine import OPERATIONS
from microrelu.writing.words import LANGUAGE, LANGUAGES, WORDS, say


@pytest.fixture(autouse=True)
def in_english():
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
        picture = draw(x.tanh())
    assert str(explanation).startswith("Propagasi maju")
    assert 'lang="id"' in player.html
    assert "jumlah 0.07065" in str(next(steps))
    assert "turunan lokal" in picture.pipe("svg").decode().replace("\xa0", " ")
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


# No word of the interface stays English in another language

SYMBOLS = "|".join(sorted(OPERATIONS))
CODE = re.compile(  # what is the same in all languages
    r"""[\w.]*\([^()]*(?:\([^()]*\))?[^()]*=[^()]*\)  # a call with keywords, a repr
    | \b[\w.]+\(\) | \b\w+='?\w+'? | "\S+"        # other code
    | --[\w-]+ | [ ]{2}microrelu[ ].* | \b[A-Z]{2,}\b"""
    + rf" | \((?:{SYMBOLS})\) | Step(?=\()",
    re.VERBOSE,
)


def words_of(text):
    text = re.sub(r"\{\w+\}", " ", text)
    return set(re.findall(r"[a-z]{3,}", CODE.sub(" ", text).lower()))


def english(name):
    """The words of the English column that are none of that language."""
    column = LANGUAGES.index(name)
    own = {word for row in WORDS.values() for word in words_of(row[column])} if column else set()
    return {word for row in WORDS.values() for word in words_of(row[0])} - own


def texts(picture):
    """All that a picture says, its tooltips too."""
    tree = ElementTree.fromstring(picture.pipe("svg", quiet=True))
    tips = [value for each in tree.iter() for key, value in each.items() if key.endswith("}title")]
    return "\n".join([*(each.text or "" for each in tree.iterfind(".//{*}text")), *tips])


def batch(model=None):
    model = model or MLP(2, [2, 2, 1], seed=211)
    losses = [half_squared_error(model([2.0, y]), y) for y in (1.0, 0.0)]
    cost = mean(losses) + 0.1 * total([p**2 for p in model.parameters()])
    cost.label = "C"
    return cost


def neuron(w=0.5):
    w, x, y = Value(w, "w"), Value(2.0, "x"), Value(3.0, "y")
    return maximum((w * x).relu(), y * 0) - (w - y) / 3


def changed(root):
    root.backward()
    for node in root.sweep():
        if not node.parents and node.label:
            node.data += 1
    return root


def pictures():
    yield from (draw(neuron()), draw(neuron(-0.5), edges="contribution"), draw(neuron(0.0)))
    yield from (draw(changed(neuron())), draw(neuron(), collapse=1))
    fresh, done = batch(), batch()
    done.backward()
    yield from (draw(cost, collapse="layers") for cost in (fresh, done, changed(batch())))
    for edges in ("derivative", "contribution"):
        yield from (draw(cost, weights="edges", edges=edges) for cost in (fresh, done))
    yield draw(MLP(20, [17, 1], seed=1))
    large = MLP(20, [17, 1], seed=1)([float(i % 3) for i in range(20)])
    yield draw(large, weights="edges")
    with relu_at_zero(0.0):
        yield draw(MLP(1, [1, 1], seed=1)([0.0]), weights="edges")
    recomputed = changed(neuron())
    recomputed.recompute()
    yield draw(recomputed)


def warned():
    """What is said of graphs that are too large."""
    for large in (total([Value(float(i)) for i in range(400)]), batch(MLP(2, [99, 1], seed=1))):
        with pytest.warns(UserWarning, match="collapse=3") as said:
            draw(large)
        yield str(said[0].message)


def pages():
    made = [play(root, names=None) for root in (neuron(), changed(neuron()), batch())]
    large = batch(MLP(2, [24, 24, 1], seed=1))
    for page in (*made, play(large, names=None, around=large.parents[0])):
        words = json.loads(re.search(r'(?s)id="data">(.*?)</script>', page.html)[1])["words"]
        column = LANGUAGES.index(LANGUAGE.get())
        yield " ".join(row[column] for row in words.values())
        shown = re.sub(r"(?s)<(style|script).*?</\1>", " ", page.html)
        labels = " ".join(re.findall(r'(?:aria-label|title)="([^"]*)"', shown))
        yield unescape(re.sub("<[^>]*>", " ", shown) + labels)
        yield page._summary + page._text


def swept(scale):
    root = batch(MLP(2, [3, 3, 1], seed=scale))
    root.backward()
    return root


def writings():
    roots = (neuron(), neuron(0.0), neuron(-0.5), batch(), batch(MLP(2, [9, 9, 1], seed=1)))
    for root in roots:
        for _ in range(2):  # the second time with what the first left
            yield "\n".join(map(str, backward_steps(root, names=None)))
        yield str(explain(root, names=None))
    yield str(explain(mean([neuron(), neuron(0.3)]), example=1))
    for report in (check_gradients(neuron(0.0), names=None), layers(swept(1)), layers(swept(100))):
        yield repr(report)
        yield re.sub("<[^>]*>", " ", report._repr_html_())
    model = MLP(2, [3, 3], activation="tanh", seed=1)
    cost = cross_entropy(model([1.0, 2.0]), 1)
    cost.label = "C"
    yield str(explain(cost, form="combined"))
    yield str(derivation(batch(MLP(2, [3, 3, 1], seed=1)), "W(0)_1,1", by="paths"))


COMMANDS = [
    ["(y - relu(w*x))**2 / 2", "w=-0.5", "x=2", "y=3"],
    ["maximum(relu(x), x)", "x=0"],
    ["train", "xor", "--steps", "1"],
    [],
    ["--help"],
    ["train", "--help"],
]


@pytest.fixture
def outputs(capsys):
    """The outputs of one kind, each as a text, in the language in force."""

    def of(kind):
        if kind == "pictures":
            return [*map(texts, pictures()), *warned()]
        if kind != "commands":
            return list(pages() if kind == "pages" else writings())
        said = []
        for arguments in COMMANDS:
            with suppress(SystemExit):
                main(arguments)
            said.append(capsys.readouterr().out)
            said[-1] = re.sub(r"(?s)ELU, ReLU.*?Σ, σ", "", said[-1])  # functions
        return said

    return of


KINDS = ("pictures", "pages", "writings", "commands")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LANGUAGES[1:])
def test_no_word_of_the_interface_stays_english(kind, name, outputs):
    with language(name):
        found = [words_of(text) & english(name) for text in outputs(kind)]
    assert found == [set()] * len(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LANGUAGES[1:])
def test_english_words_are_found(kind, name, outputs):
    found = [text for text in outputs(kind) if not words_of(text) & english(name)]
    assert found == []


def test_each_word_is_found_by_itself():
    for key in ("value", "grad", "not yet", "loss", "weight decay", "blocked", "input", "leaves"):
        for name in LANGUAGES[1:]:
            assert words_of(WORDS[key][0]) & english(name), (key, name)
