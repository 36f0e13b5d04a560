"""Someone else's graph as one of ours: its numbers, operations and names, and the way back."""

import copy
import math
from types import SimpleNamespace

import pytest
from engines import RIGHT, Closures, LocalGradients, Nameless, Node, Tuples, graph

import microrelu
from microrelu import (
    Constant,
    Value,
    adopt,
    backward_steps,
    check_gradients,
    explain,
    relu_at_zero,
    topological_order,
)
from microrelu.foreign import is_node


@pytest.mark.parametrize("kind", RIGHT)
def test_an_engine_of_any_shape_has_the_graph_that_ours_has(kind):
    theirs, leaves = graph(kind)
    theirs.backward()
    ours, variables = graph(Value)
    ours.backward()
    adopted = adopt(theirs)
    assert adopted.data == pytest.approx(ours.data)
    assert [adopted.ours(leaf).data for leaf in leaves] == [v.data for v in variables]
    grads = [adopted.ours(leaf).grad for leaf in leaves]
    assert grads == pytest.approx([v.grad for v in variables])
    assert not any(node.fits or node.is_unknown or node.differs for node in below(adopted))
    names = {node.operation.name for node in below(adopted) if node.operation}
    assert names == {"add", "multiply", "power", "relu", "tanh"}


def below(root):
    return [node for node in topological_order(root) if not isinstance(node, Constant)]


@pytest.mark.parametrize("kind", RIGHT)
def test_what_reads_a_graph_reads_theirs(kind):
    root, (a, b, c) = graph(kind)
    assert check_gradients(adopt(root))
    assert "∂C/∂b" in str(explain(adopt(root), names={"a": a, "b": b, "c": c}))
    assert len(list(backward_steps(adopt(root)))) == len(below(adopt(root)))


def test_a_node_is_called_what_the_variable_of_theirs_is_called():
    w, p = Closures(2.5), [Closures(-1.7), Closures(0.3, label="bias")]
    z = w * p[0] + p[1]
    printed = "\n".join(map(str, backward_steps(adopt(z))))
    assert printed.startswith("z = v₁ + bias")
    assert "v₁ = p₁ w" in printed  # of a set, which has no order of its own
    root = Tuples(3.0, name="x").relu()
    assert [node.label for node in below(adopt(root))] == ["x", ""]


def test_each_node_knows_whose_it_is_and_the_way_back():
    a = Closures(2.5)
    root = a * a
    adopted = adopt(root)
    assert adopted.theirs is root
    assert adopted.parents == (adopted.ours(a),) * 2
    with pytest.raises(ValueError, match="is no node of this graph"):
        adopted.ours(Closures(2.5))
    assert adopt(adopted) is adopted


def test_nothing_of_theirs_is_changed():
    root, leaves = graph(Closures)
    root.backward()
    before = [(leaf.data, leaf.grad) for leaf in leaves]
    adopt(root).backward()
    assert [(leaf.data, leaf.grad) for leaf in leaves] == before


def test_grad_is_as_theirs_and_before_a_sweep_there_is_none():
    root, leaves = graph(Tuples)
    assert {type(node.grad) for node in topological_order(adopt(root))} == {int}  # of None
    assert {type(node.grad) for node in below(adopt(graph(Closures)[0]))} == {int}  # of 0.0
    root.backward()
    leaves[0].grad = 3.25
    node = adopt(root).ours(leaves[0])
    assert (node.grad, node.differs) == (3.25, True)
    assert node.right != 3.25


def test_attributes_of_other_names_are_told():
    w = SimpleNamespace(val=2.0, kids=(), slope=3.0)
    root = SimpleNamespace(val=6.0, kids=[w, 3.0], slope=1.0)
    with pytest.raises(TypeError, match="adopt needs the root of a graph, a node with its number"):
        adopt(root)
    adopted = adopt(root, operands="kids", number="val", gradient="slope")
    assert adopted.operation.name == "multiply"
    assert [type(parent).__name__ for parent in adopted.parents] == ["Adopted", "Constant"]
    assert adopted.ours(w).grad == 3


def test_operands_are_what_the_root_has_where_names_are_many():
    leaf = SimpleNamespace(data=2.0, children=[], parents=[])
    root = SimpleNamespace(data=math.tanh(2.0), children=[], parents=[leaf])
    leaf.children.append(root)
    assert adopt(root).operation.name == "tanh"


def test_an_operand_alone_needs_no_tuple():
    x = SimpleNamespace(data=2.0, _prev=())
    root = SimpleNamespace(data=math.exp(2.0), _prev=x)
    assert adopt(root).operation.name == "exp"


def test_the_operation_may_be_an_object_or_a_function():
    class Multiplication:
        name = "mul"

    parents = (SimpleNamespace(data=2.0, parents=()),) * 2
    for op in (Multiplication(), math.prod, "*"):
        root = SimpleNamespace(data=4.0, parents=parents, op=op)
        assert adopt(root).operation is not None
    assert adopt(SimpleNamespace(data=4.0, parents=parents, op=Multiplication())).fits == ()


def test_nodes_that_compare_by_value_stay_apart():
    class Alike(LocalGradients):
        __slots__ = ()
        __hash__ = None

        def __eq__(self, other):
            return self.data == other.data

    a, b = Alike(2.5), Alike(2.5)
    adopted = adopt(Alike(6.25, (a, b), (2.5, 2.5)))
    assert adopted.ours(a) is not adopted.ours(b)


def test_our_own_values_may_be_adopted_too():
    a, b = Value(0.5, "a"), Value(2.0, "b")
    adopted = adopt(microrelu.weighted_sum([a], [b], 0.5) - a)
    assert [n.operation.name for n in below(adopted) if n.operation] == ["weighted_sum", "subtract"]
    assert adopted.ours(a).label == "a"


def test_what_is_unknown_has_the_derivatives_that_it_claims():
    x = LocalGradients(0.4)
    root = LocalGradients(0.72, (x,), (0.31,)) * 3.0
    adopted = adopt(root)
    swish = adopted.parents[0]
    assert swish.is_unknown
    assert swish.claims == swish.local_derivatives == (0.31,)
    assert adopted.ours(x).right == pytest.approx(0.93)
    nameless = adopt(Nameless(0.72, [Nameless(0.4)]))
    assert math.isnan(nameless.local_derivatives[0])
    assert math.isnan(nameless.parents[0].right)


@pytest.mark.parametrize("name", ["__add__", "__mul__"])
def test_where_several_operations_fit_their_gradients_tell_which_it_was(name):
    a, b = Nameless(2.0), Nameless(2.0)
    four = getattr(a, name)(b)
    root = four * a * 0.3
    assert len(adopt(root).parents[0].parents[0].fits) == 3
    root.backward()
    adopted = adopt(root)
    assert f"__{adopted.ours(four).operation.name[:3]}__" == name
    assert not any(node.differs for node in below(adopted))
    b.grad = 77.0
    assert adopt(root).ours(four).is_unknown  # and blamed for nothing
    assert not any(node.differs for node in below(adopt(root)))


def test_where_gradients_cannot_tell_either_it_is_unknown():
    a, b = Nameless(2.0), Nameless(2.0)
    root = (a + b).tanh() * (a * b)
    root.backward()
    adopted = adopt(root)
    assert adopted.ours(a).differs is False
    assert math.isnan(adopted.ours(a).right)


def test_what_is_claimed_is_kept_beside_what_is_right():
    x = LocalGradients(0.4)
    adopted = adopt(LocalGradients(math.tanh(0.4), (x,), (0.6,)))
    assert adopted.claims == (0.6,)
    assert adopted.local_derivatives == pytest.approx((1 - math.tanh(0.4) ** 2,))


def test_a_value_that_changed_since_does_not_hold():
    w, x = Closures(2.0, label="w"), Closures(3.5, label="x")
    root = w * x
    w.data = 10.0
    with pytest.raises(ValueError, match="was recorded as 7, and is 35 with w = 10"):
        backward_steps(adopt(root))


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_at_a_kink_every_slope_is_right(slope):
    x = Closures(0.0)
    root = x.relu() * 3.0
    root.backward()
    x.grad = 3.0 * slope
    with relu_at_zero(1.0):
        assert not adopt(root).ours(x).differs
    x.grad = 3.0 * 1.5
    assert adopt(root).ours(x).differs


def test_a_kink_has_the_slope_that_it_claims():
    x = LocalGradients(0.0)
    root = LocalGradients(0.0, (x,), (-1.0,)) * 3.0  # |x|, whose slope there is ours to choose
    root.backward()
    assert not adopt(root).ours(x).differs


def test_a_long_chain():
    node = Node(0.5)
    for _ in range(25_000):
        node = node * 0.75 + 0.4
    assert len(topological_order(adopt(node))) == 100_001


def test_a_cycle_is_a_sentence():
    a = Closures(2.0)
    root = a * a
    a._prev.add(root)
    with pytest.raises(ValueError, match="is made of itself, by way of 2 nodes"):
        adopt(root)


@pytest.mark.parametrize("root", [3.0, "text", None, [1.0], object(), Closures])
def test_what_is_no_node_is_a_sentence(root):
    assert not is_node(root)
    with pytest.raises(TypeError, match="adopt needs the root of a graph"):
        adopt(root)


def test_missing_numbers_are_a_sentence():
    with pytest.raises(TypeError, match="The data of a node is one real number, not None"):
        adopt(Closures(2.0, [Closures(None)]))
    with pytest.raises(TypeError, match="An operand without data is one real number, not 'two'"):
        adopt(Closures(2.0, ["two"]))
    with pytest.raises(TypeError, match="are no tuple, list or set of nodes"):
        adopt(SimpleNamespace(data=2.0, _prev=7))


def test_tensors_are_a_sentence_and_an_array_of_one_number_is_one():
    numpy = pytest.importorskip("numpy")
    with pytest.raises(
        TypeError, match=r"a tensor of shape \(2, 3\): adopt reads graphs of single"
    ):
        adopt(Closures(numpy.ones((2, 3))))
    a = Closures(numpy.array(2.5))
    assert type(adopt(a * a).data) is float


def test_pytorch_is_left_out():
    torch = pytest.importorskip("torch")
    root = torch.tensor(2.0, requires_grad=True) * 3
    assert is_node(root)
    with pytest.raises(TypeError, match=r"does not keep those of sums .* from_torch"):
        adopt(root)


def test_an_adopted_graph_is_copied():
    root, _ = graph(LocalGradients)
    assert copy.copy(adopt(root)).theirs is root
