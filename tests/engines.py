"""Engines as other people write them: six shapes that are right, and one for each mistake.

They share their arithmetic and differ in what a node keeps, under which name, and in how gradients
are passed on.
"""

from __future__ import annotations

import math


class Arithmetic:
    """Operators that give `made` a value, operands, local derivatives and a symbol."""

    number = "data"

    @property
    def x(self):
        return getattr(self, self.number)

    def lift(self, other):
        return other if isinstance(other, Arithmetic) else type(self)(other)

    def made(self, value, operands, slopes, symbol):
        raise NotImplementedError

    def __add__(self, other):
        other = self.lift(other)
        return self.made(self.x + other.x, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = self.lift(other)
        return self.made(self.x * other.x, (self, other), (other.x, self.x), "*")

    def __pow__(self, k):
        return self.made(self.x**k, (self,), (k * self.x ** (k - 1),), f"**{k}")

    def relu(self):
        return self.made(max(self.x, 0.0), (self,), (float(self.x > 0),), "ReLU")

    def tanh(self):
        t = math.tanh(self.x)
        return self.made(t, (self,), (1 - t * t,), "tanh")

    def exp(self):
        e = math.exp(self.x)
        return self.made(e, (self,), (e,), "exp")

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return other + (-self)

    def __rtruediv__(self, other):
        return other * self**-1


def ordered(root, below):
    """The nodes in topological order, root first; a recursion, as everyone writes it."""
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for each in below(node):
                visit(each)
            order.append(node)

    visit(root)
    return order[::-1]


class Closures(Arithmetic):
    """As the lecture has it: a set, a symbol, a closure that passes the gradient on."""

    def __init__(self, data, _children=(), _op="", label=""):
        self.data, self.grad, self.label = data, 0.0, label
        self._prev, self._op, self._backward = set(_children), _op, lambda: None

    def made(self, value, operands, slopes, symbol):
        node = type(self)(value, operands, symbol)
        node._backward = lambda: self.pass_on(node, operands, slopes)
        return node

    def pass_on(self, node, operands, slopes):
        for operand, slope in zip(operands, slopes, strict=True):
            operand.grad += node.grad * slope

    def order(self):
        return ordered(self, lambda node: node._prev)

    def backward(self):
        self.grad = 1.0
        for node in self.order():
            node._backward()


class LocalGradients(Arithmetic):
    """A tuple of operands and one of local gradients, and no name for what was done."""

    __slots__ = ("_children", "_local_grads", "data", "grad")

    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad = data, 0
        self._children, self._local_grads = children, local_grads

    def made(self, value, operands, slopes, symbol):
        return type(self)(value, operands, slopes)

    def backward(self):
        self.grad = 1
        for node in ordered(self, lambda node: node._children):
            for child, slope in zip(node._children, node._local_grads, strict=True):
                child.grad += node.grad * slope


class Sets(Closures):
    """A set, and no name for what was done."""

    def __init__(self, data, _children=(), _op="", label=""):
        super().__init__(data, _children, "", label)


class Tuples(Arithmetic):
    """`value` and `inputs`, the operation as a word, the gradient None before the sweep."""

    number = "value"

    def __init__(self, value, inputs=(), op=None, name=None):
        self.value, self.grad, self.name = value, None, name
        self.inputs, self.op, self.slopes = inputs, op, ()

    def made(self, value, operands, slopes, symbol):
        words = {"+": "add", "*": "mul", "ReLU": "relu"}
        node = type(self)(value, operands, words.get(symbol, symbol.replace("**", "pow")))
        node.slopes = slopes
        return node

    def backward(self):
        self.grad = 1.0
        for node in ordered(self, lambda node: node.inputs):
            for operand, slope in zip(node.inputs, node.slopes, strict=True):
                operand.grad = (operand.grad or 0.0) + node.grad * slope


class Nameless(Tuples):
    """A list of children and nothing that says what was done."""

    number = "data"

    def __init__(self, data, inputs=(), op=None, name=None):
        self.data, self.grad, self.children, self.slopes = data, 0.0, [*inputs], ()

    @property
    def inputs(self):
        return self.children


class Node(Arithmetic):
    """A class for each operation, its name the class's."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def lift(self, other):
        return other if isinstance(other, Node) else Node(other)

    def made(self, value, operands, slopes, symbol):
        kinds = {"+": Add, "*": Mul, "ReLU": ReLU, "tanh": Tanh, "exp": Exp}
        return kinds.get(symbol, Pow)(value, operands, slopes)

    def backward(self):
        self.grad = 1.0
        for node in ordered(self, lambda node: node.parents):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope


class Add(Node):
    pass


class Mul(Node):
    pass


class ReLU(Node):
    pass


class Tanh(Node):
    pass


class Exp(Node):
    pass


class Pow(Node):
    pass


# One mistake each


class Overwrites(Closures):
    def pass_on(self, node, operands, slopes):
        for operand, slope in zip(operands, slopes, strict=True):
            operand.grad = node.grad * slope


class BreadthFirst(Closures):
    """Each node once, but in the order in which they are found."""

    def order(self):
        found = [self]
        for node in found:
            found += [each for each in node._prev if each not in found]
        return found


class Forward(Closures):
    """The order is not reversed."""

    def order(self):
        return super().order()[::-1]


class Arrivals(Closures):
    """A recursion without an order: every node passes on once for each path to it."""

    def backward(self, is_root=True):
        if is_root:
            self.grad = 1.0
        self._backward()
        for node in self._prev:
            node.backward(False)


class WithoutSeed(Closures):
    def backward(self):
        for node in self.order():
            node._backward()


class WrongSeed(Closures):
    def backward(self):
        self.grad = self.data
        for node in self.order():
            node._backward()


class Slopes(Closures):
    """What `passed` makes of upstream gradient and local derivative, for the operation `of`."""

    of = "*"

    def passed(self, upstream, slope):
        return upstream * slope

    def pass_on(self, node, operands, slopes):
        for operand, slope in zip(operands, slopes, strict=True):
            is_of = node._op == self.of
            contribution = self.passed(node.grad, slope) if is_of else node.grad * slope
            operand.grad += contribution


class WithoutUpstream(Slopes):
    def passed(self, upstream, slope):
        return slope


class WithoutLocal(Slopes):
    of = "tanh"

    def passed(self, upstream, slope):
        return upstream


class WithoutSign(Slopes):
    of = "exp"

    def passed(self, upstream, slope):
        return -upstream * slope


class WithoutStep(Slopes):
    of = "ReLU"

    def passed(self, upstream, slope):
        return upstream


class WrongSlope(Slopes):
    """The derivative of tanh as 1 − t, its square forgotten."""

    of = "tanh"

    def passed(self, upstream, slope):
        return upstream * (1 - math.sqrt(1 - slope))


class WrongClaim(LocalGradients):
    __slots__ = ()

    def tanh(self):
        t = math.tanh(self.data)
        return type(self)(t, (self,), (1 - t,))


class NotANumber(Slopes):
    of = "tanh"

    def passed(self, upstream, slope):
        return math.nan


class WrongValue(Closures):
    def tanh(self):
        return self.made(math.sinh(self.data), (self,), (math.cosh(self.data),), "tanh")


class OverwritesAndForgets(WithoutLocal):
    """Two mistakes."""

    def pass_on(self, node, operands, slopes):
        if node._op == self.of:
            super().pass_on(node, operands, slopes)
        else:
            Overwrites.pass_on(self, node, operands, slopes)


def tree(kind):
    """A graph in which every node is used once: nothing is overwritten, each order is right."""
    a, b, c = kind(0.7), kind(-1.3), kind(2.9)
    root = ((a * b).exp() + c.tanh() * 0.6).tanh() * 1.7
    return root, (a, b, c)


RIGHT = (Closures, LocalGradients, Sets, Tuples, Nameless, Node)


def graph(kind):
    """A graph with reuse and a diamond; its numbers are all different, and none is 0, 1 or −1."""
    a, b, c = kind(0.7), kind(-1.3), kind(2.9)
    h = a * b + c
    k = h * a
    opened = (k * c).relu()
    root = ((k + h**3) * opened.tanh() + opened) * (h + h)
    return root, (a, b, c)
