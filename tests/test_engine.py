"""Value and its sweep: the chain rule under reuse, repetition, depth and width; and bad input."""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
import re
import subprocess
import sys
import tracemalloc
import weakref

import pytest
from graphs import exact_gradient, exact_value, graphs, has_kink
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microrelu
from microrelu import Constant, Value, relu_at_zero, topological_order, total, weighted_sum
from microrelu.engine import OPERATIONS, Earlier
from microrelu.steps.holds import at_kink

numbers = st.integers(-2000, 2000).map(lambda n: n / 1000)


def gradient(root: Value, *leaves: Value) -> tuple[float, ...]:
    for leaf in leaves:
        leaf.grad = 0
    root.backward()
    return tuple(leaf.grad for leaf in leaves)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


# Right


@settings(max_examples=2000, deadline=None)
@given(graphs())
def test_values_and_gradients_of_random_graphs_are_exact(graph):
    root, leaves = graph
    assume(not has_kink(root))
    assert close(root.data, exact_value(root))
    root.backward()
    for leaf in leaves:
        if type(leaf.grad) is float:
            assert close(leaf.grad, exact_gradient(root, leaf))


def test_the_random_graphs_leave_out_a_kink_that_rounding_lost():
    a = Value(0.1)
    lost = a * 3 - 0.3
    assert lost.data != exact_value(lost)
    assert exact_gradient(lost.relu(), a) < 3  # the differences reach across
    assert not at_kink(lost.relu())
    for node in (lost.relu(), abs(lost), microrelu.maximum(a * 3, 0.3)):
        assert has_kink(node * 2)
    for near in (1e-6, -1e-6):
        assert not has_kink(microrelu.minimum(a * 3, 0.3 + near))


@settings(max_examples=1000, deadline=None)
@given(graphs(on_grid=True))
def test_pytorch_finds_the_same_gradients(graph):
    torch = pytest.importorskip("torch")
    root, _ = graph
    kinks = {n.operation.name for n in topological_order(root) if at_kink(n)}
    assume(kinks.isdisjoint({"maximum", "minimum"}))  # PyTorch halves the gradient of a tie
    with relu_at_zero(0.0):
        root = again(root)
    theirs = in_torch(torch, root)
    root.backward()
    theirs[root].backward()
    assert close(root.data, theirs[root].item())
    for leaf in topological_order(root):
        if leaf.operation is None and not isinstance(leaf, Constant):
            assert close(leaf.grad, theirs[leaf].grad.item())


def again(root: Value) -> Value:
    """The same graph, made once more."""
    made: dict[Value, Value] = {}
    for node in topological_order(root):
        parents = tuple(made[parent] for parent in node.parents)
        made[node] = node.operation.apply(parents) if parents else type(node)(node.data, node.label)
    return made[root]


def in_torch(torch, root: Value) -> dict[Value, object]:
    def weighted(*a):
        half = len(a) // 2
        return torch.dot(torch.stack(a[:half]), torch.stack(a[half:-1])) + a[-1]

    functions = {
        "divide": operator.truediv,
        "power": torch.pow,
        "maximum": torch.maximum,
        "minimum": torch.minimum,
        "leaky_relu": lambda a, slope: torch.where(a > 0, a, slope * a),
        "elu": torch.nn.functional.elu,
        "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),
        "total": lambda *a: torch.stack(a).sum(),
        "weighted_sum": weighted,
        "log_sum_exp": lambda *a: torch.logsumexp(torch.stack(a), 0),
        "negate": torch.neg,
    }
    theirs: dict[Value, object] = {}
    for node in topological_order(root):
        if node.operation is None:
            is_leaf = not isinstance(node, Constant)
            theirs[node] = torch.tensor(node.data, dtype=torch.float64, requires_grad=is_leaf)
        else:
            name = node.operation.name
            function = functions.get(name) or getattr(torch, name)
            theirs[node] = function(*[theirs[parent] for parent in node.parents])
    return theirs


def test_a_node_may_be_both_operands():
    x = Value(3.0)
    assert gradient(x + x, x) == (2.0,)
    assert gradient(x * x, x) == (6.0,)
    assert gradient(x - x, x) == (0.0,)
    assert gradient(x / x, x) == (0.0,)
    assert gradient(x**x, x) == (pytest.approx(27 * (math.log(3) + 1)),)
    assert gradient(weighted_sum([x, x], [x, 2.0], x), x) == (9.0,)


def test_a_diamond_passes_each_node_once():
    x = Value(2.0)
    y = x * x
    z = y + y * y
    assert gradient(z, x) == (2 * 2 + 4 * 2**3,)


def test_doubling_forty_times_passes_each_node_once():
    """2⁴⁰ paths lead from the root to the leaf, over 41 nodes."""
    x = root = Value(1.0)
    for _ in range(40):
        root = root + root
    assert gradient(root, x) == (2.0**40,)
    assert len(topological_order(root)) == 41


def test_leaves_accumulate_and_inner_nodes_do_not():
    w = Value(2.0)
    h = 3 * w
    square, double = h**2, 2 * h
    square.backward()
    assert (w.grad, h.grad) == (36.0, 12.0)
    double.backward()
    assert (w.grad, h.grad) == (36.0 + 6.0, 2.0)


@given(st.integers(1, 5))
def test_backward_again_adds_the_same_again(times):
    w = Value(1.5)
    h = w * w
    root = h * h
    for _ in range(times):
        root.backward()
    assert (w.grad, h.grad, root.grad) == (times * 4 * 1.5**3, 2 * 1.5**2, 1.0)


def test_backward_from_inside_and_then_from_the_root():
    x = Value(2.0)
    inner = x * x
    root = inner * 3
    inner.backward()
    root.backward()
    assert (x.grad, inner.grad) == (4.0 + 12.0, 3.0)


def test_a_leaf_is_its_own_gradient():
    x = Value(2.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_operators_in_place_make_new_nodes():
    a, b = Value(2.0), Value(3.0)
    d = a
    d += b
    d *= a
    d -= 1
    d /= b
    d **= 2
    assert d.data == ((2 + 3) * 2 - 1) ** 2 / 9
    assert (a.data, a.parents) == (2.0, ())
    inner = (2 + 3) * 2 - 1
    by_a, by_b = 2 * 2 + 3, (2 * 3 - inner) / 3
    assert gradient(d, a, b) == pytest.approx((2 * inner / 9 * by_a, 2 * inner / 9 * by_b))


def test_pythons_sum_max_min_sorted_and_abs():
    values = [Value(x) for x in (3.0, -5.0, 1.0)]
    assert gradient(sum(values), *values) == (1.0, 1.0, 1.0)
    assert max(values) is values[0]
    assert min(values) is values[1]
    assert sorted(values) == [values[1], values[2], values[0]]
    assert gradient(abs(values[1]), values[1]) == (-1.0,)


def test_a_value_may_be_an_exponent():
    v, w = Value(3.0), Value(2.0)
    assert gradient(2**v, v) == (8 * math.log(2),)
    assert gradient(v**w, v, w) == (6.0, 9 * math.log(3))
    assert (2**v).operation is (v**w).operation is OPERATIONS["power"]
    assert (v**2).operation is (v**2.0).operation is OPERATIONS["square"]


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "int8", "uint8"])
def test_numpy_scalars_stand_on_either_side(kind):
    np = pytest.importorskip("numpy")
    two, v = getattr(np, kind)(2), Value(3.0)
    for name in ("add", "sub", "mul", "truediv", "pow"):
        operate = getattr(operator, name)
        left, right = operate(two, v), operate(v, two)
        assert type(left) is type(right) is Value
        assert type(left.data) is type(right.data) is float
        assert (left.data, right.data) == (operate(2.0, 3.0), operate(3.0, 2.0))
    assert (two < v, v < two, two >= v, v >= two) == (True, False, False, True)
    assert two != v
    assert v != two
    assert type(Value(two).data) is float


def test_numpy_functions_are_operations_or_say_what_to_write():
    np = pytest.importorskip("numpy")
    v = Value(0.5)
    assert np.exp(v).operation is OPERATIONS["exp"]
    assert np.maximum(v, 1.0).operation is OPERATIONS["maximum"]
    sentence = (
        "np.arctan does not know a Value: write it with the operations of microrelu, or on v.data "
        "for a plain number without a gradient."
    )
    with pytest.raises(TypeError, match=re.escape(sentence)):
        np.arctan(v)


def test_values_and_arrays_broadcast_to_arrays_of_values():
    np = pytest.importorskip("numpy")
    v, ones = Value(3.0, "v"), np.ones((2, 1))
    for array in (v * ones, ones * v):
        assert (array.shape, array.dtype) == ((2, 1), object)
        assert all(type(each) is Value for each in array.flat)
    root = (np.exp(ones * v) - v + np.maximum(v, ones)).sum()
    assert gradient(root, v) == (2 * math.exp(3.0),)
    assert gradient(np.array([v, v]) @ np.array([1.0, v]), v) == (1.0 + 2 * 3.0,)
    assert (-(np.array([v]) ** 2))[0].data == -9.0
    assert (v * np.array(2.0)).data == 6.0
    assert list(np.array([v, v]) < np.array([3.0, 4.0])) == [False, True]
    assert list(v <= np.array([3.0, 2.0])) == [True, False]


def test_values_in_arrays_are_equal_by_identity():
    np = pytest.importorskip("numpy")
    v, w = Value(3.0), Value(3.0)
    array = np.array([v, w])
    assert list(array == array) == [True, True]
    assert list(array == v) == list(v == array) == [True, False]
    assert list(array != v) == [False, True]
    assert w in array
    assert Value(3.0) not in array
    assert v not in np.array([3.0])


def test_what_a_ufunc_is_told_is_refused_not_ignored():
    np = pytest.importorskip("numpy")
    v, a = Value(3.0), np.ones(2)
    for compute, option in (
        (lambda: np.exp(v, where=False), "where="),
        (lambda: np.multiply(v, 0.1, dtype="f4"), "dtype="),
        (lambda: np.multiply(a, v, out=a), "out="),
        (lambda: operator.imul(a, v), "out="),
        (lambda: np.add.reduce(v, axis=0), "axis="),
    ):
        with pytest.raises(TypeError, match=f"of Values takes no {option}"):
            compute()


def test_no_number_loses_its_gradient_without_a_word():
    np = pytest.importorskip("numpy")
    v, zeros = Value(3.0, "v"), np.zeros(2)
    sentence = "would lose its gradient: write v.data for it, microrelu.exp(v) for"
    for lose in (
        lambda: float(v),
        lambda: int(v),
        lambda: round(v),
        lambda: round(v, 2),
        lambda: math.floor(v),
        lambda: math.exp(v),
        lambda: complex(v),
        lambda: np.array([v, v], float),
        lambda: np.asarray([v]).astype(float),
        lambda: zeros.__setitem__(slice(None), [v, v]),
    ):
        with pytest.raises(TypeError, match=re.escape(sentence)):
            lose()


# Laws


@settings(max_examples=300, deadline=None)
@given(graphs(max_nodes=5), graphs(max_nodes=5), numbers, numbers)
def test_gradients_are_linear(first, second, p, q):
    """∇(p f + q g) = p ∇f + q ∇g, for f and g with a leaf in common."""
    (f, leaves), (g, _) = first, second
    g = g * leaves[0]
    of_f, of_g, of_both = (gradient(root, *leaves) for root in (f, g, p * f + q * g))
    for a, b, both in zip(of_f, of_g, of_both, strict=True):
        assert close(both, p * a + q * b)


@settings(max_examples=300, deadline=None)
@given(graphs(max_nodes=5))
def test_the_product_rule(graph):
    """(f g)' = f' g + f g', for g = sin f · a."""
    f, leaves = graph
    g = f.sin() * leaves[0]
    of_f, of_g, of_both = (gradient(root, *leaves) for root in (f, g, f * g))
    for a, b, both in zip(of_f, of_g, of_both, strict=True):
        assert close(both, a * g.data + f.data * b)


@settings(max_examples=300, deadline=None)
@given(graphs(max_nodes=5))
def test_the_chain_rule(graph):
    """(sin f)' = cos f · f', and the gradient of an inner node is the outer derivative."""
    f, leaves = graph
    inner, outer = gradient(f, *leaves), gradient(root := f.sin(), *leaves)
    assert root.grad == 1.0
    assert f.grad == math.cos(f.data) or not f.parents
    for a, whole in zip(inner, outer, strict=True):
        assert close(whole, math.cos(f.data) * a)


@settings(max_examples=300, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=6), st.data())
def test_a_weighted_sum_is_products_and_a_sum(inputs, data):
    weights = [Value(data.draw(numbers)) for _ in inputs]
    inputs, bias = [Value(x) for x in inputs], Value(data.draw(numbers))
    one = weighted_sum(weights, inputs, bias)
    many = sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)
    leaves = (*weights, *inputs, bias)
    assert close(one.data, many.data)
    assert all(map(close, gradient(one, *leaves), gradient(many, *leaves)))
    assert len(one.parents) == 2 * len(inputs) + 1


# The sweep


def test_the_order_is_that_in_which_operands_were_written():
    a, b, c, d = (Value(1.0, name) for name in "abcd")
    root = (a + b) * (c - d) + a
    labels = [node.label or node._op for node in topological_order(root)]
    assert labels == ["a", "b", "+", "c", "d", "−", "×", "+"]
    swept = [node.label or node._op for node in root.sweep()]
    assert swept == labels[::-1]


def test_a_sweep_stops_at_each_node_with_its_gradient_complete():
    x = Value(3.0, "x")
    y = x * x
    root = y + y
    seen = [(node.grad, x.grad) for node in root.sweep()]
    assert seen == [(1.0, 0), (2.0, 0), (12.0, 12.0)]


def test_parents_come_before_children_and_each_node_once():
    x = Value(1.0)
    y = x + 1
    order = topological_order(y * x + y)
    assert len(order) == len(set(order)) == 5
    for place, node in enumerate(order):
        assert all(parent in order[:place] for parent in node.parents)


def test_a_gradient_that_was_never_swept_is_the_integer_0():
    x, y = Value(2.0), Value(0.0)
    root = x * y
    assert type(x.grad) is type(root.grad) is int
    root.backward()
    assert (type(x.grad), x.grad) == (float, 0.0)


# Deep and wide


class Watched(Value):
    """A Value that can be watched; Value itself has no room for a weak reference."""

    __slots__ = ("__weakref__",)


def test_a_chain_of_a_million_links_lives_and_dies_without_recursion():
    """3,000,000 nodes of (v w + b).relu(), and the gradients of a geometric series."""
    w, b = Value(0.5, "w"), Value(1.0, "b")
    root = Watched(4.0)
    start = weakref.ref(root)
    for _ in range(1_000_000):
        root = (root * w + b).relu()
    assert root.data == pytest.approx(2.0)  # v = v / 2 + 1 goes to 2
    root.backward()
    assert b.grad == pytest.approx(2.0)  # Σ wᵏ
    assert w.grad == pytest.approx(4.0)  # Σ v wᵏ
    assert start() is not None
    del root
    assert start() is None


def test_a_weighted_sum_of_100_000_terms():
    count = 100_000
    weights = [Value(1.0 + i % 7) for i in range(count)]
    inputs = [Value(1.0 - i % 3) for i in range(count)]
    bias = Value(0.5)
    root = weighted_sum(weights, inputs, bias)
    root.backward()
    plain = sum((1.0 + i % 7) * (1.0 - i % 3) for i in range(count))
    assert root.data == plain + 0.5
    assert [w.grad for w in weights] == [x.data for x in inputs]
    assert [x.grad for x in inputs] == [w.data for w in weights]
    assert bias.grad == 1.0
    assert total(weights).data == sum(1.0 + i % 7 for i in range(count))


def test_a_node_takes_at_most_330_bytes():
    w, b = Value(0.5), Value(1.0)
    links = 10_000
    tracemalloc.start()
    try:
        root = Value(4.0)
        for _ in range(links):
            root = (root * w + b).relu()
        root.backward()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert size / (3 * links) <= 330


def test_a_graph_has_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x = Value(0.5)
        root = weighted_sum([x, x], [x, 2.0], 1.0).tanh() ** 2 + (x / 3 - 1).exp()
        root.backward()
        del root, x
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_graph_is_freed_with_its_root():
    leaf = Watched(0.5)
    watch = weakref.ref(leaf)
    gc.disable()
    try:
        root = (leaf * 2).relu() + leaf
        root.backward()
        del leaf
        assert watch() is not None
        del root
        assert watch() is None
    finally:
        gc.enable()


# Bad input


def sentence(shown: str, advice: str) -> str:
    return f"A Value holds one real number, not {shown}: {advice}."


BAD = [
    ("3.0", sentence("'3.0' (str)", "write float(text)")),
    (True, sentence("True (bool)", "write 1.0 or 0.0")),
    (1 + 2j, sentence("(1+2j) (complex)", "write z.real, z.imag or abs(z)")),
    (
        [1.0, 2.0],
        sentence("[1.0, 2.0] (list)", "make one for each number, [Value(x) for x in numbers]"),
    ),
    (
        (1.0,),
        sentence("(1.0,) (tuple)", "make one for each number, [Value(x) for x in numbers]"),
    ),
    ({}, sentence("{} (dict)", "write float(x) if it stands for one number")),
    ("x" * 99, sentence(f"'{'x' * 36}... (str)", "write float(text)")),
]


@pytest.mark.parametrize(("data", "expected"), BAD)
def test_what_is_no_real_number_is_a_type_error_that_says_what_to_write(data, expected):
    with pytest.raises(TypeError, match=f"^{re.escape(expected)}$"):
        Value(data)
    with pytest.raises(TypeError, match=f"^{re.escape(expected)}$"):
        microrelu.tanh(data)


@pytest.mark.parametrize("data", [None, "3", True, 1j, object()])
@pytest.mark.parametrize("operate", [operator.add, operator.mul, operator.pow, operator.lt])
def test_operators_refuse_it_on_either_side(operate, data):
    with pytest.raises(TypeError, match="A Value holds one real number, not "):
        operate(Value(1.0), data)
    with pytest.raises(TypeError, match="A Value holds one real number, not "):
        operate(data, Value(1.0))


def test_none_asks_for_a_return():
    with pytest.raises(
        TypeError, match=r"not None \(NoneType\): perhaps a function forgot its return\."
    ):
        Value(None)


def test_a_value_in_a_value_is_refused():
    expected = sentence(
        "Value(data=1.0, grad=0) (Value)", "use it as it is, or write Value(v.data) for a new leaf"
    )
    with pytest.raises(TypeError, match=re.escape(expected)):
        Value(Value(1.0))


def test_arrays_are_refused_and_their_items_are_not():
    np = pytest.importorskip("numpy")
    advice = "make one for each number, [Value(x) for x in array.flat], or write array.item()"
    for array in (np.array([1.0, 2.0]), np.array(1.0)):
        with pytest.raises(TypeError, match=re.escape(sentence(f"{array!r} (array)", advice))):
            Value(array)
    assert Value(np.array(1.0).item()).data == 1.0


def test_an_integer_beyond_floats_is_a_value_error():
    with pytest.raises(ValueError, match="too large for a float: scale it first"):
        Value(10**400)


def test_integers_fractions_and_other_reals_become_floats():
    from fractions import Fraction

    for number in (3, Fraction(6, 2)):
        assert type(Value(number).data) is float
        assert (Value(1.0) + number).data == 4.0


# As an object


def test_repr_says_data_grad_and_label():
    w = Value(2, "w")
    assert repr(w) == "Value(data=2.0, grad=0, label='w')"
    (w * 3).backward()
    assert repr(w) == "Value(data=2.0, grad=3.0, label='w')"
    assert repr(w * 3) == "Value(data=6.0, grad=0)"
    assert repr(Constant(1)) == "Constant(data=1.0, grad=0)"


def test_a_value_formats_like_its_number():
    v = Value(-1.23456, "v")
    assert f"{v:.3f}" == "-1.235"
    assert f"{v:+10.1e}" == "  -1.2e+00"
    assert f"{v}" == str(v) == repr(v)


def test_comparison_is_by_data_and_equality_by_identity():
    a, b = Value(1.0), Value(1.0)
    assert a <= b
    assert a >= b
    assert not a < b
    assert not a > b
    assert a < 2
    assert a < 2
    assert a > 0.5
    assert a != b
    assert a == a
    assert a != 1.0
    assert len({a, b, a}) == 2


def test_micrograds_names_are_views():
    a, b = Value(2.0), Value(3.0)
    product = a * b
    assert product._prev == {a, b}
    assert product._op == "×"
    assert (a._prev, a._op) == (frozenset(), "")
    with pytest.raises(AttributeError):
        product._op = "+"
    with pytest.raises(AttributeError):
        product._prev = ()


def test_numbers_in_expressions_are_constants_and_values_are_not():
    x = Value(2.0)
    node = 3 * x
    assert [type(parent) for parent in node.parents] == [Constant, Value]
    assert node.parents[1] is x
    assert [type(parent) for parent in (x + Value(1.0)).parents] == [Value, Value]


def test_parents_and_local_derivatives_are_kept_as_written():
    a, b = Value(2.0), Value(4.0)
    node = b / a
    assert node.parents == (b, a)
    assert node.local_derivatives == (0.5, -1.0)
    assert node.operation is OPERATIONS["divide"]
    assert (a.parents, a.local_derivatives, a.operation) == ((), (), None)


def test_there_is_no_room_for_misspelt_attributes():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0


def test_a_graph_can_be_copied():
    x = Value(2.0, "x")
    twin = copy.deepcopy((x * 3).relu())
    twin.backward()
    assert (twin.data, topological_order(twin)[0].grad, x.grad) == (6.0, 3.0, 0)


def shape(*roots: Value) -> list[tuple]:
    """All that a reader of graphs can see of some roots, nodes by their numbers."""
    order = list(dict.fromkeys(node for root in roots for node in topological_order(root)))
    place = {node: i for i, node in enumerate(order)}
    seen = [
        (type(node), node.data, node.grad, node.label, node.operation, node.local_derivatives)
        for node in order
    ]
    return [*seen, *[tuple(place[parent] for parent in node.parents) for node in order]]


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))],
    ids=["copy", "pickle"],
)
@given(graph=graphs())
@settings(max_examples=30)
def test_a_copy_is_the_same_graph_with_the_same_sharing(again, graph):
    root, leaves = graph
    loss = (root * root + leaves[0]).tanh()
    loss.backward()
    for roots in ((root, loss), (loss, root), (leaves[0], loss)):
        twins = again(roots)
        assert shape(*twins) == shape(*roots)
        assert set(topological_order(twins[1])).isdisjoint(topological_order(loss))


@pytest.mark.parametrize("length", [998, 999, 1000, 1001, 1002, 100_000])
def test_a_long_chain_is_pickled_without_recursion(length):
    node = Value(1.0, "x")
    for _ in range(length):
        node = node + 1.0
    for twin in (pickle.loads(pickle.dumps(node)), copy.deepcopy(node)):
        assert (twin.data, len(topological_order(twin))) == (node.data, 2 * length + 1)


def test_a_shallow_copy_is_a_node_of_its_own_with_the_same_parents():
    class Named(Value):
        pass

    x = Named(2.0, "x")
    x.remark = "kept"
    assert (copy.copy(x).remark, copy.copy(x) is x, copy.copy(x).data) == ("kept", False, 2.0)
    y = x * x
    assert copy.copy(y).parents == (x, x)


# Recorded once, assigned to later


def product():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    return w, x, w * x


def test_data_and_grad_hold_floats_whatever_real_number_is_assigned():
    np = pytest.importorskip("numpy")
    w = Value(1.0, "w")
    for number in (np.float32(0.1), np.float64(0.0), 3, np.int8(2), True + 1):
        w.data = w.grad = number
        assert (type(w.data), type(w.grad)) == (float, float)
        assert w.data == w.grad == number
    w.grad = 0
    assert type(w.grad) is int


def test_a_value_assigned_to_data_is_refused():
    w = Value(1.0, "w")
    with pytest.raises(TypeError, match=r"one real number, not .* \(Value\): use it as it is, or"):
        w.data = w - 0.1 * 2
    with pytest.raises(TypeError, match=re.escape("to clear it, write v.grad = 0.")):
        w.grad = None
    with pytest.raises(TypeError, match="A gradient is one real number, not '1'"):
        w.grad = "1"
    assert (w.data, w.grad) == (1.0, 0)


def test_a_label_is_a_string():
    sentence = "A label is a string, not 2.0: write Value(3.0, 'w')."
    with pytest.raises(TypeError, match=re.escape(sentence)):
        Value(3.0, 2.0)


def test_backward_differentiates_what_was_recorded():
    w, x, cost = product()
    w.data = 10.0
    cost.backward()
    assert (cost.data, x.grad) == (6.0, 2.0)


def test_recompute_makes_a_graph_true_again_in_place():
    w, x, cost = product()
    w.data = 10.0
    assert cost.recompute() is None
    cost.backward()
    assert (cost.data, cost.local_derivatives, w.grad, x.grad) == (30.0, (3.0, 10.0), 3.0, 10.0)


@settings(max_examples=200)
@given(graphs(everywhere=True), st.lists(numbers, min_size=4, max_size=4))
def test_a_graph_computed_anew_is_the_graph_made_anew(graph, data):
    root, leaves = graph
    for leaf, number in zip(leaves, data[: len(leaves)], strict=True):
        leaf.data = number
    twin = again(root)
    root.recompute()
    assert shape(root) == shape(twin)


def test_recompute_leaves_gradients_and_says_that_they_are_earlier():
    w, x, cost = product()
    cost.backward()
    w.data = 10.0
    cost.recompute()
    assert (x.grad, cost.grad) == (2.0, 1.0)
    assert all(type(node.grad) is Earlier for node in (w, x, cost))
    cost.backward()
    assert type(x.grad) is type(cost.grad) is float
    assert x.grad == 2.0 + 10.0


def test_recompute_takes_the_slope_at_zero_in_force():
    z = Value(0.0)
    r = z.relu()
    with relu_at_zero(0.25):
        r.recompute()
    assert r.local_derivatives == (0.25,)


def test_where_an_operation_has_no_value_any_more_the_graph_is_as_it_was():
    x = Value(2.0, "x")
    y = x.log()
    y.label = "y"
    before = shape(root := y * 3)
    x.data = -1.0
    with pytest.raises(ValueError, match=re.escape("y = log(x = -1.0) has no value")):
        root.recompute()
    x.data = 2.0
    assert shape(root) == before


def test_a_chain_of_a_million_links_is_computed_anew():
    x = node = Value(1.0)
    for _ in range(1_000_000):
        node = -node
    x.data = 2.0
    node.recompute()
    assert node.data == 2.0


def test_zero_grad_of_a_root_sets_its_leaves_back():
    w, other = Value(2.0), Value(1.0)
    h = 3 * w
    root = h**2
    root.backward()
    other.backward()
    root.zero_grad()
    assert (w.grad, type(w.grad)) == (0, int)
    assert (h.grad, other.grad) == (12.0, 1.0)  # the next sweep begins with those inside
    root.backward()
    assert (w.grad, h.grad) == (36.0, 12.0)
    w.zero_grad()
    assert w.grad == 0


# Importing


def test_all_names_come_without_numpy():
    code = "from microrelu import *; import sys; print('numpy' in sys.modules, MLP, play)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False <class")
    assert "Tape" in dir(microrelu)
    assert "Tape" not in microrelu.__all__


def test_import_brings_nothing_heavy_with_it():
    heavy = ["numpy", "graphviz", "matplotlib", "numba", "sympy", "torch", "jax", "html.parser"]
    code = f"import microrelu, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
