"""Pictures of networks: units in columns, weights as the lines between them."""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest

from microrelu import (
    MLP,
    Neuron,
    Value,
    cross_entropy,
    draw,
    half_squared_error,
    mean,
    relu_at_zero,
    total,
    weighted_sum,
)

SVG = "{http://www.w3.org/2000/svg}"


def trained(nouts, nin=2, seed=211):
    """The loss of a network after its sweep; of this seed some units are open and some closed."""
    cost = half_squared_error(MLP(nin, nouts, seed=seed)([2.0, 1.0, -1.0][:nin]), 1.0)
    cost.backward()
    return cost


def drawn(root, **options):
    return draw(root, weights="edges", **options, names=None)


def attributes(picture):
    """The line of DOT that draws each node and each edge, by its id."""
    found = {}
    for line in picture.source.splitlines():
        for id_ in re.findall(r" id=(\w+)[ \]]", line):
            assert id_ not in found
            found[id_] = line.strip()
    return found


def positions(picture):
    """Where the nodes stand, by their ids."""
    found = {}
    for id_, line in attributes(picture).items():
        for x, y in re.findall(r' pos="([-\d.]+),([-\d.]+)!"', line):
            found[id_] = float(x), float(y)
    return found


def texts(picture):
    """What stands in each group of the SVG, by its id, line by line."""
    tree = ElementTree.fromstring(picture.pipe("svg"))
    return {
        group.get("id"): [text.text.replace("\xa0", " ") for text in group.iter(f"{SVG}text")]
        for group in tree.iter(f"{SVG}g")
    }


def caption(picture):
    (line,) = [line for line in picture.source.splitlines() if line.startswith("\tlabel=")]
    return line.removeprefix('\tlabel="').removesuffix('"').split(r"\n")


# DOT


def test_the_dot_of_the_smallest_network():
    model = MLP(1, [1], seed=1)
    model.parameters()[0].data = -0.5
    z = model(2.0)
    z.backward()
    head, body = drawn(z).source.split("fontsize=11]\n")
    assert "inputscale=72 layout=neato nodesep=0.22 outputorder=edgesfirst" in head
    assert "splines=line" in head

    def font(text, color, size, face="Helvetica"):
        return f'<FONT FACE="{face}" COLOR="{color}" POINT-SIZE="{size}">{text}</FONT>'

    def name(base, above):
        return (
            f'<TR><TD ALIGN="RIGHT">{font(f"<I>{base}</I>", "#222222", 12, "Times")}</TD>'
            f'<TD ALIGN="LEFT" VALIGN="TOP">{font(above, "#222222", 8, "Times")}</TD>'
            '<TD ALIGN="LEFT" VALIGN="BOTTOM"></TD><TD WIDTH="4"></TD>'
        )

    def cell(text, color):
        return f'<TD ALIGN="LEFT" CELLPADDING="2">{font(text, color, 10)}</TD>'

    table = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
    blue, orange = "#0072B2", "#B34700"
    tip = 'tooltip="W(0): value -0.5, gradient 2.0"'
    assert body.splitlines() == [
        f'\tt0 [label=<{font("input", "#6B6B6B", 10)}> id=t0 pos="20.9,38.0!" shape=plain '
        "style=solid]",
        f"\tu0_0 [label=<{table}{name('r', '(0)')}{cell('2', blue)}</TR></TABLE>> class=input "
        'color="#4D4D4D" fillcolor="#E8F2F9" height=0.264 id=u0_0 margin=0 pos="20.9,0.0!" '
        'style="rounded,filled" tooltip="r(0) constant 2.0" width=0.581]',
        f'\tt1 [label=<{font("layer&#160;1", "#6B6B6B", 10)}> id=t1 pos="250.4,38.0!" '
        "shape=plain style=solid]",
        f"\tu1_0 [label=<{table}{name('z', '(1)')}{cell('−1', blue)}{cell('1', orange)}</TR>"
        f"{name('b', '(0)')}{cell('0', blue)}{cell('1', orange)}</TR></TABLE>> class=unit "
        'color="#4D4D4D" fillcolor="#FFFFFF" height=0.458 id=u1_0 margin=0 pos="250.4,0.0!" '
        'style="rounded,filled" tooltip="z(1): value -1.0, gradient 1.0&#10;b(0): value 0.0, '
        'gradient 1.0" width=0.792]',
        f'\twu0_0_u1_0 [label=<{table}<TR><TD BGCOLOR="#FFFFFF">{font("−0.5", orange, 9)}</TD>'
        f'</TR></TABLE>> id=wu0_0_u1_0 pos="131.8,0.0!" shape=plain style=solid {tip}]',
        '\tu0_0:e -> u1_0:w [arrowhead=none class=weight color="#B34700ff" id=eu0_0_u1_0 '
        f"label{tip} penwidth=3.5 style=dashed {tip}]",
        '\tlabel="on the lines: weights; positive blue, negative dashed orange, large wide\\n'
        'in the boxes: values blue, gradients orange"',
        "}",
    ]


def test_what_stands_in_the_boxes():
    shown = texts(drawn(trained([4, 4, 1])))
    assert "".join(shown["u0_0"]) == "r(0)12"
    assert shown["u1_1"] == [
        *("z", "(1)", "2", "−1.15", "0"),
        *("r", "(1)", "2", "0", "−0.325"),
        *("b", "(0)", "2", "0", "0"),
    ]
    assert shown["u3_0"] == ["z", "(3)", "0.0996", "−0.900", "b", "(2)", "0", "−0.900"]
    assert shown["u4_0"] == ["C", "0.405", "1"]
    assert [shown[f"t{k}"][0] for k in range(5)] == [
        *("input", "layer 1", "layer 2", "layer 3", "loss")
    ]


def test_units_stand_in_their_order_and_columns_from_left_to_right():
    at = positions(drawn(trained([4, 3, 1])))
    for column, count in enumerate([2, 4, 3, 1, 1]):
        ys = [at[f"u{column}_{row}"][1] for row in range(count)]
        assert ys == sorted(ys, reverse=True)
        assert sum(ys) == pytest.approx(0)
        assert len({at[f"u{column}_{row}"][0] for row in range(count)}) == 1
    xs = [at[f"u{column}_0"][0] for column in range(5)]
    assert xs == sorted(xs)


def test_the_positions_hold_in_the_svg():
    tree = ElementTree.fromstring(drawn(trained([3, 1])).pipe("svg"))
    ys = []
    for group in tree.iter(f"{SVG}g"):
        if re.fullmatch("u1_.", group.get("id")):
            ys.append(min(float(text.get("y")) for text in group.iter(f"{SVG}text")))
    assert ys == sorted(ys)
    assert ys[2] - ys[1] == pytest.approx(ys[1] - ys[0])


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([2, 2, 1], 10),
        ([4, 4, 1], 28),
        ([1, 1], 3),
        ([3, 2, 4, 1], 16),
        ([8, 8, 1], 8),
        ([8, 4], 32),
        ([16, 16, 1], 16),
        ([16, 1], 16),
    ],
)
def test_no_number_stands_over_another(sizes, count):
    root = trained(sizes) if sizes[-1] == 1 else total(MLP(2, sizes, seed=1)([2.0, 1.0]))
    shown = {id_: at for id_, at in positions(drawn(root)).items() if id_.startswith("w")}
    assert len(shown) == count
    for (x, y), (u, v) in itertools.combinations(shown.values(), 2):
        assert abs(x - u) > 40 or abs(y - v) >= 9.99


def test_numbers_stand_on_their_lines_and_beside_the_boxes():
    picture = drawn(trained([4, 4, 1]))
    at, boxes = positions(picture), attributes(picture)
    for id_, (x, y) in at.items():
        if id_.startswith("w"):
            tail, head = re.findall(r"u\d_\d", id_)
            half = [36 * float(re.search(r" width=([\d.]+)", boxes[u])[1]) for u in (tail, head)]
            left, right = at[tail][0] + half[0], at[head][0] - half[1]
            part = (x - left) / (right - left)
            assert y == pytest.approx(at[tail][1] * (1 - part) + at[head][1] * part, abs=0.5)
            assert left + 15 < x < right - 15


def test_the_large_weights_are_drawn_last_and_wide():
    edges = [line for line in drawn(trained([4, 4, 1])).source.splitlines() if "->" in line]
    assert "class=weight" not in edges[0]  # from the last unit to the loss
    widths = [float(re.search(r"penwidth=([\d.]+)", line)[1]) for line in edges[1:]]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (pytest.approx(0.75, abs=0.3), 3.5)
    strengths = [int(re.search(r'color="#\w{6}(\w\w)"', line)[1], 16) for line in edges[1:]]
    assert strengths == sorted(strengths)
    for line in edges[1:]:
        is_negative = "value -" in line
        assert ("style=dashed" in line) == ("#B34700" in line) == is_negative


def test_a_unit_that_is_closed_is_grey():
    picture = drawn(trained([4, 4, 1]))
    units = {id_: line for id_, line in attributes(picture).items() if "class=" in line}
    closed = [id_ for id_, line in units.items() if 'class="unit closed"' in line]
    assert closed == ["u1_1", "u2_2"]
    assert all('fillcolor="#F0F0F0"' in units[id_] for id_ in closed)
    assert "closed units grey" in caption(picture)[1]


def of_two(nouts):
    """The loss of two examples, after its sweep; unit 2 of layer 1 is closed for both."""
    model = MLP(2, nouts, seed=1)
    model.layers[0].neurons[1].bias.data = -9.0
    cost = mean([half_squared_error(model(inputs), 1.0) for inputs in ([1.0, 2.0], [2.0, 1.0])])
    cost.backward()
    return cost


def test_a_unit_that_is_closed_for_every_example_is_without_colour():
    picture = drawn(of_two([3, 3, 1]))
    units = {id_: line for id_, line in attributes(picture).items() if " closed" in line}
    dead = [id_ for id_, line in units.items() if "closed dead" in line]
    assert (dead, [*units]) == (["u1_1", "u1_2"], ["u1_1", "u1_2", "u2_1"])
    assert all("closed for every example" in units[id_] for id_ in dead)
    assert ["#0072B2" in units[id_] for id_ in units] == [False, False, True]
    assert "without colours where closed for every example" in caption(picture)[1]


def test_a_disc_that_is_closed_for_every_example_is_grey():
    picture = drawn(of_two([12, 1]))
    line = attributes(picture)["u1_1"]
    assert 'fillcolor="#9A9A9A"' in line
    assert "closed for every example" in line
    assert "discs that are grey: closed for every example" in caption(picture)


def test_with_one_example_closed_says_it_all():
    source = drawn(trained([2, 2, 1])).source
    assert "dead" not in source
    assert "every example" not in source


def test_more_than_eight_units_are_discs_open_or_closed():
    picture = drawn(trained([9, 1]))
    discs = [line for id_, line in attributes(picture).items() if id_.startswith("u1_")]
    assert len(discs) == 9
    for line in discs:
        assert "shape=circle" in line
        is_closed = "z(1)" in line and "value -" in line.split("&#10;")[0]
        assert ('class="unit closed"' in line) == ('fillcolor="#FFFFFF"' in line) == is_closed
        assert line.endswith("width=0.2]")
    assert any("closed" in line for line in discs)
    assert caption(picture)[1:] == [
        "in the boxes: values blue, gradients orange",
        "discs: open units filled, closed ones empty; point at one for its numbers",
    ]
    assert texts(picture)["t1"] == ["layer 1: 9"]


@pytest.mark.parametrize(("slope", "is_closed"), [(1.0, False), (0.0, True)])
def test_at_the_kink_a_unit_is_what_its_derivative_says(slope, is_closed):
    with relu_at_zero(slope):
        z = Neuron(1, seed=1)([0.0])
    assert ("closed" in attributes(drawn(z))["u1_0"]) == is_closed
    assert "kink" in attributes(drawn(z))["u1_0"]
    said = "units at the kink, where the derivative is a convention: 1"
    assert caption(drawn(z))[-1] == said


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "linear", lambda z: z.relu() + z])
def test_what_lets_something_back_is_not_closed(activation):
    z = Neuron(2, activation, seed=3)([-1.0, -1.0])
    assert "closed" not in drawn(z).source


def test_a_column_of_many_leaves_out_its_middle_and_says_so():
    model = MLP(64, [32, 10], init="he", seed=1)
    picture = drawn(cross_entropy(model([k / 64 for k in range(64)]), 3))
    assert caption(picture)[-2:] == ["input: 14 of 64 drawn", "layer 1: 14 of 32 drawn"]
    shown = attributes(picture)
    assert sum(id_.startswith("u0_") for id_ in shown) == 14
    assert "r(0)_64" in shown["u0_14"]
    assert shown.keys() >= {"d0", "d1", "u2_9", "u3_0"}
    assert "d2" not in shown
    assert positions(picture)["d0"][1] == 0


def test_seventeen_are_many_and_sixteen_are_not():
    assert "drawn" not in caption(drawn(trained([16, 1])))[-1]
    assert caption(drawn(trained([17, 1])))[-1] == "layer 1: 14 of 17 drawn"


# What is on the lines


def test_contributions_are_what_crossed_the_lines():
    cost = trained([4, 4, 1])
    shown = texts(drawn(cost, edges="contribution"))
    assert shown["wu2_1_u3_0"] == ["−0.724"]
    assert shown["u2_1"][8:10] == ["1.04", "−0.724"]
    assert caption(drawn(cost, edges="contribution"))[0].startswith(
        "on the lines: contributions to the earlier unit's gradient; positive"
    )


def test_before_the_sweep_there_are_no_contributions_and_no_gradients():
    z = MLP(2, [2, 1], seed=1)([1.0, 2.0])
    picture = drawn(z, edges="contribution")
    assert caption(picture)[0].endswith("not there yet: root.backward() computes them")
    assert not [id_ for id_ in attributes(picture) if id_.startswith("w")]
    assert texts(drawn(z))["u2_0"] == ["z", "(2)", "−0.00601", "b", "(1)", "0"]
    assert "contribution not yet" in picture.source


def test_numbers_that_are_none_are_drawn():
    model = MLP(2, [2, 1], seed=1)
    weights = model.parameters()
    weights[0].data, weights[1].data, weights[3].data = math.nan, -math.inf, 0.0
    picture = drawn(model([1.0, 2.0]))
    shown, edges = texts(picture), attributes(picture)
    assert shown["wu0_0_u1_0"] == ["NaN"]
    assert shown["wu0_1_u1_0"] == ["−∞"]
    assert shown["u1_0"][3] == "NaN"
    assert 'color="#6B6B6Bff"' in edges["eu0_0_u1_0"]
    assert 'color="#6B6B6B5a"' in edges["eu0_0_u1_1"]


# What is no layer


def test_a_batch_shows_one_example_and_says_which():
    model = MLP(2, [3, 1], seed=1)
    cost = mean([half_squared_error(model([i, 1.0]), i) for i in (0.0, 1.0, 2.0)])
    cost.label = "C"
    cost.backward()
    for example in range(3):
        picture = drawn(cost, example=example)
        shown = texts(picture)
        assert shown["u0_0"][-1] == str(example)
        assert shown["t3"] == [f"example {example + 1}"]  # printed from 1, asked for from 0
        assert shown["u3_0"][-1] == "0.333"  # of the mean by the loss of one
        assert shown["u4_0"][0] == "C"
        said = f"example {example + 1} of 3; the gradients of weights are those of all together"
        assert caption(picture)[-1] == said
        assert "u1_3" not in shown


@pytest.mark.parametrize("example", [3, -1, True, "0", 1.0])
def test_an_example_that_is_not_there_is_an_error(example):
    model = MLP(2, [2, 1], seed=1)
    cost = mean([model([i, 1.0]) for i in (0.0, 1.0, 2.0)])
    with pytest.raises(ValueError, match=r"has the examples 0 to 2, and not"):
        drawn(cost, example=example)


def test_one_example_is_number_0():
    with pytest.raises(ValueError, match="The graph has one example, which is 0, and not 1"):
        drawn(trained([1]), example=1)


def test_weight_decay_is_one_box():
    model = MLP(2, [2, 1], seed=1)
    cost = half_squared_error(model([1.0, 2.0]), 1.0)
    decay = 0.1 * total([p**2 for p in model.parameters()])
    root = cost + decay
    root.backward()
    shown = texts(drawn(root))
    assert shown["u3_0"][0] == "weight decay"
    assert shown["u3_0"][2] == "1"
    assert "eu3_0_u4_0" in shown
    terms = cost
    for p in model.parameters():
        terms = terms + p**2
    assert texts(drawn(terms))["u3_0"] == ["weight decay", "9 terms"]


def test_a_batch_with_weight_decay_has_both():
    model = MLP(2, [2, 1], seed=1)
    losses = [half_squared_error(model([i, 1.0]), i) for i in (0.0, 1.0)]
    root = mean(losses) + 0.1 * total([p**2 for p in model.parameters()])
    shown = texts(drawn(root, example=1))
    assert shown["u3_1"][0] == "weight decay"
    assert {"eu2_0_u3_0", "eu3_0_u4_0", "eu3_1_u4_0"} <= shown.keys()


def test_a_root_that_is_a_unit_has_no_loss():
    picture = drawn(Neuron(2, seed=1)([1.0, 2.0]))
    assert "loss" not in picture.source
    assert [id_ for id_ in attributes(picture) if id_.startswith("u")] == ["u0_0", "u0_1", "u1_0"]


def test_a_skip_is_a_line_of_its_own():
    first, second = Neuron(1, "tanh", seed=1), Neuron(2, "linear", seed=2, layer=1)
    x = Value(1.0, "x")
    picture = drawn(second([first([x]), x]))
    edges = attributes(picture)
    assert {"eu0_0_u1_0", "eu1_0_u2_0", "eu0_0_u2_0"} <= edges.keys()
    assert "wu0_0_u2_0" not in edges
    at = positions(picture := drawn(second([first([x]), x])))
    assert at["c0u0_0_u2_0"][1] == at["c1u0_0_u2_0"][1] > at["u1_0"][1] + 30  # over what is between
    assert at["c0u0_0_u2_0"][0] < at["u1_0"][0] < at["c1u0_0_u2_0"][0]
    assert at["t1"][1] > at["c0u0_0_u2_0"][1]
    assert attributes(picture)["e1u0_0_u2_0"].startswith("c0u0_0_u2_0 -> c1u0_0_u2_0")


def test_an_input_of_a_later_layer_stands_below_the_lines_that_pass():
    w, v, b = Value(0.5, "w"), Value(-0.3, "v"), Value(0.1, "b")
    h = Value(0.0, "h0")
    for x in (1.0, 2.0, 3.0):  # a recurrent network
        h = weighted_sum([w, v], [x, h], b).tanh()
    h.backward()
    at = positions(drawn(h))
    assert at["u1_0"][1] == at["u3_0"][1] == at["u5_0"][1] == 0
    assert at["u2_0"][1] == at["u4_0"][1] < -50
    assert {"eu1_0_u3_0", "eu2_0_u3_0", "wu1_0_u3_0"} <= attributes(drawn(h)).keys()


def test_weight_decay_stands_below_the_lines_that_pass():
    z = MLP(1, [1], seed=1)(2.0)
    at = positions(drawn(z * z + z.parents[0] ** 2))
    assert at["u1_0"][1] == at["u3_0"][1] == 0
    assert at["u2_0"][1] < -30


def test_an_input_that_is_computed_is_a_box_between_the_layers():
    first, second = Neuron(1, "tanh", seed=1), Neuron(1, "linear", seed=2, layer=1)
    x = Value(1.0, "x")
    both = first([x]) + x
    both.label = "d"
    shown = texts(drawn(second([both])))
    assert shown["u2_0"][0] == "d"
    assert {"eu0_0_u1_0", "eu1_0_u2_0", "eu2_0_u3_0"} <= shown.keys()


def test_an_input_that_is_weighed_twice_has_two_lines_and_no_number():
    x, w, v = Value(1.0, "x"), Value(2.0, "w"), Value(3.0, "v")
    source = drawn(weighted_sum([w, v], [x, x])).source
    assert source.count("->") == 2
    assert "wu0_0" not in source


def test_weights_that_have_changed_are_said_to_be_so():
    model = MLP(2, [2, 1], seed=1)
    cost = half_squared_error(model([1.0, 2.0]), 1.0)
    cost.backward()
    model.parameters()[0].data += 1
    picture = drawn(cost)
    assert "where operands have changed" in caption(picture)[-1]
    units = attributes(picture)
    assert 'class="unit changed"' in units["u1_0"]
    assert 'style="rounded,filled,dashed"' in units["u1_0"]
    assert "dashed" not in units["u1_1"]


def test_a_graph_without_layers_is_an_error():
    with pytest.raises(ValueError, match=r"no layer in this graph.*draw\(root\) shows every node"):
        drawn(Value(1.0).relu())


@pytest.mark.parametrize("collapse", ["layers", 3, False])
def test_weights_as_edges_are_not_collapsed(collapse):
    with pytest.raises(ValueError, match=r"is not collapsed: leave collapse=.* out"):
        drawn(trained([1]), collapse=collapse)


def test_a_word_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="weights is 'nodes' or 'edges', not 'lines'"):
        draw(trained([1]), weights="lines", names=None)


def test_an_example_of_nodes_is_an_error():
    with pytest.raises(ValueError, match="write weights='edges', example=1 for one of them"):
        draw(trained([1]), example=1, names=None)


# Models


def test_a_model_is_drawn_with_its_weights_alone():
    model = MLP(2, [4, 4, 1], seed=211)
    shown, of_graph = texts(draw(model, names=None)), texts(drawn(model([2.0, 1.0])))
    assert shown["u0_0"] == ["r", "(0)", "1"]
    assert shown["u1_1"] == ["r", "(1)", "2", "b", "(0)", "2", "0"]
    assert shown["u3_0"] == ["z", "(3)", "b", "(2)", "0"]
    weights = {id_: text for id_, text in of_graph.items() if id_.startswith("w")}
    assert {id_: text for id_, text in shown.items() if id_.startswith("w")} == weights
    assert caption(draw(model, names=None)) == [
        "on the lines: weights; positive blue, negative dashed orange, large wide"
    ]


@pytest.mark.parametrize(
    "model", [Neuron(3, layer=1), MLP(2, [2, 3]).layers[1], MLP(1, [1], activation="log")]
)
def test_parts_of_a_model_are_drawn(model):
    shown = texts(draw(model, names=None))
    edges = [id_ for id_ in shown if id_.startswith("eu")]
    assert len(edges) == sum(parameter.label[0] == "W" for parameter in model.parameters())


def test_a_large_model_shows_its_shape():
    picture = draw(MLP(64, [32, 10], seed=1), format="png", names=None)
    assert picture.format == "png"
    assert caption(picture)[1:] == ["input: 14 of 64 drawn", "layer 1: 14 of 32 drawn"]


@pytest.mark.parametrize("options", [{"edges": "contribution"}, {"example": 1}, {"collapse": 2}])
def test_a_model_has_no_other_views(options):
    with pytest.raises(ValueError, match="A model is drawn with its weights alone"):
        draw(MLP(1, [1]), **options, names=None)


# Labels


@pytest.mark.parametrize(
    "label",
    ["<script>alert(1)</script>", '"]; x', "\\N\\G", "a & b", "&lt;", "x\ny", "重み", "]]>"],
)
def test_any_label_is_drawn_as_it_is(label):
    x = Value(1.0, label)
    z = Neuron(1, "linear", seed=1)([x])
    shown = texts(drawn(z))
    assert "".join(shown["u0_0"][:-1]) == "".join(label[:24].splitlines())[:23] + "…" * (
        len(label) > 24
    )
    assert "script" not in {child.tag for child in ElementTree.fromstring(drawn(z).pipe("svg"))}


@pytest.mark.parametrize("label", ["é" * 10_000, "\\n" * 5000, "&" * 10_000, "W(" + "1" * 9999])
def test_a_very_long_label_is_drawn(label):
    z = Neuron(2, seed=1)([Value(1.0, label), Value(2.0, label + "2")])
    z.label = label + "3"
    picture = drawn(z)
    assert "…" in "".join(texts(picture)["u0_0"])
    assert max(map(len, picture.source.encode().splitlines())) < 2 * 16_384
