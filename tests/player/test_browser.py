"""The player in Chromium: what it computes is held against the engine, what it shows is read back.

Needs Playwright for Python and Debian's chromium; without them these tests are skipped, and say so.
"""

import html
import math
import random
import re

import pytest
from graphs import graphs, variables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readback import Binding, faults

from microrelu import (
    MLP,
    SGD,
    Constant,
    Value,
    backward_steps,
    cross_entropy,
    derivation,
    engine,
    half_squared_error,
    hinge,
    leaky_relu,
    log_sum_exp,
    maximum,
    mean,
    minimum,
    operation,
    operations,
    play,
    relu_at_zero,
    topological_order,
    total,
    weighted_sum,
)
from microrelu.engine import OPERATIONS
from microrelu.steps.holds import at_kink, changed_nodes
from microrelu.steps.sweep import grads_kept
from microrelu.writing.figures import number
from microrelu.writing.names import node_names
from microrelu.writing.notation import MATHML
from microrelu.writing.writer import Writer

pytestmark = pytest.mark.browser
HACK = "window.hacked = 1; top.hacked = 1"


def neuron(x=2.0, b=0.1):
    w, x, b, y = Value(0.5, "W(0)"), Value(x, "x"), Value(b, "b(0)"), Value(1.5, "y")
    z = weighted_sum([w], [x], b)
    z.label = "z(1)"
    r = z.relu()
    r.label = "r(1)"
    return (y - r) ** 2 / 2


def chain():
    x, y = Value(2.0, "x"), Value(1.0, "y")
    r = x
    for k, weight in enumerate((0.8, -0.6, -1.2)):
        z = Value(weight, f"W({k})") * r
        z.label = f"z({k + 1})"
        r = z.relu()
        r.label = f"r({k + 1})"
    return (y - r) ** 2 / 2


def network():
    return hinge(MLP(2, [4, 1], seed=1)([Value(0.5, "x_1"), Value(-1.2, "x_2")]), -1)


def classifier():
    return cross_entropy([Value(1.2, "z_1"), Value(-0.3, "z_2"), Value(0.4, "z_3")], 0)


def everything():
    """One graph with every operation, constants, repetition and fan-out."""
    a, b, c = Value(0.7, "a"), Value(-1.3, "b"), Value(2.0, "c")
    smooth = (a * b - c / 3 + a * a).tanh() + (-b).exp() + c.log() * c.sqrt() - a.sin() * b.cos()
    powers = a**3 + c**b + b**2 + 2**a + abs(b)
    kinked = maximum(a, b) * minimum(a, c) + b.relu() + leaky_relu(b, 0.1) + b.elu()
    many = total([a, b, c, 1.0]) + log_sum_exp([a, b, c]) + weighted_sum([a, b], [c, a], 0.5)
    return smooth + powers + kinked + many + b.softplus() + c.sigmoid()


def one_node():
    return Value(3.0, "a")


def with_constants():
    return relu_of_zero() * Constant(-2.0) + Constant(1e-9) + 0.5


def relu_of_zero():
    return (Value(0.0, "w") * Value(3.0, "x")).relu()


def named_alike():
    """The loss over two examples of one network, whose nodes are labelled alike."""
    model = MLP(1, [2, 1], "tanh", seed=1)
    return mean([half_squared_error(model([x]), y) for x, y in [(1.0, 0.5), (-2.0, 1.0)]])


def named_by_what_are_no_names():
    a, b = Value(2.00004, "a+b"), Value(3.0, "v_1")
    return (a * b - a) * abs(a) / 7 + a**3 - b.sin() * maximum(a, b)


def many_operands():
    """More than are written out, one of them twice, two that feed the root directly as well."""
    a, b = Value(0.5, "a"), Value(-1.0, "b")
    many = log_sum_exp([a, b, a, *(Value(i / 9, f"x_{i}") for i in range(22))])
    return log_sum_exp([many, a, *(Constant(i / 7) for i in range(23))]) - b


def empty_sum():
    x = Value(2.0, "x")
    return total([]) * x + total([x]) + total([])


GRAPHS = [
    *(neuron, chain, network, classifier, everything, one_node, with_constants),
    *(named_alike, named_by_what_are_no_names, many_operands, empty_sum),
]


def by_gradient(root):
    """For each step of the sweep, what each variable has received so far, as the engine has it."""
    order = topological_order(root)
    received = {root: 1.0}
    with grads_kept(root):
        for node in root.sweep():
            for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
                if not isinstance(parent, Constant):
                    received[parent] = received.get(parent, 0.0) + received[node] * slope
            if node in received:
                yield node, [received.get(each) for each in order]


def variables_of(node):
    """Does a step of the backward pass belong to it?"""
    return [parent for parent in node.parents if not isinstance(parent, Constant)]


def numbers_in(page):
    """The values and the gradients that the picture shows, node by node."""
    return page.evaluate(
        """() => microrelu.nodes.map(({index}) => ["value", "grad"].map((each) =>
            document.querySelector(`#n${index} .${each}`)?.textContent ?? null))"""
    )


def derivatives_in(page):
    return page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('#graph .edge text')]"
        ".map((each) => [each.parentNode.id, each.textContent]))"
    )


def assert_shows_all_of(page, root):
    """At the last step the picture shows the engine's values, gradients, local derivatives."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("End")
    order = topological_order(root)
    *_, (_, gradients) = by_gradient(root)
    shown = numbers_in(page)
    assert [value for value, _ in shown] == [number(node.data) for node in order]
    for node, gradient, (_, text) in zip(order, gradients, shown, strict=True):
        if not isinstance(node, Constant):
            assert text == number(gradient)
    expected = {
        f"e{i}_{k}": number(node.local_derivatives[k])
        for i, node in enumerate(order)
        for k, parent in enumerate(node.parents)
        if not isinstance(parent, Constant)
    }
    assert derivatives_in(page) == expected


# The table of operations, the numbers and the formulas, against Python's


POINTS = [
    *(-1000.0, -30.5, -2.0, -1.0, -0.5, -1e-9, -0.0, 0.0, 1e-9, 0.3, 0.5, 1.0, 2.0, 3.0, 30.5),
    *(1000.0, math.nan, math.inf, -math.inf),
]


def operand_lists(row):
    """Many points for as many operands as the operation has, the kinks and extremes included."""
    if len(row.operands) == 1:
        return [[a] for a in POINTS]
    if len(row.operands) == 2:
        return [[a, b] for a in POINTS for b in POINTS]
    rng = random.Random(1)
    finite = [a for a in POINTS if not math.isnan(a)]
    lists = [[rng.choice(finite) for _ in range(n)] for n in (1, 3, 5, 7) for _ in range(40)]
    return [*lists, [math.nan, 1.0, 2.0]]


def python_says(row, numbers):
    try:
        value, local = row.function(*numbers)
    except (ArithmeticError, ValueError):
        return None
    return [value, list(local)]


def agree(ours, theirs):
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-13, abs_tol=1e-300)


BUILT_IN = [row for row in vars(operations).values() if isinstance(row, engine.Operation)]


def disagreements(page, row):
    lists = operand_lists(row)
    theirs = page.evaluate(
        "([name, lists]) => lists.map((each) => [...microrelu.OPERATIONS[name](...each),"
        "microrelu.KINKS[name]?.(...each) ?? false])",
        [row.name, lists],
    )
    for numbers, (value, local, is_kink) in zip(lists, theirs, strict=True):
        expected = python_says(row, numbers)
        if expected is None:
            if math.isfinite(value) and all(map(math.isfinite, local)):
                yield numbers, "raises", value
        elif not all(map(agree, [expected[0], *expected[1]], [value, *local])):
            yield numbers, expected, [value, local]
        if bool(row.kink(*numbers)) != is_kink:
            yield numbers, "kink", is_kink


@pytest.mark.parametrize("slope", [1.0, 0.0, 0.5])
def test_every_operation_is_that_of_python(open_page, slope):
    with relu_at_zero(slope):
        page = open_page(play(one_node(), names=None).html)
        assert set(page.evaluate("Object.keys(microrelu.OPERATIONS)")) == {r.name for r in BUILT_IN}
        for row in BUILT_IN:
            assert (row.name, list(disagreements(page, row))) == (row.name, [])


def test_the_comparison_of_operations_can_fail(open_page):
    page = open_page(play(one_node(), names=None).html)
    page.evaluate("microrelu.OPERATIONS.relu = (a) => [a < 0 ? 0 : a, [a > 0 ? 1 : 0]]")
    assert [at for at, *_ in disagreements(page, operations.relu)] == [[-0.0], [0.0], [math.nan]]


def test_numbers_are_written_as_in_python(open_page):
    rng = random.Random(2)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12) for _ in range(2000)]
    numbers += [rng.randint(-(10**7), 10**7) / 2 ** rng.randint(0, 12) for _ in range(2000)]
    numbers += [*POINTS, 1.0625, 1.0635, 0.99995, 9.9995, 99999.5, 999999.5, 1e6, 5e-324, 1.7e308]
    page = open_page(play(one_node(), names=None).html)
    assert page.evaluate("(all) => all.map(microrelu.number)", numbers) == [*map(number, numbers)]
    set_ = page.evaluate("(all) => all.map((x) => microrelu.typesetNumber(x).slice(0, 2))", numbers)
    assert set_ == [list(MATHML.number(each)[:2]) for each in numbers]


def tidied(text):
    return html.unescape(text) if "&#x" in text else text


def unlinked(text):
    """Without what lights up with a symbol."""
    return re.sub("</?mstyle[^>]*>", "", text)


@pytest.mark.parametrize("graph", GRAPHS)
def test_formulas_are_those_of_python(open_page, graph):
    root = graph()
    page = open_page(play(root, names=None).html)
    order = topological_order(root)
    said = page.evaluate(
        """() => microrelu.nodes.map((node) => ({
            equation: microrelu.equation(node).map(([text]) => text).join("<mo>=</mo>"),
            products: node.parents.map((_, k) => microrelu.product(node, k).map(([text]) => text)),
        }))"""
    )
    for step in backward_steps(root, names=None):
        shown = said[order.index(step.node)]
        writer = step.writer.in_notation(MATHML)
        assert unlinked(shown["equation"]) == tidied(writer.equation(step.node))
        for each in step.contributions:
            product = [tidied(part.text) for part in step.product(each, writer)]
            assert [*map(unlinked, shown["products"][each.operand])] == product


@pytest.mark.parametrize("graph", GRAPHS)
def test_derivations_are_those_of_python(open_page, graph):
    root = graph()
    page = open_page(play(root, names=None).html)
    for i, leaf in enumerate(topological_order(root)):
        if leaf.operation or isinstance(leaf, Constant):
            continue
        shown = page.evaluate(
            "(i) => microrelu.derivation(microrelu.nodes[i]).rows"
            ".map((row) => row.map(([text]) => text))",
            i,
        )
        found = derivation(root, leaf, by="paths", names=None)
        rows = found.equations(Writer(node_names(root), MATHML))
        assert [[*map(unlinked, row)] for row in shown] == [
            [tidied(part.text) for part in row] for row in rows
        ]


# Stepping


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_step_by_the_keys(open_page, graph):
    root = graph()
    page = open_page(play(root, names=None).html)
    order = topological_order(root)
    operations_ = [node for node in order if node.operation]
    page.keyboard.press("Home")
    values = [None if node.operation else number(node.data) for node in order]
    assert [value or None for value, _ in numbers_in(page)] == values
    for node in operations_:
        page.keyboard.press("ArrowRight")
        values[order.index(node)] = number(node.data)
        assert [value or None for value, _ in numbers_in(page)] == values
        assert page.locator("g.node.current").get_attribute("id") == f"n{order.index(node)}"
    seed = {root: 1.0}
    stepped = [(root, [seed.get(node) for node in order])]  # 1 at the root, then what passes on
    stepped += [(node, received) for node, received in by_gradient(root) if variables_of(node)]
    for node, received in stepped:
        page.keyboard.press("ArrowRight")
        assert page.locator("g.node.current").get_attribute("id") == f"n{order.index(node)}"
        gradients = [gradient for _, gradient in numbers_in(page)]
        for each, total_, text in zip(order, received, gradients, strict=True):
            if not isinstance(each, Constant):
                assert (text or None) == (None if total_ is None else number(total_))
    assert page.locator("#next").is_disabled()
    page.keyboard.press("ArrowRight")
    assert_shows_all_of(page, graph())


def test_every_step_by_clicks(open_page):
    page = open_page(play(neuron(), names=None).html)
    seen = [page.locator("#count").inner_text()]
    while page.locator("#next").is_enabled():
        page.locator("#next").click()
        seen.append(page.locator("#count").inner_text())
    count = len(seen)
    assert seen == [f"{i} / {count}" for i in range(1, count + 1)]
    page.locator("#previous").click()
    assert page.locator("#count").inner_text() == f"{count - 1} / {count}"
    page.locator("#first").click()
    assert page.locator("#count").inner_text() == f"1 / {count}"
    assert page.locator("#previous").is_disabled()
    page.locator("#last").click()
    assert page.locator("#count").inner_text() == f"{count} / {count}"
    page.locator("#position").fill("3")
    assert page.locator("#count").inner_text() == f"4 / {count}"


@pytest.mark.parametrize("phase", ["forward", "backward"])
def test_click_on_a_node_goes_to_its_step_in_the_pass_that_is_shown(open_page, phase):
    root = neuron()
    page = open_page(play(root, names=None).html)
    page.keyboard.press("Home" if phase == "forward" else "End")
    for i, node in enumerate(topological_order(root)):
        if node.operation is not None:
            page.keyboard.press("g")
            page.locator(f"#n{i}").click()
            assert page.locator("g.node.current").get_attribute("id") == f"n{i}"
            assert phase in page.locator("body").get_attribute("class").split()


def visit(page, index):
    page.evaluate("(i) => microrelu.visit(microrelu.nodes[i])", index)


def test_play_and_pause(open_page):
    page = open_page(play(neuron(), names=None).html)
    page.select_option("#speed", "4")
    page.keyboard.press(" ")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    page.locator("#count", has_text="3 /").wait_for()
    page.locator("#play").click()
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    stopped = page.locator("#count").inner_text()
    page.wait_for_timeout(700)
    assert page.locator("#count").inner_text() == stopped


def test_closed_relu_blocks(open_page):
    page = open_page(play(chain(), names=None).html)
    page.keyboard.press("End")
    order = topological_order(chain())
    closed = next(i for i, node in enumerate(order) if node.label == "r(2)")
    assert [e.get_attribute("id") for e in page.locator(".edge.blocked").all()] == [f"e{closed}_0"]
    visit(page, closed)
    assert page.locator(".way.blocked").count() == 1
    sentence = "z⁽²⁾ = −0.96 < 0, so ReLU stops the gradient: z⁽²⁾ receives 0."
    assert page.locator("#sentence").inner_text().startswith(sentence)


@pytest.mark.parametrize("slope", [1.0, 0.0, 0.5])
def test_kink_names_its_convention(open_page, slope):
    with relu_at_zero(slope):
        page = open_page(play(relu_of_zero(), names=None).html)
    page.keyboard.press("End")
    visit(page, 3)
    assert f"by convention it is {slope:g} here" in page.locator("#sentence").inner_text()
    assert page.locator(".tag").text_content() == "kink"


# Live


def change(page, index, value):
    page.select_option("#leaf", str(index))
    page.locator("#number").fill(str(value))


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_changed_leaf_changes_everything(open_page, graph):
    page = open_page(play(graph(), names=None).html)
    assert_shows_all_of(page, graph())
    page.keyboard.press("g")
    recorded = topological_order(graph())
    for i, leaf in enumerate(recorded):
        if leaf.operation or isinstance(leaf, Constant):
            continue
        for value in (-0.25, 0.0, 1.75):
            if math.isclose(value, 0) and graph is everything:
                continue  # log(0) has no value
            if value < 0 and graph is everything and leaf.label == "c":
                continue
            change(page, i, value)
            assert_shows_all_of(page, rebuilt(graph, i, value))
        page.locator("#reset").click()
    assert_shows_all_of(page, graph())


def rebuilt(graph, index, value):
    """The graph with another number in one leaf, computed by the engine."""
    made = {}
    for i, node in enumerate(topological_order(graph())):
        if node.operation is None:
            made[node] = type(node)(value if i == index else node.data, node.label)
        else:
            made[node] = node.operation.apply(made[parent] for parent in node.parents)
            made[node].label = node.label
    return made[node]


def test_formulas_change_with_the_leaf(open_page):
    page = open_page(play(neuron(), names=None).html)
    order = topological_order(neuron())
    x = next(i for i, node in enumerate(order) if node.label == "x")
    relu_ = next(i for i, node in enumerate(order) if node.label == "r(1)")
    page.keyboard.press("End")
    visit(page, relu_)
    said = page.locator("#sentence")
    assert said.inner_text().startswith("z⁽¹⁾ = 1.1 ≥ 0, so ReLU lets the gradient −0.4 through.")
    change(page, x, -2)
    assert said.inner_text().startswith("z⁽¹⁾ = −0.9 < 0, so ReLU stops the gradient")
    page.keyboard.press("Escape")
    page.locator("#unfold").click()
    equation = page.locator("#mathematics .equation").inner_text()
    assert "ReLU\u2061(−0.9)" in equation.replace("\n", "")
    assert page.locator(f"#e{relu_}_0").get_attribute("class").split().count("blocked") == 1
    change(page, x, -0.2)  # 0.5 · (−0.2) + 0.1 is 0
    assert "by convention it is 1 here" in page.locator("#sentence").inner_text()


def test_slider_and_dragging(open_page):
    page = open_page(play(neuron(), names=None).html)
    order = topological_order(neuron())
    x = next(i for i, node in enumerate(order) if node.label == "x")
    page.select_option("#leaf", str(x))
    page.locator("#range").fill("-1.5")
    assert_shows_all_of(page, neuron(x=-1.5))
    page.locator("#reset").click()
    page.keyboard.press("Home")
    page.select_option("#leaf", str(0))
    for expected in (2.0, 2.5):  # a leaf is dragged only after it was chosen
        box = page.locator(f".box[data-link=n{x}]").bounding_box()
        page.mouse.move(box["x"] + 20, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + 70, box["y"] + 9, steps=5)
        page.mouse.up()
        assert page.evaluate(f"microrelu.nodes[{x}].data") == expected
        page.locator(f".box[data-link=n{x}]").click()
    assert_shows_all_of(page, neuron(x=2.5))


def test_what_has_no_value_says_so(open_page):
    root = Value(2.0, "x").log() * 3
    page = open_page(play(root, names=None).html)
    change(page, 0, -1)
    visit(page, 1)
    assert "log has no value here." in page.locator("#sentence").inner_text()
    assert numbers_in(page)[1][0] == "NaN"


def test_an_operation_of_the_users_plays_as_recorded(open_page):
    try:
        cube = operation("(·)³", "a**3", ["3 * a**2"])(cubed)
        root = cube(Value(2.0, "a")) * Value(3.0, "b")
        page = open_page(play(root, names=None).html)
    finally:
        del OPERATIONS["cubed"]
    assert_shows_all_of(page, root)
    visit(page, 1)
    assert "(·)³ is not live: it plays as recorded" in page.locator("#sentence").inner_text()
    assert page.locator(".tag").text_content() == "recorded"
    page.select_option("#leaf", "0")
    assert page.locator("#number").is_disabled()
    assert "cannot be changed here" in page.locator("#note").inner_text()
    change(page, 2, -4)
    assert_shows_all_of(page, cube(Value(2.0, "a")) * Value(-4.0, "b"))


def cubed(a):
    return a**3, (3 * a**2,)


def test_with_respect_to_a_leaf(open_page):
    root = chain()
    order = topological_order(root)
    page = open_page(play(root, names=None).html)
    w = next(i for i, node in enumerate(order) if node.label == "W(1)")
    page.select_option("#leaf", str(w))
    page.locator("#wrt").click()
    on = {node.label for node in order if page.locator(f"#n{order.index(node)}.path").count()}
    assert on >= {"W(1)", "z(2)", "r(2)", "z(3)", "r(3)"}
    assert on.isdisjoint({"W(0)", "x", "z(1)", "W(2)", "y"})
    assert page.locator("#derivation .row").count() == 1
    page.locator("#wrt").click()
    assert page.locator("#derivation .row").count() == 0


def test_very_many_paths_are_not_written_out(open_page):
    x = Value(1.1, "x")
    for _ in range(60):
        x = x * x
    page = open_page(play(x * 1e-300, names=None).html)
    page.locator("#wrt").click()
    assert f"{2**60} paths" in page.locator("#derivation p").inner_text()


# Safety and surroundings


@pytest.mark.parametrize(
    "label",
    [
        f"</script><script>{HACK}</script>",
        f"<img src=x onerror='{HACK}'>",
        f'"\'><svg onload="{HACK}">',
        f"javascript:{HACK}",
        f"</mtext><script>{HACK}</script>",
        f"</title></style></iframe><script>{HACK}</script>",
    ],
)
def test_labels_do_not_break_out(open_page, label):
    a, b = Value(2.0, label), Value(3.0, f"{label} 2")
    c = (a * b).relu()
    c.label = f"{label} 3"
    player = play(c, names=None)
    for text in (player.html, player._repr_html_()):
        page = open_page(text)
        frame = page.frames[-1]
        frame.locator("#count", has_text="1 /").wait_for()
        for i in range(frame.evaluate("microrelu.steps.length")):
            frame.evaluate(f"microrelu.go({i})")
        frame.locator("#wrt").click()
        assert [each.evaluate("window.hacked") for each in page.frames] == [None] * len(page.frames)
        assert frame.evaluate("document.querySelectorAll('script').length") == 2
        assert frame.locator("img").count() == 0
    assert label in frame.locator("#leaf").inner_text()


def test_players_in_one_notebook_do_not_disturb_each_other(open_page):
    page = open_page(
        play(neuron(), names=None)._repr_html_() + play(chain(), names=None)._repr_html_()
    )
    first, second = page.frames[1:]
    second.locator("#next").click()
    second.locator("#next").click()
    assert second.locator("#count").inner_text().startswith("3 /")
    assert first.locator("#count").inner_text().startswith("1 /")
    first.locator("#last").click()
    assert second.locator("#count").inner_text().startswith("3 /")
    assert_shows_all_of_frame(first, neuron())


def assert_shows_all_of_frame(frame, root):
    *_, (_, gradients) = by_gradient(root)
    for node, gradient, (value, text) in zip(
        topological_order(root), gradients, numbers_in(frame), strict=True
    ):
        assert value == number(node.data)
        assert isinstance(node, Constant) or text == number(gradient)


@pytest.mark.parametrize("width", [390, 900])
def test_the_frame_fits_its_content(open_page, width):
    page = open_page(
        play(network(), names=None)._repr_html_(), viewport={"width": width, "height": 900}
    )
    frame = page.frames[1]
    for axis in ("Width", "Height"):
        root = "document.documentElement"  # once the page has fitted the picture to the frame
        frame.wait_for_function(f"{root}.scroll{axis} <= {root}.client{axis}")


def test_without_scripts_and_frames_the_steps_are_left(open_page):
    shown = play(neuron(), names=None)._repr_html_()
    stripped = re.sub(r"(?s)<(iframe|script).*?</\1>", "", shown)  # as in an untrusted notebook
    page = open_page(stripped)
    assert page.locator("details p").inner_text() == "Run this cell to play."
    assert page.locator("img").evaluate("(image) => image.decode().then(() => image.width)") > 100
    assert "∂C/∂W⁽⁰⁾" in page.locator("pre").inner_text()


def test_without_javascript_the_boxes_hold_their_numbers_and_nothing_is_a_control(open_page):
    root = neuron()
    page = open_page(play(root, names=None).html, java_script_enabled=False)
    assert "JavaScript" in page.locator("main noscript").inner_text()
    order = topological_order(root)
    root.backward()
    for i, node in enumerate(order):
        shown = page.locator(f"#n{i} .value, #n{i} .grad").all_text_contents()
        grads = [] if isinstance(node, Constant) else [number(node.grad)]
        assert shown == [number(node.data), *grads]
        for k, parent in enumerate(node.parents):
            slopes = page.locator(f"#e{i}_{k} text").all_text_contents()
            is_constant = isinstance(parent, Constant)
            assert slopes == ([] if is_constant else [number(node.local_derivatives[k])])
    for control in page.locator("button, select, input, nav, form, #step").all():
        assert control.is_hidden()


@pytest.mark.parametrize("size", [(390, 664), (1366, 768)])
@pytest.mark.parametrize("template", ["lab", "basic"])
def test_nbconvert(open_page, template, size):
    nbformat = pytest.importorskip("nbformat", reason="needs nbconvert")
    nbconvert = pytest.importorskip("nbconvert", reason="needs nbconvert")
    output = nbformat.v4.new_output(
        "display_data", {"text/html": play(neuron(), names=None)._repr_html_()}
    )
    cell = nbformat.v4.new_code_cell("play(cost)", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    exporter = nbconvert.HTMLExporter(template_name=template)
    text = re.sub(r"<script[^>]* src=[^>]*>", "<script>", exporter.from_notebook_node(notebook)[0])
    viewport = {"width": size[0], "height": size[1]}
    page = open_page(text, viewport=viewport)
    place = page.locator("iframe")
    assert place.bounding_box()["height"] <= size[1]
    assert place.evaluate(
        "(it) => { for (it = it.parentElement; it !== document.body; it = it.parentElement)"
        " if (it.scrollWidth > it.clientWidth + 1) return it.className; return null; }"
    ) is None  # fmt: skip
    assert page.locator("details pre").is_hidden()
    frame = page.frames[1]
    frame.locator(".box").first.wait_for()
    assert frame.locator("html").evaluate(
        "(it) => it.scrollWidth <= it.clientWidth && it.scrollHeight <= it.clientHeight"
    )
    frame.locator("#last").click()
    assert_shows_all_of_frame(frame, neuron())


@pytest.mark.parametrize("size", [(390, 844), (1600, 900), (320, 568)])
def test_nothing_sticks_out(open_page, size):
    page = open_page(play(chain(), names=None).html, viewport={"width": size[0], "height": size[1]})
    for _ in range(page.evaluate("microrelu.steps.length")):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for place in ("step", "panel"):
            assert page.evaluate(f"{place}.scrollWidth <= {place}.clientWidth")


# Nothing false: what the page shows, read back


WALK = """() => {
    const rows = new Set();
    const look = () => {
        for (const row of document.querySelectorAll("#equation .row, #panel .row")) {
            const parts = [...row.querySelectorAll("math")].map((each) => each.innerHTML);
            const text = parts.join("").replace(/<\\/?mstyle[^>]*>/g, "");
            rows.add(text.replaceAll("&nbsp;", "\u00a0"));
        }
    };
    document.getElementById("whole").click(); // which is quicker
    for (const byLayers of microrelu.DATA.layers?.length ? [true, false] : [false]) {
        microrelu.choosePasses(byLayers, null);
        microrelu.steps.forEach((_, i) => (microrelu.go(i), look()));
    }
    document.getElementById("wrt").click();
    const leaf = document.getElementById("leaf");
    for (const { value } of leaf.options) {
        leaf.value = value;
        leaf.dispatchEvent(new Event("change"));
        look();
    }
    document.getElementById("wrt").click();
    document.getElementById("whole").click();
    return [...rows];
}"""


def false_equations(page, root):
    """What is not true among all equations of all steps, and of the derivations by each leaf."""
    binding = Binding(root)
    return [fault for row in page.evaluate(WALK) for fault in faults(row, MATHML, binding)]


def wide(a, b):
    """More operands than are written out."""
    return log_sum_exp([a, b, *(Constant(i / 10) for i in range(25))])


TOPS = [  # what a random graph goes into, with some node of its own
    lambda a, b: a - b,
    lambda a, b: a * a * b,
    lambda a, b: cross_entropy([a, b, a], 1),
    lambda a, b: mean([half_squared_error(a, b), hinge(b, 1)]),
    lambda a, b: total([]) * a + weighted_sum([a, 0.5], [b, a], 1.0),
    lambda a, b: wide(a, b) * b - wide(a, a),
    lambda a, b: OPERATIONS["blend"](a, b) - OPERATIONS["blend"](b, b),
    lambda a, b: (a * a + 1) ** 1.00004,
]
LABELS = ["x", "x1", "x_1", "v_1", "C", "a+b", "W(0)_1,2", "r(0)", "x_max", "loss", "", ""]


@st.composite
def shown_graphs(draw):
    """A random graph, with labels that are set alike, losses, and operations of one's own."""
    root, _ = draw(graphs(max_nodes=6, on_grid=draw(st.booleans())))
    nodes = topological_order(root)
    for top in draw(st.lists(st.sampled_from(TOPS), max_size=2)):
        grown = top(root, draw(st.sampled_from(nodes)))
        root = grown if abs(grown.data) < 1e3 else root
    for node in topological_order(root):
        if node.operation is None or draw(st.booleans()):
            node.label = draw(st.sampled_from(LABELS))
    return root


@pytest.fixture
def own(table):
    @operation()
    def blend(a, b):
        return 0.3 * a + 0.7 * b * b, (0.3, 1.4 * b)


@pytest.mark.usefixtures("own")
@settings(max_examples=20, suppress_health_check=[*HealthCheck])
@given(shown_graphs(), st.data())
def test_every_equation_of_a_random_graph_is_true(shared_page, root, data):
    page = shared_page(play(root, names=None).html)
    assert false_equations(page, root) == []
    order = topological_order(root)
    locked = {each for node in order if not live(node) for each in topological_order(node)}
    i = data.draw(st.sampled_from([order.index(leaf) for leaf in variables(root)] or [-1]))
    value = data.draw(st.integers(-2000, 2000)) / 1000
    if i < 0 or not has_value(root, i, value):
        return
    if order[i] not in locked:
        page.evaluate("([i, x]) => microrelu.change(microrelu.nodes[i], x)", [i, value])
        assert false_equations(page, rebuilt(lambda: root, i, value)) == []
    order[i].data = value  # the graph that was recorded no longer holds
    if not any(map(at_kink, order)):  # where Step(0) may still be what it was elsewhere
        assert false_equations(shared_page(play(root, names=None).html), root) == []


def live(node):
    return node.operation is None or node.operation in BUILT_IN


def has_value(root, index, value):
    """Can the graph be computed with that number in that leaf?"""
    try:
        rebuilt(lambda: root, index, value)
    except (ArithmeticError, ValueError):
        return False
    return True


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_equation_is_true(open_page, graph):
    page = open_page(play(graph(), names=None).html)
    assert page.evaluate(WALK)
    assert false_equations(page, graph()) == []


PLANTED = {
    "a local derivative written as a gradient": ("if (!node.indirect.has(operand))", "if (true)"),
    "a rounded number without its zeros": ("isExact ? /", "true ? /"),
    "a value that is another's": (
        "typesetNumber(node.data));\n  return parts",
        "typesetNumber(2));\n  return parts",
    ),
    "a gradient that is another's": ("complete = sweep().grad", "complete = sweep(3).grad"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_is_false_is_found(open_page, fault):
    root = classifier() * 2.00004 + log_sum_exp([Value(0.5, "a")] * 2)
    text = play(root, names=None).html
    assert text.count(PLANTED[fault][0]) == 1
    page = open_page(text.replace(*PLANTED[fault]))
    assert false_equations(page, root) != []


def trained():
    """A network after its training step: every weight has moved, the loss is the last one."""
    model = MLP(2, [3, 1], "tanh", seed=1)
    loss = half_squared_error(model([Value(0.5, "x_1"), Value(-1.2, "x_2")]), 1.0)
    loss.label = "loss"
    loss.backward()
    SGD(model.parameters(), lr=0.1).step()
    return loss


def test_after_a_training_step_the_page_marks_what_no_longer_holds(open_page):
    root = trained()
    page = open_page(play(root, names=None).html)
    order = topological_order(root)
    changed = [f"n{order.index(node)}" for node in changed_nodes(order)]
    assert [each.get_attribute("id") for each in page.locator(".node.stale").all()] == changed
    assert len(changed) == 4  # the z of each unit; what was computed of a z holds, of that z
    assert "loss.recompute() computes it again." in page.locator("#changed").inner_text()
    assert_shows_all_of(page, root)


def test_of_what_no_longer_holds_no_equation_is_stated(open_page):
    root = trained()
    page = open_page(play(root, names=None).html)
    assert false_equations(page, root) == []
    order = topological_order(root)
    z = next(i for i, node in enumerate(order) if node.label == "z(1)_2")
    page.keyboard.press("End")
    visit(page, z)
    sentence = "The operands of z⁽¹⁾₂ have changed since it was computed."
    assert page.locator("#sentence").inner_text() == sentence
    assert "operands changed" in page.locator(".box.node .tag").inner_text()
    assert page.locator("#mathematics .row, #equation .row").count() == 0
    w = next(i for i, node in enumerate(order) if node.label == "W(0)_1,2")
    page.select_option("#leaf", str(w))
    page.locator("#wrt").click()
    assert page.locator("#derivation .row").count() == 0


def test_a_whole_page_of_a_graph_that_no_longer_holds(open_page):
    w, x = Value(2.0, "w"), Value(3.0, "x")
    root = w * x
    w.data = 10.0
    page = open_page(play(root, names=None).html)
    assert page.evaluate(WALK) == []
    change(page, 0, 4)
    assert page.locator("#changed").is_hidden()
    assert page.locator(".node.stale").count() == 0
    assert false_equations(page, Value(4.0, "w") * Value(3.0, "x")) == []
    page.locator("#reset").click()
    assert page.locator("#changed").is_visible()


def test_what_is_stated_of_what_no_longer_holds_is_found(open_page):
    root = trained()
    text = play(root, names=None).html.replace("isStale: Boolean(how[2])", "isStale: false")
    assert false_equations(open_page(text), root) != []


def test_after_recompute_the_page_is_that_of_a_new_graph(open_page):
    root = trained()
    root.recompute()
    page = open_page(play(root, names=None).html)
    assert page.locator("#changed").is_hidden()
    assert_shows_all_of(page, root)
    assert false_equations(page, root) == []


@pytest.fixture(scope="module")
def shared_page(browser, tmp_path_factory):
    """One page that is opened with one text after the other."""
    file = tmp_path_factory.mktemp("pages") / "page.html"
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()

    def open_(text):
        file.write_text(text, encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield open_
    context.close()
