"""Other people's nodes as a graph of ours: `adopt`, the one door for someone's own engine.

A node is whatever has a number and keeps its operands. Which operation made it is read from the
name that it gives, or found from its value and its operands; what cannot be known is said to be
unknown, with the derivatives that the node itself claims, if it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from microrelu.engine import Constant, Operation, Value, topological_order
from microrelu.errors import real_number
from microrelu.operations import at_zero, relu_at_zero
from microrelu.recognition import CLOSE, Known, Recognised, known_names, recognised, unknown

# Under which names engines keep these; the first that a root has is that of its whole graph.
NUMBERS = ("data", "value")
OPERANDS = ("_prev", "_children", "prev", "children", "parents", "inputs", "_parents")
GRADIENTS = ("grad", "gradient")
CLAIMS = ("_local_grads", "local_grads", "local_derivatives")
SYMBOLS = ("_op", "op", "operation")
LABELS = ("label", "name")
Slopes = tuple[float, ...] | None


class Adopted(Value):
    """A node of someone's graph, as one of ours: its number, its operation, its `grad` as theirs.

    Attributes:
        theirs: The node that it stands for.
        claims: The local derivatives that theirs claims, one for each of `parents`; None where it
            claims none.
        fits: The operations among which its value does not decide, though their derivatives
            differ; () where it is known.
        right: What `grad` should be; NaN where that cannot be known.
        differs: Is their gradient another?
    """

    __slots__ = ("claims", "differs", "fits", "right", "theirs")

    theirs: Any
    claims: tuple[float, ...] | None
    fits: tuple[Operation, ...]
    right: float
    differs: bool

    def ours(self, theirs: Any) -> Adopted:
        """The node of this graph that stands for theirs.

        Raises:
            ValueError: none does.
        """
        for node in topological_order(self):
            if isinstance(node, Adopted) and node.theirs is theirs:
                return node
        raise ValueError(f"{_shown(theirs)} is no node of this graph.")

    def made_by(self, found: Recognised) -> None:
        """Set what a node was found to be made by, and of."""
        self.operation, self.parents, self._data, self.local_derivatives, self.fits = found

    @property
    def is_wrong(self) -> bool:
        """Is `grad` theirs, and another than it should be?"""
        return self.differs and self.grad != self.right

    @property
    def is_unknown(self) -> bool:
        """Is what made it no operation that is known?"""
        return self.operation is not None and self.operation.function.__name__ == "unknown"


def adopt(root: Any, *, operands: str = "", number: str = "", gradient: str = "") -> Adopted:
    """The graph of someone else's nodes as one of ours.

    A node has a number (`data` or `value`) and its operands (`_prev`, `_children`, `prev`,
    `children`, `parents`, `inputs`: a tuple, a list or a set). Its operation is the one that it
    names (`_op`, `op`, `operation`), or else the one that gives its value; of operands in a set
    the order is found that does. `label` or `name` is kept, `grad` as theirs.

    Args:
        root: The node whose graph is adopted; nothing in it is changed.
        operands: The name of the attribute with the operands, where it is another.
        number: That of the number.
        gradient: That of the gradient, which is `grad` or `gradient` by default.

    Returns:
        Our node of the root. Each has theirs as `theirs`, and `ours(theirs)` is the way back.

    Raises:
        TypeError: the root is no such node, or a number is none: a tensor, say.
        ValueError: a node is made of itself.

    >>> class Node:
    ...     def __init__(self, value, inputs=()):
    ...         self.value, self.inputs = value, inputs
    >>> w, x = Node(2.0), Node(3.0)
    >>> C = adopt(Node(6.0, (w, x)))
    >>> C.backward()
    >>> C.operation, C.ours(w).grad
    (<operation multiply>, 3.0)
    """
    if isinstance(root, Adopted):
        return root
    reader = _Reader(root, operands, number, gradient)
    made: dict[int, Value] = {}
    for theirs in reader.order(root):
        made[id(theirs)] = reader.node(theirs, made)
    adopted: Adopted = made[id(root)]  # type: ignore[assignment]
    order = topological_order(adopted)
    if not any(node._grad for node in order):
        for node in order:
            node._grad = 0  # the 0.0 of no sweep yet
    elif reader.unclear:
        _decide(order, reader.unclear)
    _compare(adopted, order)
    return adopted


def is_node(root: Any) -> bool:
    """Is it a node of someone's graph, or of PyTorch's, of which `adopt` says more?"""
    has_number = any(hasattr(root, name) for name in NUMBERS)
    kept = any(hasattr(root, name) for name in (*OPERANDS, "grad_fn"))
    return has_number and kept and not isinstance(root, type)


class _Reader:
    """Reads nodes that keep their numbers and operands as the root does."""

    def __init__(self, root: Any, operands: str, number: str, gradient: str) -> None:
        if any(kind.__module__.split(".")[0] == "torch" for kind in type(root).__mro__):
            raise TypeError(
                "adopt needs nodes that keep their operands, and PyTorch's autograd does not keep "
                "those of sums and differences: from_torch(model) takes a network instead."
            )
        self.number = number or _first(root, NUMBERS)
        kept = [name for name in OPERANDS if hasattr(root, name)]
        if isinstance(root, Value):
            kept = ["parents"]
        used = [name for name in kept if _is_some(getattr(root, name))]  # nothing is made of a root
        self.operands = operands or [*used, *kept, ""][0]
        self.gradient = gradient or _first(root, GRADIENTS)
        self.known = known_names()
        self.unclear: dict[Adopted, Callable[[Slopes], Recognised]] = {}
        known = hasattr(root, self.number or "?") and hasattr(root, self.operands or "?")
        if isinstance(root, type) or not known:
            raise TypeError(
                "adopt needs the root of a graph, a node with its number "
                f"({' or '.join(NUMBERS)}) and its operands ({', '.join(OPERANDS)}), not "
                f"{_shown(root)}: write adopt(root, operands='kids', number='val') for attributes "
                "of other names."
            )

    def operands_of(self, theirs: Any) -> list[Any]:
        """The operands as a list; those of a set inner nodes first, and the same each time."""
        kept = getattr(theirs, self.operands, None)
        if kept is None:
            return []
        if hasattr(kept, self.number):  # `(self)` is no tuple
            return [kept]
        if not isinstance(kept, (tuple, list, set, frozenset)):
            raise TypeError(
                f"The operands of {_shown(theirs)} are no tuple, list or set of nodes, but "
                f"{_shown(kept)}: write adopt(root, operands='…') for where they are."
            )
        return sorted(kept, key=self._place) if isinstance(kept, (set, frozenset)) else [*kept]

    def _place(self, each: Any) -> tuple[bool, str, str]:
        is_inner = _is_some(getattr(each, self.operands, None))
        return not is_inner, _label(each), str(getattr(each, self.number, each))

    def order(self, root: Any) -> list[Any]:
        """All nodes below the root, operands first.

        Raises:
            ValueError: a node is made of itself.
        """
        order: list[Any] = []
        state = {id(root): "open"}
        path = [(root, iter(self.operands_of(root)))]
        while path:
            node, below = path[-1]
            for each in below:
                if state.get(id(each)) == "open":
                    raise ValueError(
                        f"{_shown(each)} is made of itself, by way of {len(path)} nodes: a graph "
                        "has no cycles, so perhaps an operation changes a node in place."
                    )
                if id(each) not in state:
                    state[id(each)] = "open"
                    path.append((each, iter(self._below(each))))
                    break
            else:
                order.append(node)
                state[id(node)] = "done"
                path.pop()
        return order

    def _below(self, each: Any) -> list[Any]:
        return self.operands_of(each) if hasattr(each, self.number) else []

    def node(self, theirs: Any, made: dict[int, Value]) -> Value:
        """Theirs as one of ours, of operands that are; a plain number is a constant."""
        if not hasattr(theirs, self.number):
            return Constant(_number(theirs, f"An operand without {self.number} is"))
        value = _number(getattr(theirs, self.number), f"The {self.number} of a node is")
        parents = [made[id(each)] for each in self.operands_of(theirs)]
        node = Adopted(value, _label(theirs))
        node._grad = self._gradient(theirs)
        node.theirs, node.claims, node.fits = theirs, None, ()
        node.right, node.differs = math.nan, False
        if parents:
            ordered = not isinstance(getattr(theirs, self.operands), (set, frozenset))
            claims = _claims(theirs, parents) if ordered or len(parents) == 1 else None
            symbol = _symbol(theirs, self.known)
            found = partial(recognised, self.known, symbol, parents, ordered, value)
            node.made_by(found(claims))
            if node.fits and claims is None:
                self.unclear[node] = found
            if claims is not None:  # a plain number that is left out has none
                node.claims = (*claims, *node.local_derivatives[len(claims) :])
        return node

    def _gradient(self, theirs: Any) -> float:
        kept = getattr(theirs, self.gradient, None) if self.gradient else None
        if kept is None or (type(kept) is int and kept == 0):
            return 0
        return _number(kept, f"The {self.gradient} of a node is")


# What a node says of itself


def _claims(theirs: Any, parents: Sequence[Value]) -> tuple[float, ...] | None:
    kept = getattr(theirs, _first(theirs, CLAIMS) or "?", None)
    if not isinstance(kept, (tuple, list)) or len(kept) != len(parents):
        return None
    return tuple([_number(slope, "A local derivative of a node is") for slope in kept])


def _symbol(theirs: Any, known: Known) -> str:
    """What the operation is called: by an attribute, or the class where that is a name for one."""
    for name in SYMBOLS:
        kept = getattr(theirs, name, None)
        told = kept or ""
        if not isinstance(kept, str):
            told = getattr(kept, "name", None) or getattr(kept, "__name__", "")
        if isinstance(told, str) and told not in ("", "<lambda>"):
            return told
    kind = type(theirs).__name__
    return kind if kind.lower() in known else ""


def _label(theirs: Any) -> str:
    kept = (getattr(theirs, name, None) for name in LABELS)
    return next((label for label in kept if isinstance(label, str) and label), "")


def _number(kept: Any, what: str) -> float:
    """The number as a float; an array of no dimension, as NumPy makes of one number, is one."""
    shape = getattr(kept, "shape", None)
    if shape == () and hasattr(kept, "item"):
        kept = kept.item()
    elif shape is not None and not isinstance(kept, float):
        raise TypeError(
            f"{what} a tensor of shape {tuple(shape)}: adopt reads graphs of single numbers. Build "
            "the graph of one example, with a node for each number."
        )
    return real_number(kept, what)


def _first(theirs: Any, names: Iterable[str]) -> str:
    return next((name for name in names if hasattr(theirs, name)), "")


def _is_some(kept: Any) -> bool:
    try:
        return len(kept) > 0
    except TypeError:
        return kept is not None


def _shown(theirs: Any) -> str:
    try:
        text = repr(theirs)
    except Exception:  # theirs may be anything: a repr that goes through a deep graph
        text = f"a {type(theirs).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


# What their gradients should be


def _decide(
    order: Sequence[Value], unclear: Mapping[Adopted, Callable[[Slopes], Recognised]]
) -> None:
    """Take what their gradients say where several operations fit; what they leave is unknown.

    No derivative is blamed there: what a node must have passed on is what it claims.
    """
    uses: dict[Value, dict[Value, None]] = {node: {} for node in order}
    for node in order:
        for parent in node.parents:
            uses[parent][node] = None
    waiting = {node for node in unclear if node._grad}
    for node in [node for node in reversed(order) if node in waiting]:
        assert isinstance(node, Adopted)
        passed: dict[Value, float] = {}
        for parent in dict.fromkeys(node.parents):
            others = [user for user in uses[parent] if user is not node]
            if waiting.isdisjoint(others):
                passed[parent] = parent._grad - sum(_passed(user, parent) for user in others)
        waiting.discard(node)
        if len(passed) == len({*node.parents}):
            claims = [passed.pop(parent, 0.0) / node._grad for parent in node.parents]
            node.made_by(unclear[node](tuple(claims)))
        else:
            node.made_by(unknown("?", node.parents, node._data, None, node.fits))


def _passed(node: Value, parent: Value) -> float:
    """What a node passes on to one of its operands, which may stand twice."""
    pairs = zip(node.parents, node.local_derivatives, strict=True)
    return node._grad * sum(slope for each, slope in pairs if each is parent)


def _compare(root: Adopted, order: Sequence[Value]) -> None:
    """Say of each node what its gradient should be, and whether it differs.

    At a kink every slope from left to right is right: what a node claims, else one slope for all
    that makes theirs right, if there is one.
    """
    kinks = [(node, op) for node in order if (op := node.operation) and op.kink(*_numbers(node))]
    slopes = [at_zero(), 0.0, 1.0, 0.5, at_zero()] if kinks else [at_zero()]
    for slope in slopes:
        with relu_at_zero(slope):
            for node, operation in kinks:
                claims = getattr(node, "claims", None)
                if claims and max(map(abs, claims)) <= 1:
                    node.local_derivatives = claims
                else:
                    node.local_derivatives = operation.compute(*_numbers(node))[1]
        _sweep(root, order)
        if not any(isinstance(node, Adopted) and node.differs for node in order):
            break


def _numbers(node: Value) -> list[float]:
    return [parent._data for parent in node.parents]


def _sweep(root: Adopted, order: Sequence[Value]) -> None:
    """Find each node's gradient by our sweep, and put theirs back."""
    kept = [node._grad for node in order]
    is_swept = any(type(grad) is not int for grad in kept)
    size = dict.fromkeys(order, 0.0) | {root: 1.0}  # of terms that may cancel
    for node in order:
        node._grad = 0
    for node in root.sweep():
        for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
            size[parent] += size[node] * abs(slope)
    for node, grad in zip(order, kept, strict=True):
        if isinstance(node, Adopted):
            node.right = float(node._grad)
            is_near = abs(node.right - grad) <= CLOSE * size[node] or node.right == grad
            node.differs = is_swept and not is_near and not math.isnan(node.right)
        node._grad = grad
