"""The page as a text: what it says, what it cannot say, and what never breaks out of it."""

import base64
import html
import json
import re
from html.parser import HTMLParser

import pytest
from engines import Overwrites

from microrelu import (
    MLP,
    Value,
    backward_steps,
    language,
    play,
    topological_order,
    total,
    weighted_sum,
)
from microrelu.engine import Earlier
from microrelu.picture import renderer
from microrelu.picture.look import GRADIENT, VALUE
from microrelu.player.page import LARGEST
from microrelu.writing.notation import TEXT
from microrelu.writing.words import LANGUAGES, WORDS

AWKWARD = [
    "</script><script>window.hacked = 1</script>",
    "<!--<script>",
    "\"><img src=x onerror='window.hacked = 1'>",
    "javascript:window.hacked=1",
    "'\"&<>]]>",
    "${window.hacked=1}",
    "$title {node} \\",
    "\x00\x07 \u2028",
    "W(0)_1,2",
    "重み",
    "a very long label that goes on and on and on",
]


def neuron():
    w, x, b, y = Value(0.5, "W(0)"), Value(2.0, "x"), Value(0.1, "b(0)"), Value(1.5, "y")
    z = weighted_sum([w], [x], b)
    z.label = "z(1)"
    r = z.relu()
    r.label = "r(1)"
    return (y - r) ** 2 / 2


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_one_id_for_each_node_and_edge():
    root = neuron()
    ids = re.findall(r'<g id="([ne]\d[^"]*)"', play(root).html)
    order = topological_order(root)
    nodes = {f"n{i}" for i in range(len(order))}
    edges = {f"e{i}_{k}" for i, node in enumerate(order) for k in range(len(node.parents))}
    assert set(ids) == nodes | edges
    assert len(ids) == len(nodes | edges)


def test_the_same_page_each_time():
    assert play(neuron(), names=None).html == play(neuron(), names=None).html


def test_the_page_asks_for_nothing():
    page = play(neuron()).html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"<link|@import|\bsrc=|href=|fetch\(|XMLHttpRequest|import\(", page)
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(([^)]*)\)", page)) == {"#head"}


def test_gradients_stay_as_they_are():
    root = neuron()
    play(root)._repr_html_()
    assert all(type(node.grad) is int for node in topological_order(root))
    root.backward()
    before = [node.grad for node in topological_order(root)]
    play(root)
    assert [node.grad for node in topological_order(root)] == before


def test_player_is_the_graph_when_it_was_made():
    w = Value(2.0, "w")
    player = play(w**2)
    w.data = 5.0
    assert data_of(player.html)["nodes"][0][1] == 2.0
    assert "w = 2 " in player._repr_html_()


def test_a_graph_that_no_longer_holds_is_played():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    root = (w * x).relu()
    root.backward()
    w.data = 10.0
    with language("ja"):
        player = play(root, names=None)
    assert [node[-1] for node in data_of(player.html)["nodes"] if len(node) > 4] == [1, 0]
    assert data_of(player.html)["recompute"] == "C.recompute()"
    text = html.unescape(re.search(r"<pre>(.*)</pre>", player._repr_html_(), re.DOTALL)[1])
    assert text.endswith("C.recompute() で計算し直せます。")
    assert (w.grad, x.grad) == (3.0, 2.0)
    root.label = "the loss"
    assert data_of(play(root, names=None).html)["recompute"] == "root.recompute()"


def test_gradients_from_before_stay_from_before():
    w = Value(2.0, "w")
    root = w * w
    root.backward()
    root.recompute()
    play(root)
    assert type(w.grad) is Earlier


def test_a_layout_that_takes_too_long_is_done_quickly(monkeypatch):
    x = Value(0.5, "x")
    s = x * x
    for _ in range(20):
        s = s + x * x
    tidy = play(s).html
    monkeypatch.setattr(renderer, "LONGEST_LAYOUT", 1e-9)
    quick = play(s).html
    ids = r'<g id="([ne]\d[^"]*)"'
    assert re.findall(ids, quick) == re.findall(ids, tidy)
    assert data_of(quick)["nodes"] == data_of(tidy)["nodes"]
    assert data_of(quick)["size"] != data_of(tidy)["size"]


def test_save(tmp_path):
    with language("ja"):
        player = play(Value(1.0, "重み").relu())
    player.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == player.html


class Tags(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(name for name, _ in attrs)))


@pytest.mark.parametrize("label", AWKWARD)
def test_labels_do_not_break_out(label):
    page = play(Value(1.0, label).exp()).html
    plain = play(Value(1.0, "W(0)_1" if label.startswith("W(") else "a").exp()).html
    assert Tags(page).found == Tags(plain).found
    assert data_of(page)["nodes"][0][2] == TEXT.name(label).text
    assert page.encode()


def test_a_label_that_is_no_text_at_all(tmp_path):
    play(Value(1.0, "\ud800")).save(tmp_path / "page.html")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_language(lang):
    with language(lang):
        page = play(neuron()).html
    assert f'<html lang="{lang}">' in page
    column = LANGUAGES.index(lang)
    for key in ("next", "previous", "first", "last", "reset", "with respect to"):
        assert html.escape(WORDS[key][column]) in page
    assert html.escape(WORDS["graph"][column]) in page.partition("<script")[0]


def test_every_sentence_travels_in_all_languages_with_its_gaps_open():
    for key, row in data_of(play(neuron()).html)["words"].items():
        assert row == [*WORDS[key]]


def test_colours_are_those_of_the_picture():
    page = play(neuron()).html
    assert f"--value: {VALUE}; --gradient: {GRADIENT};" in page


def test_in_a_notebook():
    player = play(neuron(), names=None)
    shown = player._repr_html_()
    srcdoc, sandbox = re.search(r'<iframe srcdoc="([^"]*)" sandbox="([^"]*)"', shown).groups()
    assert html.unescape(srcdoc) == player.html
    assert sandbox == "allow-scripts allow-downloads"
    details = shown.partition("</iframe>")[2]
    picture = re.search(r'<img src="data:image/svg\+xml;base64,([^"]*)"', details)[1]
    assert b"<svg" in base64.b64decode(picture)
    text = html.unescape(re.search(r"<pre>(.*)</pre>", details, re.DOTALL)[1])
    assert text == "\n".join(map(str, backward_steps(neuron(), names=None)))


def test_size_grows_linearly():
    network = MLP(2, [24, 24, 8, 1], seed=3)
    root = network([Value(0.5), Value(-1.2)])
    assert 990 <= len(topological_order(root)) <= 1010
    assert len(play(root).html.encode()) < 1_500_000


def test_too_large():
    values = [Value(1.0)] * 2 + [Value(1.0) for _ in range(LARGEST)]
    with pytest.raises(
        ValueError, match=r"up to 2,000 nodes, and this graph has 2,002: play\(root, around="
    ):
        play(total(values))


def test_wrong_arguments():
    with pytest.raises(TypeError, match=r"play needs the Value at the root of a graph, not float"):
        play(3.0)


def test_repr():
    assert re.fullmatch(
        r"<Player of [\d,]+ characters: \.save\(.*\) writes it>", repr(play(neuron()))
    )


def test_someone_elses_graph_is_played_and_its_wrong_gradients_are_marked():
    a, b = Overwrites(-2.0), Overwrites(3.0)
    f = (a * b) * (a + b)
    assert 'differs"' not in play(f).html
    f.backward()
    player = play(f)
    assert player.html.count('class="node leaf differs"') == 2
    assert "should be -8.0" in player.html
    assert (a.grad, b.grad) != (-3.0, -8.0)  # theirs stay
    assert "wrong gradients" not in player._picture.source  # which has ours, after our sweep


def test_what_is_no_node_is_refused():
    with pytest.raises(TypeError, match="play needs the Value at the root"):
        play(3.0)
