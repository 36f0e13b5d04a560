"""A part of a large graph: its numbers are those of the whole, and what is not shown is counted."""

import math

import pytest
from engines import Overwrites
from graphs import graphs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_browser import false_equations
from test_page import data_of

from microrelu import MLP, Value, half_squared_error, language, mean, play, topological_order, total
from microrelu.engine import Constant
from microrelu.player import around
from microrelu.player.around import MOST, Rest, excerpt_around
from microrelu.writing.names import node_names


def batch(count=40):
    """The loss over many examples of one network, and the network."""
    model = MLP(4, [6, 6, 1], "tanh", seed=1)
    points = [[math.sin(i + k) for k in range(4)] for i in range(count)]
    return model, mean([half_squared_error(model([*map(Value, p)]), p[0]) for p in points])


def gradients(root):
    """Of each node after one sweep."""
    order = topological_order(root)
    for node in order:
        node.grad = 0
    root.backward()
    return {node: node.grad for node in order}


def is_as_in_the_whole(excerpt, root):
    """Are values, gradients, operations and operands those of the whole graph?"""
    whole, own = gradients(root), gradients(excerpt.names.root)
    for node, copy in excerpt.copies.items():
        assert copy.data == node.data
        if not isinstance(node, Constant):
            assert own[copy] == pytest.approx(whole[node], rel=1e-9, abs=1e-12)
        if not isinstance(copy.operation, Rest):
            assert copy.operation is node.operation
            assert copy.parents == tuple(excerpt.copies[parent] for parent in node.parents)
            assert copy.local_derivatives == node.local_derivatives


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graphs(max_nodes=14), st.data())
def test_numbers_are_those_of_the_whole_graph(monkeypatch, made, data):
    root, _ = made
    monkeypatch.setattr(around, "MOST", data.draw(st.integers(2, 12)))
    variables = [node for node in topological_order(root) if not isinstance(node, Constant)]
    if not variables:
        return
    excerpt = excerpt_around(node_names(root), data.draw(st.sampled_from(variables)))
    if excerpt is not None:
        is_as_in_the_whole(excerpt, root)


def test_a_wrong_part_is_found():
    _, root = batch()
    excerpt = excerpt_around(node_names(root), "W(0)_1,2")
    node = excerpt.names.root
    node.local_derivatives = tuple([2 * slope for slope in node.local_derivatives])
    with pytest.raises(AssertionError):
        is_as_in_the_whole(excerpt, root)


@pytest.mark.parametrize("name", ["W(0)_1,2", "b(2)", "r(1)[3]", "z(2)_4[7]", "x_1[2]"])
def test_a_node_or_a_layer_by_its_name(name):
    _, root = batch()
    for each in node_names(root):
        if not each.label and not each.parents and not isinstance(each, Constant):
            each.label = "x_1"
    excerpt = excerpt_around(node_names(root), name)
    is_as_in_the_whole(excerpt, root)
    assert len(excerpt.copies) <= MOST


def test_around_a_layer_all_its_units_are_shown():
    model, root = batch()
    excerpt = excerpt_around(node_names(root), model.layers[1])
    is_as_in_the_whole(excerpt, root)
    units = [f"{letter}(2)_{i}[1]" for letter in "zr" for i in range(1, 7)]
    assert {*units} <= {*excerpt.names.values()}
    assert excerpt.center == 2


def test_what_is_not_shown_is_counted(monkeypatch):
    monkeypatch.setattr(around, "MOST", 5)
    x, w = Value(0.5, "x"), Value(2.0, "w")
    v = x * 3.0  # of which x and 3 are not shown
    z = v.sin() * w
    root = z.tanh().exp().square().sqrt()  # three between
    z.label = "z"
    excerpt = excerpt_around(node_names(root), z)
    symbols = {excerpt.names[c]: c.operation.symbol for c in excerpt.names if c.operation}
    assert symbols == {"v1": "… 2 nodes", "v2": "sin", "z": "×", "C": "… 5 nodes"}
    (slope,) = excerpt.names.root.local_derivatives
    assert slope == pytest.approx(gradients(root)[z])


def test_a_graph_that_fits_is_whole():
    x = Value(0.5, "x")
    root = x.sin() * 2
    assert excerpt_around(node_names(root), x) is None
    assert play(root, around=x, names=None).html == play(root, names=None).html


def test_above_the_limit_the_page_has_a_part():
    model, root = batch(60)
    with pytest.raises(ValueError, match=r"play\(root, around=w\) plays what lies around a node w"):
        play(root, names=None)
    player = play(root, around=model.parameters()[0], names=None)
    data = data_of(player.html)
    assert len(data["nodes"]) <= MOST
    assert data["excerpt"]["center"] == "W⁽⁰⁾₁,₁"
    rows = [row for row in data["rows"] if "hidden" in row]
    hidden = len(topological_order(root)) - len(data["nodes"])
    assert rows[-1]["hidden"] == data["excerpt"]["hidden"] == f"{hidden:,}"
    assert [unit[1:] for unit in data["units"]][:2] == [[1, 1], [1, 1]]  # its layer in the whole
    assert f"… {hidden:,} nodes" in player._picture.source
    assert "… " not in player._text


def test_gradients_stay_as_they_are():
    model, root = batch()
    before = gradients(root)
    excerpt_around(node_names(root), model.layers[0])
    assert {node: node.grad for node in before} == before


def test_someone_elses_node():
    a = Overwrites(0.5)
    root = a
    for _ in range(130):
        root = root * a
    player = play(root, around=a)
    assert len(data_of(player.html)["nodes"]) <= MOST


def test_refusals(tmp_path):
    model, root = batch(3)
    w = model.parameters()[0]
    other = MLP(2, [2], seed=1).layers[0]
    for around_, error, words in [
        (Value(1.0), ValueError, "is no part of this graph"),
        (root.parents[1], ValueError, "is a constant"),
        ("nowhere", ValueError, "No node below .* is called 'nowhere'"),
        (other, ValueError, "No node of this graph was made by that layer"),
        (3, TypeError, "around is a node of the graph, or what it is called"),
    ]:
        with pytest.raises(error, match=words):
            play(root, around=around_)
    with pytest.raises(ValueError, match="The mode 'overwrite' needs the whole graph"):
        play(root, around=w, mode="overwrite")
    with pytest.raises(ValueError, match="Pictures show a whole graph"):
        play(batch(30)[1], around="W(0)_1,1").save(tmp_path / "part.gif")
    w.data += 1
    with pytest.raises(ValueError, match="data was assigned after the graph was recorded"):
        play(root, around=w)


# In Chromium


@pytest.mark.browser
def test_every_equation_of_a_part_is_true(open_page):
    model, root = batch(12)
    for center in ("W(0)_1,2", model.layers[1]):
        page = open_page(play(root, around=center, names=None).html)
        assert false_equations(page, root) == []


@pytest.mark.browser
def test_a_leaf_is_changed_only_where_all_that_it_feeds_is_shown(open_page):
    model, root = batch()
    page = open_page(play(root, around=model.parameters()[0], names=None).html)
    note = "Not all that W⁽⁰⁾₁,₁ feeds is shown, and so it cannot be changed here."
    assert page.locator("#note").inner_text() == note
    for name in ("number", "range", "nudge-by", "undo", "reset", "mistake"):
        assert page.locator(f"#{name}").is_hidden()
    page.locator("#wrt").click()
    assert page.locator("#result").inner_text().startswith("= ")
    page.keyboard.press("n")
    page.evaluate("microrelu.change(microrelu.nodes[0], 5)")
    assert page.evaluate("microrelu.nodes.every((node) => node.changed === undefined)")
    assert page.locator("#sentence").inner_text().startswith("This is the part of the graph around")
    w = Value(0.5, "w")
    deep = total([Value(i / 999) for i in range(140)]).sin() * w
    page = open_page(play(deep, around=w, names=None).html)
    page.locator("#number").fill("2")
    assert page.evaluate("microrelu.nodes.at(-1).data") == pytest.approx(4 * deep.data)


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "id", "ja"])
def test_a_part_says_so_in_each_language(open_page, lang):
    model, root = batch()
    with language(lang):
        page = open_page(play(root, around=model.layers[1], names=None).html)
    said = page.evaluate(
        "microrelu.steps.map((_, i) => (microrelu.go(i),"
        " document.getElementById('sentence').textContent))"
    )
    assert all(said)
    assert not [each for each in said if "{" in each or "undefined" in each]
