"""The gradient check agrees with right gradients, at any scale, and fails on wrong ones."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import asdict

import mpmath
import pytest
import random_checks
from graphs import graphs, variables
from hypothesis import given, settings
from hypothesis import strategies as st

from microrelu import (
    Constant,
    Value,
    check_gradients,
    log_sum_exp,
    maximum,
    operation,
    power,
    relu_at_zero,
    topological_order,
    total,
)
from microrelu.check.gradients import UNMEASURED
from microrelu.check.report import LeafCheck, Report
from microrelu.engine import Operation
from microrelu.writing.report import LONGEST_NOTES, LONGEST_TABLE

SCALES = [1e-300, 1e-30, 1e-8, 1e-3, 1.0, 1e3, 1e8, 1e30, 1e300]


def wrong_square(factor: float) -> Operation:
    @operation("(·)²", "a**2", ["2 * a"])
    def square_with_a_slip(a):
        return a * a, (factor * 2 * a,)

    return square_with_a_slip


def verdicts(report: Report) -> dict[str, str]:
    return {row.leaf: row.verdict for row in report.rows}


# Right gradients agree


def agree(report):
    """Does every row, but where terms of the size of 1 cancel and leave no more than rounding?"""
    left_over = [row for row in report.rows if row.verdict == UNMEASURED]
    return all(row.agrees for row in report.rows if row not in left_over) and all(
        abs(row.gradient) + abs(row.central or 0.0) < 1e-12 for row in left_over
    )


@settings(max_examples=500, deadline=None)
@given(graphs())
def test_every_random_graph_agrees(graph):
    assert agree(check_gradients(graph[0]))


@settings(max_examples=300, deadline=None)
@given(graphs(on_grid=True))
def test_every_random_graph_agrees_where_kinks_are_met_exactly(graph):
    assert agree(check_gradients(graph[0]))


@pytest.mark.parametrize("scale", SCALES)
def test_the_step_fits_the_value(scale):
    x = Value(0.7 * scale, "x")
    report = check_gradients((x / scale).sin())
    assert verdicts(report) == {"x": "agrees"}
    assert math.isclose(report.rows[0].central, math.cos(0.7) / scale, rel_tol=1e-9)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4, 1e8, 1e12])
def test_the_step_fits_the_function_at_0(scale):
    x = Value(0.0, "x")
    report = check_gradients((x * scale + 0.7).sigmoid())
    assert verdicts(report) == {"x": "agrees"}
    assert math.isclose(report.rows[0].central, report.rows[0].gradient, rel_tol=1e-7)


def test_leaves_of_very_different_sizes_agree_side_by_side():
    large, small = Value(1e8, "large"), Value(1e-8, "small")
    report = check_gradients((large * small).tanh() + small.log() + large.sqrt())
    assert verdicts(report) == {"large": "agrees", "small": "agrees"}


@pytest.mark.parametrize("offset", [1e4, 1e8, 1e10, 1e14, -1e16])
def test_rounding_is_not_blamed_on_the_operations(offset):
    x = Value(1.0, "x")
    assert check_gradients(x.sin() * 1e-3 + offset)
    assert check_gradients((x.sin() * 1e-3 + offset) - offset)


def test_what_the_floats_of_a_root_cannot_show_is_measured_all_the_same():
    x = Value(1.0, "x")
    assert verdicts(check_gradients(x * 1e-3 + 1e10)) == {"x": "agrees"}
    assert verdicts(check_gradients((x + 1e17) - 1e17)) == {"x": "agrees"}


EXTREMES = {
    "σ(t − 1.7e9) at 1.7e9": (lambda t: (t - 1.7e9).sigmoid(), 1.7e9, 0.25),
    "sin(1e8 x)": (lambda x: (x * 1e8).sin(), 1.0, 1e8 * math.cos(1e8)),
    "(x + 1e17) − 1e17": (lambda x: (x + 1e17) - 1e17, 1.0, 1.0),
    "x² at 1e-310": (lambda x: x * x, 1e-310, 2e-310),
    "x³ at 1e-110": (lambda x: x**3, 1e-110, 3e-220),
    "exp at −740": (lambda x: x.exp(), -740.0, math.exp(-740)),
    "σ at −740": (lambda x: x.sigmoid(), -740.0, math.exp(-740)),
    "softplus at −745": (lambda x: x.softplus(), -745.0, 5e-324),
    "cos at 1e10": (lambda x: x.cos(), 1e10, -math.sin(1e10)),
    "cos at 1e300": (lambda x: x.cos(), 1e300, -math.sin(1e300)),
    "1e-20 x + 1": (lambda x: x * 1e-20 + 1, 1.0, 1e-20),
    "1e-12 x + 1e3": (lambda x: x * 1e-12 + 1e3, 1.0, 1e-12),
    "tanh at 300": (lambda x: x.tanh(), 300.0, 4 * math.exp(-600)),
    "cos of softplus at 1e30": (lambda x: x.softplus().cos(), 1e30, -math.sin(1e30)),
    "log Σ exp beside 1e17": (lambda x: log_sum_exp([x, 1e17]), 1e17, 0.5),
}


@pytest.mark.parametrize(("function", "at", "slope"), EXTREMES.values(), ids=EXTREMES)
def test_what_overflows_underflows_or_is_lost_in_rounding_is_measured(function, at, slope):
    x = Value(at, "x")
    assert verdicts(check_gradients(function(x))) == {"x": "agrees"}
    assert verdicts(check_gradients(function(x), {x: slope})) == {"x": "agrees"}
    for wrong in (0.0, -slope, 1.02 * slope, 0.98 * slope):
        if wrong != slope:  # 5e-324 has no hundredths
            assert not check_gradients(function(x), {x: wrong})
    if slope > 1e-300:
        assert verdicts(check_gradients(function(x), {x: 1.02 * slope})) == {"x": "WRONG"}
        assert verdicts(check_gradients(function(x), {x: 0.0})) == {"x": "WRONG"}


def test_nothing_is_within_rounding_where_a_sweep_has_no_value():
    """√ of 0 has no slope, though that of √x⁸ is 0 to all floats."""
    x = Value(-4e-314, "x")
    root = (-(x / 3).square()).square().tanh().sqrt()
    assert verdicts(check_gradients(root, {x: 1e-20})) == {"x": UNMEASURED}


def test_what_is_left_of_terms_that_cancel_is_0_within_rounding():
    """b / a · a is b, for any a."""
    a, b = Value(0.334, "a"), Value(0.001, "b")
    report = check_gradients(b / a * a)
    assert report
    assert verdicts(report) == {"a": "within rounding", "b": "agrees"}
    assert 0 < abs(report.rows[-1].gradient) < 1e-18 or 0 < abs(report.rows[0].gradient) < 1e-18
    assert verdicts(check_gradients(b / a * a, {a: 1e-12})) == {"a": "WRONG"}


# What cannot be measured


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (lambda x: (x * 1e8).sin(), 1e17 / 3),  # the product is rounded by more than a period
        (lambda x: (1 - x.cos()).sqrt(), 1e-8),  # 1 − cos x is 0, where √ has no slope
        (lambda x: x * 1e300 * 1e-200 * 1e-200, 1.0),  # a sweep multiplies 1e-200 by 1e-200 first
        (lambda x: (x * x + x - x * 1e17).tanh(), 1e17),  # a sum that rounds to 0
        (lambda x: x.softplus() * 0.117 * 42_000.0, -745.0),  # half of σ(−745) is rounding
    ],
)
def test_what_floats_lose_is_neither_agreement_nor_error(function, at):
    x = Value(at, "x")
    report = check_gradients(function(x))
    assert [(row.verdict, row.agrees) for row in report.rows] == [(UNMEASURED, None)]
    assert not report
    assert "0 of 1 agree, 1 cannot be measured here. Furthest off is x: " in str(report)


def test_what_cannot_be_measured_does_not_hide_what_is_wrong():
    x, y, z = Value(1e17 / 3, "x"), Value(2.0, "y"), Value(3.0, "z")
    root = (x * 1e8).sin() + y * z
    report = check_gradients(root)
    assert verdicts(report) == {"x": UNMEASURED, "y": "agrees", "z": "agrees"}
    assert not report
    assert report.worst is report.rows[0]
    report = check_gradients(root, {x: report.rows[0].gradient, y: 3.0, z: 1.0})
    assert verdicts(report) == {"x": UNMEASURED, "y": "agrees", "z": "WRONG"}
    assert report.worst is report.rows[2]
    assert "\n1 of 3 agree, 1 cannot be measured here. Furthest off is z: 1 as given, 2 by" in (
        str(report)
    )


def test_a_slope_that_rounding_decides_is_told_with_its_bounds():
    """1 + 1e17 is 1e17, so that ReLU is at its kink; without rounding it is open."""
    x = Value(1.0, "x")
    r = ((x + 1e17) - 1e17).relu()
    assert verdicts(check_gradients(r, names=None)) == {"x": "kink"}
    assert str(check_gradients(r, {x: 0.0}, names=None)) == (
        "leaf  given  left  central  right  verdict\n"
        "x     0      0     0.5      1      cannot be measured here\n"
        "C = ReLU(v₂) = ReLU(0) = 0 is at its kink: ∂C/∂v₂ = 1 by convention.\n"
        "For x the floats lose more than they measure: its slope may be anything from "
        "−6.821×10⁻¹³ to 1.\n"
        "0 of 1 agree, 1 cannot be measured here. Furthest off is x: 0 as given, left 0 and "
        "right 1 by differences."
    )
    assert verdicts(check_gradients(r, {x: -0.5}, names=None)) == {"x": "WRONG"}


def test_nan_by_overflow_is_not_called_right_and_nan_of_nothing_is_wrong():
    x = Value(5e-324, "x")
    report = check_gradients(x.log().sigmoid())
    assert not report
    assert verdicts(report) == {"x": UNMEASURED}
    assert report.rows[0].central == pytest.approx(1.0, rel=1e-9)


def test_the_check_needs_no_library():
    script = (
        "import sys\n"
        "for name in ('mpmath', 'sympy', 'numpy'): sys.modules[name] = None\n"
        "from microrelu import Value, check_gradients\n"
        "assert check_gradients((Value(1e10, 'x').cos() + 1).log())\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_random_checks_of_any_size_are_judged_as_they_should_be():
    """`python tests/random_checks.py 120000` does this with many more."""
    for found in random_checks.checks(0, 400, seed=1):
        assert not found.mistake, found


@pytest.mark.parametrize(
    ("agrees", "verdict", "gradient", "fault", "mistake"),
    [
        (True, "agrees", 2.0, "right", ""),
        (True, "agrees", 2.02, "a hundredth off", "missed"),
        (True, "agrees", -2.0, "other sign", "missed"),
        (True, "kink", 0.0, "set to 0", "missed"),
        (False, "WRONG", 2.0, "right", "false WRONG"),
        (False, "WRONG", 2.02, "a hundredth off", ""),
        (None, UNMEASURED, 2.02, "a hundredth off", ""),
    ],
)
def test_random_checks_find_what_is_misjudged(agrees, verdict, gradient, fault, mistake):
    row = LeafCheck("x", gradient, 2.0, 2.0, 2.0, 0.0, agrees, verdict)
    assert random_checks.Found(0, fault, [mpmath.mpf(2)], row).mistake == mistake


def test_gradients_that_cancel_agree():
    x = Value(0.1 + 0.2, "x")
    assert check_gradients((x - 0.3) ** 2)
    assert check_gradients((1e10 * x - 1e10 * x) + 1e-3 * x)


def test_an_oscillation_finer_than_the_value_agrees():
    x = Value(1e8, "x")
    assert check_gradients(x.sin())


def test_a_root_that_is_a_leaf_has_the_gradient_1():
    report = check_gradients(Value(3.0, "r"))
    assert report
    assert (report.rows[0].gradient, report.rows[0].central) == (1.0, 1.0)


def test_constants_are_not_checked_and_without_leaves_there_is_nothing_to_check():
    assert verdicts(check_gradients(Value(3.0, "r") * 2)) == {"r": "agrees"}
    nothing = check_gradients(Constant(2.0) + 1)
    assert nothing
    assert nothing.rows == ()
    assert nothing.worst is None
    assert str(nothing) == "There is no leaf to check."


# Wrong gradients do not


@pytest.mark.parametrize("factor", [-1.0, 1.001, 0.999, 1 + 1e-5, 2.0, 0.0, 1e9])
@pytest.mark.parametrize("at", [3.0, -0.7, 1e8, 1e-8])
def test_a_wrong_local_derivative_is_found_and_named(table, factor, at):
    x, y = Value(at, "x"), Value(2.0, "y")
    report = check_gradients(wrong_square(factor)(x) * y)
    assert not report
    assert [row.agrees for row in report.rows] == [False, True]
    assert len(report.notes) == 1
    assert "the local derivative ∂v₁/∂x = " in report.notes[0]


def test_a_missing_step_is_found(table):
    @operation("ReLU", "ReLU(a)", ["1"])
    def relu_without_step(a):
        return max(a, 0.0), (1.0,)

    for at, verdict in [(-2.0, "WRONG"), (2.0, "agrees")]:
        assert verdicts(check_gradients(relu_without_step(Value(at, "z")))) == {"z": verdict}


def test_a_wrong_convention_at_a_kink_is_found(table):
    @operation("ReLU", "ReLU(a)", kink=lambda a: a == 0)
    def relu_with_slope_2(a):
        return max(a, 0.0), (2.0,)

    assert not check_gradients(relu_with_slope_2(Value(0.0, "z")))


def test_a_wrong_derivative_behind_a_kink_is_found(table):
    x = Value(3.0, "x")
    z = (x - 3.0).relu() * 5
    assert not check_gradients(wrong_square(-1.0)(z + x))


def test_a_wrong_sweep_is_found(monkeypatch):
    """Every local derivative is right, and their product is not."""
    whole = Value.sweep

    def sweep(self):
        for node in whole(self):
            node.grad *= 1.001 if node.label == "z" else 1.0
            yield node

    x = Value(1.5, "x")
    z = x * 2
    z.label = "z"
    root = z.sin()
    assert check_gradients(root)
    monkeypatch.setattr(Value, "sweep", sweep)
    report = check_gradients(root)
    assert verdicts(report) == {"x": "WRONG"}
    assert report.notes == ()


@settings(max_examples=200, deadline=None)
@given(graphs(), st.sampled_from([-1.0, 0.0, 0.999, 1.001, 1000.0]))
def test_no_random_graph_hides_a_wrong_claim(graph, factor):
    root, _ = graph
    for row, leaf in zip(check_gradients(root).rows, variables(root), strict=True):
        if row.verdict == "agrees" and row.gradient != 0:
            assert not check_gradients(root, {leaf: factor * row.gradient})


def test_the_usual_wrong_answer_is_caught():
    """(y − ReLU(w x)) x has lost its sign and its Step."""
    w, x, y = Value(0.5, "w"), Value(2.0, "x"), Value(3.0, "y")
    prediction = (w * x).relu()
    cost = (prediction - y) ** 2 / 2
    report = check_gradients(cost, {w: (y - prediction) * x})
    assert not report
    assert str(report) == (
        "leaf  given  left  central  right  verdict\n"
        "w     4      −4    −4       −4     WRONG\n"
        "0 of 1 agree. Furthest off is w: 4 as given, −4 by differences: the sign is lost."
    )
    assert check_gradients(cost, {w: (prediction - y) * x})

    closed = Value(-0.5, "w")
    prediction = (closed * x).relu()
    cost = (prediction - y) ** 2 / 2
    report = check_gradients(cost, {closed: (prediction - y) * x})
    assert str(report).endswith(
        "Furthest off is w: −6 as given, 0 by differences: a factor 0, such as a Step, is missing."
    )


def test_nan_is_never_a_right_gradient():
    x = Value(2.0, "x")
    assert not check_gradients(x * x, {x: math.nan})
    assert not check_gradients(x * x, {x: math.inf})


# Kinks


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
def test_each_slope_between_left_and_right_is_right_at_a_kink(slope):
    z = Value(0.0, "z")
    with relu_at_zero(slope):
        r = z.relu()
    r.label = "r"
    report = check_gradients(r)
    assert report
    row = report.rows[0]
    assert (row.left, row.central, row.right, row.verdict) == (0.0, 0.5, 1.0, "kink")
    written = {0.0: "0", 0.25: "0.25", 1.0: "1"}[slope]
    assert report.notes == (
        f"r = ReLU(z) = ReLU(0) = 0 is at its kink: ∂r/∂z = {written} by convention.",
    )
    assert not check_gradients(r, {z: 1.001})
    assert not check_gradients(r, {z: -0.001})


def test_a_tie_of_max_names_both_operands():
    a, b = Value(2.0, "a"), Value(2.0, "b")
    m = maximum(a, b)
    m.label = "m"
    report = check_gradients(m)
    assert report
    assert verdicts(report) == {"a": "kink", "b": "kink"}
    assert report.notes == (
        "m = max(a, b) = max(2, 2) = 2 is at its kink: ∂m/∂a = 1, ∂m/∂b = 0 by convention.",
    )


def test_a_kink_that_rounding_puts_beside_0_is_named():
    x = Value(0.1, "x")
    z = x + 0.2 - 0.3
    assert 0 < z.data < 1e-16
    r = z.relu()
    z.label, r.label = "z", "r"
    report = check_gradients(3 * r)
    assert report
    assert verdicts(report) == {"x": "kink"}
    assert report.notes == (
        "r = ReLU(z) = ReLU(5.551×10⁻¹⁷) = 5.551×10⁻¹⁷ is so near a kink that nudges see both of "
        "its slopes.",
    )


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8])
def test_a_kink_at_some_distance_does_not_disturb(distance):
    x = Value(1.0, "x")
    report = check_gradients((x - (1 - distance)).relu())
    assert report
    assert verdicts(report) == {"x": "agrees"}
    assert not check_gradients((x - (1 - distance)).relu(), {x: 0.5})


def test_a_kink_that_does_not_matter_leaves_the_leaf_smooth():
    w, b = Value(0.0, "w"), Value(2.0, "b")
    assert verdicts(check_gradients(w.relu() * 0 + b * w)) == {"w": "agrees", "b": "agrees"}


def test_conventions_that_meet_are_accepted_and_explained():
    """ReLU(x) − ReLU(−x) is x, of slope 1; with ReLU'(0) = 1 the chain rule says 2."""
    x = Value(0.0, "x")
    report = check_gradients(x.relu() - (-x).relu())
    assert report
    assert report.notes[-1] == (
        "Several kinks meet for x: each convention is right by itself, together they give 2, "
        "which is no slope of the whole."
    )
    assert not check_gradients(x.relu() - (-x).relu(), {x: 3.0})


# Edges of domains, and what is not finite


@pytest.mark.parametrize("at", [1e-3, 1e-10, 1e-100])
def test_log_near_0_agrees(at):
    assert check_gradients(Value(at, "x").log())
    assert check_gradients(Value(at, "x").sqrt())


def test_sqrt_at_0_grows_without_bound_on_its_one_side():
    x = Value(0.0, "x")
    report = check_gradients(x.sqrt())
    assert report
    row = report.rows[0]
    assert (row.gradient, row.left, row.central, row.verdict) == (math.inf, None, None, "infinite")
    assert row.right > 1e9
    assert not check_gradients(x.sqrt(), {x: -math.inf})
    assert not check_gradients(x.sqrt(), {x: 1.0})


def test_an_edge_of_the_domain_is_checked_from_inside():
    x = Value(0.0, "x")
    report = check_gradients(power(x, 1.5) + 3 * x)
    assert report
    assert verdicts(report) == {"x": "one-sided"}
    assert not check_gradients(power(x, 1.5) + 3 * x, {x: 3.01})


def test_an_overflow_on_one_side_is_an_edge_as_well():
    assert check_gradients(Value(709.0, "x").exp())


def test_nan_and_infinity_are_said_and_do_not_pass():
    x, y = Value(math.nan, "x"), Value(1.0, "y")
    report = check_gradients(x + y)
    assert not report
    assert verdicts(report) == {"x": "not finite", "y": "not finite"}
    report = check_gradients(Value(math.inf, "x").sigmoid() + y)
    assert verdicts(report) == {"x": "not finite", "y": "agrees"}


def test_a_leaf_without_neighbours_in_the_domain_does_not_pass():
    """(−2)^b is a number for whole b only."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    report = check_gradients(a**b)
    assert not report
    assert verdicts(report) == {"a": "agrees", "b": "no neighbours"}
    assert str(report).endswith("Furthest off is b: NaN by backpropagation, none by differences.")


# What it leaves alone, refuses and prints


@settings(max_examples=100, deadline=None)
@given(graphs(), st.booleans())
def test_nothing_is_changed(graph, swept_before):
    root, _ = graph
    if swept_before:
        root.backward()
    before = [(node.data, node.grad, type(node.grad)) for node in topological_order(root)]
    check_gradients(root)
    assert [(n.data, n.grad, type(n.grad)) for n in topological_order(root)] == before


def test_gradients_are_put_back_when_the_sweep_breaks(monkeypatch):
    def breaks(self):
        self.grad = 5.0
        raise KeyboardInterrupt
        yield

    x = Value(2.0, "x")
    root = x * x
    root.backward()
    monkeypatch.setattr(Value, "sweep", breaks)
    with pytest.raises(KeyboardInterrupt):
        check_gradients(root)
    assert (root.grad, x.grad) == (1.0, 4.0)


@pytest.mark.parametrize(("x_now", "w_now"), [(4.0, 2.0), (0.0, 3.0), (math.nan, 2.0)])
def test_a_graph_that_is_out_of_date_is_refused(x_now, w_now):
    x, w = Value(0.0, "x"), Value(2.0, "w")
    root = w * x
    x.data, w.data = x_now, w_now
    with pytest.raises(ValueError, match="data was assigned after the graph was recorded"):
        check_gradients(root)


def test_a_graph_out_of_date_and_out_of_its_domain_is_refused():
    x = Value(2.0, "x")
    root = x.log()
    x.data = -1.0
    with pytest.raises(ValueError, match=r"Write C\.recompute\(\) to compute it anew\.$"):
        check_gradients(root, names=None)


def test_another_relu_at_zero_does_not_make_a_graph_out_of_date():
    with relu_at_zero(0.0):
        root = Value(0.0, "z").relu()
    report = check_gradients(root)
    assert report
    assert report.rows[0].gradient == 0.0


def test_a_root_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match=r"needs a Value, the root of a graph, not 3\.0\."):
        check_gradients(3.0)


def test_a_claim_for_no_leaf_of_the_graph_is_refused():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    with pytest.raises(ValueError, match="is no leaf of this graph; its leaves are x"):
        check_gradients(x * x, {y: 1.0})


def test_only_claimed_leaves_are_checked():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    assert verdicts(check_gradients(x * y, {y: 2.0})) == {"y": "agrees"}


def test_the_table_is_aligned_and_names_the_worst(table):
    x, bias = Value(3.0, "x"), Value(-0.25, "b(0)_1")
    report = check_gradients(wrong_square(1.001)(x) * bias)
    assert report.worst is report.rows[0]
    assert str(report) == repr(report)
    assert str(report) == (
        "leaf   backpropagation  left  central  right  verdict\n"
        "x      −1.5015          −1.5  −1.5     −1.5   WRONG\n"
        "b⁽⁰⁾₁  9                9     9        9      agrees\n"
        "v₁ = x² = 3² = 9: the local derivative ∂v₁/∂x = 6.006 is wrong; differences say 6.\n"
        "1 of 2 agree. Furthest off is x: −1.5015 by backpropagation, −1.5 by differences."
    )


def test_a_long_table_is_cut_and_keeps_what_is_wrong():
    leaves = [Value(i + 1.0, f"x{i}") for i in range(LONGEST_TABLE + 5)]
    root = sum(leaf.square() for leaf in leaves)
    claims = {leaf: 2 * leaf.data for leaf in leaves} | {leaves[-1]: -1.0}
    lines = str(check_gradients(root, claims)).splitlines()
    assert len(lines) == LONGEST_TABLE + 3
    assert lines[1].startswith("x₄₄ ")
    assert lines[-2] == "… and 5 more."
    assert lines[-1].startswith("44 of 45 agree. Furthest off is x₄₄: −1 as given, 90 by")


def test_many_notes_are_cut():
    leaves = [Value(0.0, f"x{i}") for i in range(LONGEST_NOTES + 3)]
    report = check_gradients(sum(leaf.relu() for leaf in leaves))
    assert report
    assert len(report.notes) == LONGEST_NOTES + 3
    assert str(report).splitlines()[-2] == "… and 3 more notes."


def test_a_report_is_plain_data():
    x = Value(2.0, "x")
    assert json.loads(json.dumps(asdict(check_gradients(x * x)))) == {
        "rows": [
            {
                "leaf": "x",
                "gradient": 4.0,
                "left": 4.0,
                "central": 4.0,
                "right": 4.0,
                "uncertainty": pytest.approx(0, abs=1e-7),
                "agrees": True,
                "verdict": "agrees",
            }
        ],
        "notes": [],
        "source": "backpropagation",
        "language": "en",
    }


def test_a_users_operation_is_checked_like_the_others(table):
    @operation("□³", "a**3", ["3 * a**2"])
    def cube(a):
        return a**3, (3 * a**2,)

    assert check_gradients(cube(Value(1.5, "x")).sin())


def cubes(*, formula: str = "", factor: float = 1.0) -> Operation:
    @operation("□³", formula)
    def cube(a):
        return a**3, (factor * 3 * a**2,)

    return cube


@pytest.mark.parametrize("at", [1.5, -0.7, 1e-8, 1e8, 1e-30])
@pytest.mark.parametrize("formula", ["", "a**3", "a**2 * a", "a**3 + 1"])
def test_an_operation_with_or_without_a_formula_or_with_another_one_is_checked(table, formula, at):
    """One that its function contradicts is left aside."""
    x = Value(at, "x")
    assert verdicts(check_gradients(cubes(formula=formula)(x) * 2)) == {"x": "agrees"}
    for factor in (-1.0, 0.0, 1.01, 2.0):
        report = check_gradients(cubes(formula=formula, factor=factor)(x) * 2)
        assert verdicts(report) == {"x": "WRONG"}
        assert "the local derivative ∂v₁/∂x = " in report.notes[0]


@pytest.mark.parametrize("at", [-3.0, 1e-9, 0.5, 1e9])
def test_a_kink_without_a_formula_is_found(table, at):
    @operation(kink=lambda a: a == 0)
    def hinge(a):
        return max(a, 0.0), (1.0 if a >= 0 else 0.0,)

    assert verdicts(check_gradients(hinge(Value(at, "x")))) == {"x": "agrees"}
    x = Value(0.0, "x")
    report = check_gradients(hinge(x))
    assert (report.rows[0].left, report.rows[0].right) == (0.0, 1.0)
    assert verdicts(report) == {"x": "kink"}
    assert not check_gradients(hinge(x), {x: 1.1})


def test_floats_that_are_too_coarse_measure_nothing(table):
    @operation()
    def lifted(a):
        return a + 1e15, (1.0,)

    @operation()
    def saturated(a):
        value = math.tanh(a)
        return value, (1.0 - value * value,)

    x = Value(1e-3, "x")
    assert verdicts(check_gradients(lifted(x))) == {"x": UNMEASURED}
    assert verdicts(check_gradients(saturated(Value(20.0, "x")))) == {"x": UNMEASURED}


def test_a_derivative_that_cancels_in_floats_is_no_error(table):
    """1 − tanh² is 0 at 20 in floats, and 1.7e-17 by its formula."""

    @operation("tanh", "tanh(a)")
    def plain_tanh(a):
        value = math.tanh(a)
        return value, (1.0 - value * value,)

    for at, verdict in [(0.5, "agrees"), (10.0, "agrees"), (18.0, UNMEASURED), (20.0, UNMEASURED)]:
        assert verdicts(check_gradients(plain_tanh(Value(at, "x")))) == {"x": verdict}


def test_a_formula_too_deep_for_python_is_measured_by_floats(table):
    @operation(formula=lambda *a: "(" * len(a) + " + ".join(a) + ")" * len(a))
    def plus(*a):
        return sum(a), (1.0,) * len(a)

    x, y = Value(0.3, "x"), Value(0.7, "y")
    root = plus(*[x * y * i for i in range(300)])
    assert check_gradients(root)
    assert verdicts(check_gradients(root, {x: 1.01 * root.data / 0.3})) == {"x": "WRONG"}


def test_a_sum_of_any_length_is_measured():
    x, y = Value(0.3, "x"), Value(0.7, "y")
    assert check_gradients(total([x * y * i for i in range(20_000)]))


def test_a_kink_nearer_than_any_nudge_of_floats_is_on_its_side():
    x, y = Value(0.0, "x"), Value(-1e-93, "y")
    root = abs(x + y)
    assert verdicts(check_gradients(root)) == {"x": "agrees", "y": "agrees"}
    assert verdicts(check_gradients(root, {x: 0.0})) == {"x": "WRONG"}
