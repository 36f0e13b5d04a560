"""Pictures: their DOT text, what they say, and what renders them."""

import errno
import shutil
from importlib import metadata
from xml.etree import ElementTree

import graphviz
import pytest
from engines import Closures, Nameless, Overwrites
from graphviz.backend import execute

import microrelu.picture.renderer
from microrelu import (
    MLP,
    Constant,
    Value,
    adopt,
    draw,
    draw_dot,
    log_sum_exp,
    maximum,
    mean,
    operation,
    relu_at_zero,
    topological_order,
    total,
)
from microrelu.engine import OPERATIONS
from microrelu.picture.look import LARGEST
from microrelu.picture.renderer import Picture

SVG = "{http://www.w3.org/2000/svg}"


def chain(layers, w=0.5, x=2.0):
    """The chains of the mathematics note, with their labels, after their sweep."""
    y, r = Value(1.0, "y"), Value(x, "x")
    for k in range(layers):
        z = Value(w, f"W({k})") * r
        z.label = f"z({k + 1})"
        r = z.relu()
        r.label = f"r({k + 1})"
    cost = 0.5 * (y - r) ** 2
    cost.label = "C"
    cost.backward()
    return cost


def lines(picture, part):
    return [line.strip() for line in picture.source.splitlines() if part in line]


def node(root, label, **options):
    """The line of DOT that draws the node of that label."""
    index = [each.label for each in topological_order(root)].index(label)
    (line,) = lines(draw(root, **options), f"\tn{index} [")
    return line


def texts(picture):
    """What stands in each group of the SVG, by its id, line by line."""
    tree = ElementTree.fromstring(picture.pipe("svg"))
    return {
        group.get("id"): [text.text.replace("\xa0", " ") for text in group.iter(f"{SVG}text")]
        for group in tree.iter(f"{SVG}g")
    }


# DOT


def test_the_dot_of_one_constant():
    assert draw(Constant(2.5)).source == (
        "digraph {\n"
        '\tgraph [bgcolor=white fontcolor="#6B6B6B" fontname=Helvetica fontsize=10 '
        "nodesep=0.22 pad=0.2 rankdir=LR]\n"
        '\tnode [color="#4D4D4D" fillcolor="#FFFFFF" fontname=Helvetica fontsize=12 height=0 '
        'margin="0.06,0.03" shape=box style="rounded,filled" width=0]\n'
        '\tedge [arrowsize=0.7 color="#4D4D4D" fontcolor="#B34700" fontname=Helvetica '
        "fontsize=11]\n"
        '\tn0 [label=<<FONT FACE="Helvetica" COLOR="#6B6B6B" POINT-SIZE="11">2.5</FONT>> '
        'class=constant id=n0 shape=plain style=solid tooltip="constant 2.5"]\n'
        "\tranksep=0.4\n"
        "}\n"
    )


def test_the_dot_of_one_leaf():
    caption = '<TR><TD ALIGN="LEFT"><FONT FACE="Helvetica" COLOR="#6B6B6B" POINT-SIZE="9">'
    table = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
    empty = '<TR><TD ALIGN="LEFT" HEIGHT="12"></TD></TR>'
    assert node(Value(-0.5, "x"), "x") == (
        'n0 [label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" '
        f'COLOR="#9A9A9A"><TR><TD ALIGN="LEFT" HEIGHT="28">{table}<TR><TD ALIGN="RIGHT">'
        '<FONT FACE="Times" COLOR="#222222" POINT-SIZE="16"><I>x</I></FONT></TD><TD ALIGN="LEFT">'
        f"{table}{empty}{empty}</TABLE></TD>"
        '<TD COLSPAN="6"></TD></TR></TABLE></TD><TD></TD></TR><HR/>'
        '<TR><TD COLSPAN="2" HEIGHT="3" CELLPADDING="0"></TD></TR>'
        f'{caption}value</FONT></TD><TD ALIGN="LEFT"><FONT FACE="Helvetica" COLOR="#0072B2" '
        'POINT-SIZE="12"><B>−0.5</B></FONT></TD></TR>'
        f'{caption}grad</FONT></TD><TD ALIGN="LEFT"><FONT FACE="Helvetica" COLOR="#6B6B6B" '
        'POINT-SIZE="10">not&#160;yet</FONT></TD></TR></TABLE>> class=root fillcolor="#FDF1E7" '
        'id=n0 penwidth=2 tooltip="x: value -0.5, gradient not yet back-propagated"]'
    )


def test_the_dot_of_one_edge():
    assert lines(draw(Value(-1.0, "a").exp(), names=None), "->") == [
        'n0 -> n1 [label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>'
        '<TD CELLPADDING="2"><FONT FACE="Helvetica" COLOR="#B34700" POINT-SIZE="11">0.3679</FONT>'
        "</TD></TR></TABLE>> id=e1_0 "
        'labeltooltip="∂C/∂a = 0.36787944117144233" tooltip="∂C/∂a = 0.36787944117144233"]'
    ]


def test_the_same_graph_has_the_same_dot():
    assert draw(chain(3)).source == draw(chain(3)).source


def test_micrograds_name_for_it():
    assert draw_dot is draw


@pytest.mark.parametrize("make", [lambda a: a + a, lambda a: a * a])
def test_a_parent_that_is_used_twice_has_two_edges(make):
    edges = lines(draw(make(Value(3.0, "a"))), "n0 -> n1")
    assert [line.rsplit(" id=", 1)[1].split()[0] for line in edges] == ["e1_0", "e1_1"]


# What a picture says


def test_nodes_and_edges_keep_their_ids_and_numbers_in_the_svg():
    w, x = Value(-3.0, "w"), Value(2.0, "x")
    product = w * x
    product.backward()
    shown = texts(draw(product, names=None))
    assert shown["n0"] == ["w", "value", "−3", "grad", "2"]
    assert shown["n1"] == ["x", "value", "2", "grad", "−3"]
    assert shown["n2"] == ["C", "×", "value", "−6", "grad", "1"]
    assert (shown["e2_0"], shown["e2_1"]) == (["2"], ["−3"])


def test_a_gradient_of_zero_is_not_one_that_is_not_there_yet():
    product = Value(0.0, "a") * Value(0.0, "b")
    assert texts(draw(product))["n0"][-1] == "not yet"
    product.backward()
    assert texts(draw(product))["n0"][-1] == "0"


def test_edges_can_carry_contributions():
    a = Value(3.0, "a")
    cost = (2 * a).square()
    assert texts(draw(cost, edges="contribution"))["e3_0"] == ["not yet"]
    cost.backward()
    shown = texts(draw(cost, edges="contribution"))
    assert shown["e3_0"] == ["12"]
    assert shown["e2_1"] == ["24"]
    assert a.grad == 24


def test_numbers_that_are_none_are_readable():
    shown = texts(draw(Value(float("nan"), "a") * Value(float("-inf"), "b")))
    assert shown["n0"][2] == "NaN"
    assert shown["n1"][2] == "−∞"
    assert shown["e2_0"] == ["−∞"]


def test_superscripts_stand_over_subscripts():
    assert texts(draw(Value(0.5, "W(0)_1,2")))["n0"][:3] == ["W", "(0)", "1,2"]
    assert texts(draw(Value(0.5, "x1")))["n0"][:2] == ["x", "1"]


@pytest.mark.parametrize("label", ["x1", "z(1)", "W(0)_1,2", "x′", "C_max", "some text"])
def test_names_stand_on_one_line_with_and_without_indices(label):
    shown = []
    for text in ("x", label):
        tree = ElementTree.fromstring(draw(Value(1.0, text)).pipe("svg"))
        (first, *_, last) = tree.iter(f"{SVG}text")
        height = float(first.get("y")) - float(last.get("y"))
        shown.append((height, float(first.get("x"))))
    assert shown[1] == pytest.approx(shown[0], abs=2.5)


def test_a_constant_is_small_and_has_no_gradient_and_no_derivative():
    product = 2 * Value(3.0, "a")
    product.backward()
    shown = texts(draw(product))
    assert shown["n0"] == ["2"]
    assert shown["e2_0"] == []
    assert lines(draw(product), "n0 -> n2") == ['n0 -> n2 [class=constant color="#9A9A9A" id=e2_0]']


def test_a_constant_with_a_label_shows_it():
    x = Constant(2.0)
    x.label = "r(0)_1"
    assert "".join(texts(draw(x.exp()))["n0"]) == "r(0)1 = 2"


def test_a_closed_relu_blocks_its_edge():
    blocked = draw(Value(-1.0, "z").relu())
    assert texts(blocked)["e1_0"] == ["0", "blocked"]
    (edge,) = lines(blocked, "->")
    assert "class=blocked" in edge
    assert "arrowtail=tee" in edge
    assert "style=dashed" in edge


@pytest.mark.parametrize("z", [1.0, float("nan")])
def test_an_open_relu_does_not_block(z):
    assert "blocked" not in draw(Value(z, "z").relu()).source


def test_a_unit_that_is_closed_for_every_example_is_without_colour():
    model = MLP(1, [2, 1], seed=1)
    model.layers[0].neurons[0].bias.data, model.layers[0].neurons[1].bias.data = -9.0, 0.5
    cost = mean([model(x) for x in (1.0, -1.0)])
    cost.backward()
    source = draw(cost, names=None).source
    lines = [line for line in source.splitlines() if "operation dead" in line]
    assert len(lines) == 4  # z and r of both examples
    assert all('fillcolor="#F0F0F0"' in line and "#0072B2" not in line for line in lines)
    assert all("closed for every example" in line for line in lines)
    assert "grey: units closed for every example" in source
    model.layers[0].neurons[0].bias.data = 0.5
    assert "every example" not in draw(mean([model(x) for x in (1.0, -1.0)])).source


def test_a_product_with_zero_is_no_closed_gate():
    assert "blocked" not in draw(Value(0.0, "a") * Value(1.0, "b")).source


def test_maximum_blocks_the_smaller():
    shown = texts(draw(maximum(Value(1.0, "a"), Value(2.0, "b"))))
    assert (shown["e2_0"], shown["e2_1"]) == (["0", "blocked"], ["1"])


@pytest.mark.parametrize(("slope", "written"), [(1.0, "1"), (0.5, "0.5"), (0.0, "0")])
def test_a_node_at_its_kink_says_which_derivative_it_took(slope, written):
    with relu_at_zero(slope):
        picture = draw(Value(0.0, "z").relu())
    assert texts(picture)["n1"][-2:] == ["kink", f"∂ = {written}"]
    assert ("blocked" in picture.source) == (slope == 0)


def test_no_kink_is_shown_where_there_is_none():
    assert "kink" not in draw(Value(1.0, "z").relu()).source


# A graph that no longer holds


def moved():
    """A graph of which a leaf was changed after its sweep."""
    w, x = Value(2.0, "w"), Value(3.0, "x")
    z = w * x
    z.label = "z(1)"
    root = z.tanh()
    root.label = "loss"
    root.backward()
    w.data = 10.0
    return root


def caption(root, **options):
    return lines(draw(root, **options), "\tlabel=")[0].removeprefix('label="').removesuffix('"')


def test_a_node_whose_operands_have_changed_is_marked():
    root = moved()
    shown = texts(draw(root))
    assert shown["n2"][-2:] == ["operands", "changed"]
    assert "changed" not in shown["n3"]  # of the z that was, and still is
    line = node(root, "z(1)")
    assert 'class="operation changed"' in line
    assert 'style="rounded,filled,dashed"' in line
    assert 'tooltip="z(1) (multiply): value 6.0, of operands that have changed since, ' in line


def test_the_caption_says_once_what_to_write():
    assert caption(moved()) == (
        r"on the edges: local derivatives\nwhere operands have changed, what was computed of them "
        "no longer holds: loss.recompute() computes it again"
    )
    root = moved()
    root.label = "the loss"
    assert "holds: root.recompute()" in caption(root)
    assert "holds: loss.recompute()" in caption(moved(), collapse=1)
    assert "holds: loss.recompute()" in caption(moved(), collapse="layers")
    boxes = texts(draw(moved(), collapse="layers")).values()
    assert ["layer 1", "operations", "1", "operands changed", "1 of 1"] in [b[:5] for b in boxes]


def test_of_a_node_that_no_longer_holds_no_equality_is_stated():
    tips = [line.partition("tooltip=")[2] for line in lines(draw(moved()), "->")]
    assert [tip.split('"')[1] for tip in tips][:2] == ["as recorded: 3.0", "as recorded: 2.0"]
    assert tips[2].startswith('"∂loss/∂z⁽¹⁾ = ')


def test_gradients_from_before_are_said_to_be_so():
    root = moved()
    assert "before" not in caption(root)
    root.recompute()
    said = r"local derivatives\nthe gradients are from before the values were computed anew"
    assert caption(root) == f"on the edges: {said}"
    assert texts(draw(root, edges="contribution"))["e3_0"] == ["not yet"]
    root.backward()
    assert caption(root) == "on the edges: local derivatives"


def test_an_edge_states_its_local_derivative_and_no_gradient():
    z, y = Value(1.0, "z"), Value(2.0, "y")
    z.data = y.data = 0.0
    root = log_sum_exp([z, y]) - z + z * z
    tips = [
        line.partition("tooltip=")[2].split('"')[1] for line in lines(draw(root, names=None), "->")
    ]
    assert tips == [
        *("∂v₁/∂z = 0.5", "∂v₁/∂y = 0.5", "∂v₂/∂v₁ = 1.0", "∂(v₁ − z)/∂z = -1.0"),
        *("z = 0.0", "z = 0.0", "∂C/∂v₂ = 1.0", "∂C/∂v₃ = 1.0"),
    ]


def test_nodes_that_are_labelled_alike_are_told_apart():
    root = Value(1.0, "x1") * Value(2.0, "x_1")
    shown = texts(draw(root))
    assert (shown["n0"][:2], shown["n1"][:3]) == (["x", "1"], ["x", "′", "1"])
    long = "a label, and the same again"
    shown = texts(draw(Value(1.0, long) * Value(2.0, long)))
    assert (shown["n0"][0], shown["n1"][0]) == (
        "a label, and the same a…",
        "a label, and the same …′",
    )


def test_layers_have_frames_and_weights_stand_before_them():
    source = draw(chain(2)).source
    frame = source[source.index("subgraph cluster_1 {") :].split("}")[0]
    assert 'label="layer 1"' in frame
    labels = [each.label for each in topological_order(chain(2))]
    inside = [line.split()[0] for line in frame.splitlines() if line.startswith("\t\tn")]
    assert [labels[int(id_[1:])] for id_ in inside] == ["z(1)", "r(1)"]


def test_a_users_operation_is_drawn_at_once():
    @operation("(·)³", "a**3", ["3 * a**2"])
    def cube(a):
        return a**3, (3 * a**2,)

    try:
        shown = texts(draw(cube(Value(2.0, "a"))))
    finally:
        del OPERATIONS["cube"]
    assert shown["n1"] == ["C", "(·)³", "value", "8", "grad", "not yet"]
    assert shown["e1_0"] == ["12"]


# Labels

AWKWARD = [
    '|{}<>"&\\',
    "<b>bold</b>",
    "<>",
    "&lt; &#65; &",
    "\\N\\G\\E\\L\\n\\l",
    "back\\",
    "-->]]></svg>",
    "  two  spaces  ",
    "漢字テスト",
    "π̂ naïve 😀",
    'x"; n0 -> n0; "',
    "node",
    "%1 ${a} `b`",
    "'",
    "n0:w",
]


@pytest.mark.parametrize("label", AWKWARD)
def test_any_label_is_drawn_as_it_is(label):
    leaf = Value(1.0, label)
    shown = texts(draw(leaf.exp()))
    assert "".join(shown["n0"][: shown["n0"].index("value")]) == label
    assert shown["e1_0"] == ["2.718"]


def test_a_newline_begins_a_line():
    assert texts(draw(Value(1.0, "two\nlines")))["n0"][:2] == ["two", "lines"]


def test_what_xml_cannot_hold_is_drawn_as_its_picture():
    assert texts(draw(Value(1.0, "\0\t\x1b \ud800\uffff")))["n0"][0] == "␀␉␛ \ufffd\ufffd"


def test_a_long_label_is_shortened_and_the_tooltip_has_all_of_it():
    leaf = Value(1.0, "a very long label, " * 20)
    assert texts(draw(leaf))["n0"][0] == "a very long label, a ve…"
    assert f'tooltip="{leaf.label}: value 1.0' in draw(leaf).source


@pytest.mark.parametrize(
    "label", ["é" * 10_000, "\\n" * 5000, "&" * 10_000, "W(" + "1" * 9999 + ")"]
)
def test_a_very_long_label_is_drawn(label):
    product = Value(1.0, label) * Value(2.0, f"{label} 2")
    product.label = f"{label} 3"
    assert "…" in "".join(texts(draw(product))["n0"])
    assert max(map(len, draw(product).source.encode().splitlines())) < 2 * 16_384


# Large graphs


def deep(count):
    x = Value(0.5, "x")
    for _ in range(count):
        x = x.tanh()
    return x


def test_a_large_graph_is_collapsed_and_says_so():
    with pytest.warns(UserWarning, match=r"301 nodes .* collapse=3, or collapse=False"):
        picture = draw(deep(LARGEST))
    shown = texts(picture)
    assert shown["rest"] == ["… 296 more"]
    assert "on the edges: local derivatives; 5 of 301 nodes" in shown["graph0"]
    assert {"n300", "n296", "e300_0"} <= shown.keys()
    assert "n295" not in shown


def test_a_graph_of_just_that_size_is_not():
    assert len(lines(draw(deep(LARGEST - 1)), "->")) == LARGEST - 1


def test_every_node_on_request():
    assert len(lines(draw(deep(400), collapse=False), "->")) == 400


def test_a_depth_on_request():
    shown = texts(draw(chain(3), collapse=1))
    assert [id_ for id_ in shown if id_.startswith("n")] == ["n0", "n14", "n13"]
    assert shown["rest"] == ["… 12 more"]
    assert "rest" not in texts(draw(chain(3), collapse=99))


def test_one_node_more():
    assert texts(draw((-Value(1.0, "a")).exp(), collapse=1))["rest"] == ["… 1 more"]


def test_a_wide_graph_keeps_to_its_size():
    many = total([Value(float(i)) for i in range(5000)])
    with pytest.warns(UserWarning, match="5,001 nodes"):
        shown = texts(draw(many))
    assert shown["rest"] == ["… 4,701 more"]


def test_a_very_deep_graph_is_drawn():
    with pytest.warns(UserWarning, match="100,001 nodes"):
        picture = draw(deep(100_000))
    assert texts(picture)["rest"] == ["… 99,996 more"]


def test_one_box_a_layer():
    shown = texts(draw(chain(2, w=-0.5), collapse="layers"))
    assert shown["g0"] == ["other leaves", "leaves", "2", "mean |grad|", "0.5"]
    layer = ["leaves", "1", "operations", "2", "closed"]
    assert shown["g2"] == ["layer 1", *layer, "1 of 1", "mean |grad|", "0.1667"]
    assert shown["g1"] == ["layer 2", *layer, "0 of 1", "mean |grad|", "0.6667"]
    assert shown["g3"] == ["after layer 2", "operations", "3", "mean |grad|", "0.8333"]
    assert "12 nodes, a box for each layer; on the edges: how many" in shown["graph0"]


def test_unlabelled_nodes_within_a_layer_belong_to_its_box():
    w, b, x = Value(1.0, "W(0)"), Value(1.0, "b(0)"), Value(1.0, "x")
    z = w * x + b
    z.label = "z(1)"
    shown = texts(draw(z.exp(), collapse="layers"))
    boxes = {shown[id_][0]: shown[id_][2] for id_ in ("g0", "g1", "g2")}
    assert boxes == {"layer 1": "2", "other leaves": "1", "after layer 1": "1"}
    assert shown["g0"][3:5] == ["operations", "2"]


def test_a_large_network_is_drawn_by_layers():
    z = total([Value(float(i), f"W(0)_{i},1") for i in range(LARGEST)])
    z.label = "z(1)"
    with pytest.warns(UserWarning, match="one box a layer"):
        assert texts(draw(z))["g0"][0] == "layer 1"


def test_layers_need_labels():
    with pytest.raises(ValueError, match="No label names a layer"):
        draw(deep(3), collapse="layers")


def tangled(count):
    x = Value(0.5, "x")
    s = x * x
    for _ in range(count):
        s = s + x * x
    return s


def test_a_layout_that_takes_too_long_is_done_quickly(monkeypatch):
    tidy = texts(draw(tangled(31)))
    programs, run_check = [], execute.run_check

    def seen(command, **options):
        programs.append(command[1])
        return run_check(command, **options)

    monkeypatch.setattr(execute, "run_check", seen)
    monkeypatch.setattr(microrelu.picture.renderer, "LONGEST_LAYOUT", 1e-9)
    quick = texts(draw(tangled(31)))
    assert programs == ["-Kdot", "-Kneato"]
    assert tidy.pop("graph0")[0] == quick.pop("graph0")[0]  # the caption
    assert quick == tidy
    assert texts(draw(tangled(99), collapse=60))["rest"] == ["… 78 more"]


def test_only_a_picture_that_may_take_long_says_where_its_nodes_stand():
    assert "pos=" not in draw(tangled(25)).source
    assert draw(tangled(31)).source.count(" pos=") == 64


# Rendering


def test_it_is_a_digraph_with_the_whole_api():
    picture = draw(Value(1.0, "x"), format="png")
    assert isinstance(picture, graphviz.Digraph)
    assert picture.format == "png"
    assert isinstance(picture.copy(), Picture)
    assert picture.pipe()[:4] == b"\x89PNG"
    assert picture.pipe("svg", encoding="utf-8").startswith("<?xml")
    assert "xdot" in picture.pipe("xdot").decode()


def test_a_notebook_shows_svg():
    bundle = draw(chain(1))._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"]
    assert "<svg" in bundle["image/svg+xml"]


def test_rendering_to_files(tmp_path):
    picture = draw(Value(1.0, "x"))
    path = picture.render("graph", directory=tmp_path, cleanup=True)
    assert path == str(tmp_path / "graph.svg")
    assert [each.name for each in tmp_path.iterdir()] == ["graph.svg"]
    out = tmp_path / "other.png"
    assert picture.render(outfile=out) == str(out)
    assert out.read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(FileExistsError):
        picture.render(outfile=out, raise_if_result_exists=True)


def without(monkeypatch, *programs):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name in programs else which(name))


def test_the_wheel_is_found_off_the_path(monkeypatch):
    without(monkeypatch, "dot", "graphviz-pure")
    assert draw(Value(1.0, "x")).pipe().startswith(b"<?xml")


def test_an_installed_dot_is_preferred(monkeypatch):
    seen = []

    def run_check(command, **options):
        seen.append(command)
        return execute.subprocess.CompletedProcess(command, 0, b"drawn", b"")

    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(execute, "run_check", run_check)
    assert draw(Value(1.0, "x")).pipe("pdf") == b"drawn"
    assert seen == [["/bin/dot", "-Kdot", "-Tpdf"]]


NOT_FOUND = r"pip install graphviz-pure.*graphviz.org/download.*draw\(root\).source"


def test_with_no_renderer_the_error_says_what_to_install(monkeypatch, tmp_path):
    def files(name):
        raise metadata.PackageNotFoundError(name)

    without(monkeypatch, "dot", "graphviz-pure")
    monkeypatch.setattr(metadata, "files", files)
    picture = draw(Value(1.0, "x"))
    assert picture.source.startswith("digraph")
    for show in (picture.pipe, picture._repr_mimebundle_, lambda: picture.render(tmp_path / "x")):
        with pytest.raises(graphviz.ExecutableNotFound, match=NOT_FOUND):
            show()


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOEXEC, 138])
def test_where_no_program_starts_the_error_is_the_same(monkeypatch, code):
    def run_check(command, **options):
        raise OSError(code, "emscripten does not support processes.")

    monkeypatch.setattr(execute, "run_check", run_check)
    with pytest.raises(graphviz.ExecutableNotFound, match=NOT_FOUND):
        draw(Value(1.0, "x")).pipe()


def test_the_wheel_makes_no_pdf_and_says_so(monkeypatch):
    without(monkeypatch, "dot")
    with pytest.raises(ValueError, match="makes svg and png, not pdf: for pdf install Graphviz"):
        draw(Value(1.0, "x")).pipe("pdf")


def test_rendering_says_nothing(capfd):
    draw(chain(1)).pipe()
    assert capfd.readouterr() == ("", "")


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edges": "gradients"}, "'derivative' or 'contribution', not 'gradients'"),
        ({"collapse": "layer"}, "'layers', False or a number from 1 on, not 'layer'"),
        ({"collapse": 0}, "not 0"),
        ({"collapse": -1}, "not -1"),
        ({"collapse": True}, "not True"),
        ({"format": "gif?"}, "unknown format"),
    ],
)
def test_wrong_options_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0, "x"), **options)


@pytest.mark.parametrize("root", [3.0, [Value(1.0)], None])
def test_what_is_no_value_is_an_error(root):
    with pytest.raises(TypeError, match="draw needs the Value at the root of a graph"):
        draw(root)


def test_someone_elses_graph_is_drawn_and_wrong_gradients_have_the_right_ones_beside_them():
    a, b = Overwrites(-2.0), Overwrites(3.0)
    d, e = a * b, a + b
    f = d * e
    before = draw(f)
    assert "should" not in before.source
    f.backward()
    picture = draw(f)
    assert "wrong gradients: 2" in picture.source
    assert picture.source.count("differs") == 2
    assert "a: value -2.0, gradient" in picture.source
    assert "should be -3.0" in picture.source
    assert draw(adopt(f)).source.count("should be -8.0") == 1


def test_a_right_one_is_drawn_as_ours_is_and_what_several_fit_has_a_question_mark():
    root = Nameless(2.0, name="a") * Nameless(2.0, name="b")
    assert "+&#160;?" in draw(root).source
    root.backward()
    assert "×&#160;?" in draw(root).source
    assert "wrong" not in draw(root).source


def test_what_no_longer_holds_is_computed_again_of_what_was_adopted():
    w = Closures(2.0)
    cost = w * 5.0
    w.data = 3.0
    assert "adopt(cost).recompute()" in draw(cost).source


def test_a_graph_of_pytorch_is_a_sentence():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="PyTorch's autograd does not keep"):
        draw(torch.tensor(2.0, requires_grad=True) * 3)
