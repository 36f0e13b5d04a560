"""What the page is told of a graph: its nodes as recorded, its operations' formulas as trees."""

import pytest

from microrelu import Value, log_sum_exp, operation, relu, relu_at_zero, total
from microrelu.player.data import graph_data
from microrelu.writing.names import node_names


def data_of(root):
    return graph_data(node_names(root))


def test_recorded_graph():
    data = data_of(Value(3.0, "w") * 2.0)
    assert data["nodes"] == [
        [-1, 3.0, "w", ["<mi>w</mi>", 5]],
        [-2, 2.0, "", 0],
        [0, 6.0, "C", ["<mi>C</mi>", 5], [0, 1], [2.0, 3.0], 0, [], 0],
    ]
    assert data["rows"] == [
        {
            "name": "multiply",
            "symbol": "×",
            "shown": ["<mtext>×</mtext>", -1],
            "live": True,
            "hasKink": False,
            "formula": ["*", 0, 1],
            "derivatives": [1, 0],
        }
    ]


def test_formula_as_a_tree():
    rows = data_of(Value(3.0, "x").sigmoid())["rows"]
    call = ["call", "sigmoid", "σ", 0]
    assert rows[0]["derivatives"] == [["*", call, ["-", ["number", 1.0], call]]]


def test_which_operands_reach_a_node_through_others_too():
    z, y = Value(1.0, "z"), Value(2.0, "y")
    nodes = data_of(log_sum_exp([z, y]) - z)["nodes"]
    assert [node[-2] for node in nodes if len(node) > 4] == [[], [1]]


def test_numbers_that_json_lacks():
    nodes = data_of(total([float("nan"), float("inf"), -float("inf")]))["nodes"]
    assert [node[1] for node in nodes] == ["nan", "Infinity", "-Infinity", "nan"]


def test_convention_at_zero():
    with relu_at_zero(0.5):
        assert data_of(Value(0.0).relu())["atZero"] == 0.5
    data = data_of(Value(0.0).relu())
    assert data["atZero"] == 1.0
    assert data["nodes"][1][6] == 1  # at its kink


@pytest.mark.usefixtures("table")
def test_only_the_packages_own_operations_are_live():
    @operation("mine", "a + 1", ["1"])
    def own(a):
        return a + 1, (1.0,)

    rows = data_of(own(relu(Value(1.0))))["rows"]
    assert [(row["symbol"], row["live"]) for row in rows] == [("ReLU", True), ("mine", False)]
