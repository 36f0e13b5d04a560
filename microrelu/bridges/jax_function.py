"""To JAX: the recorded graph as a pure function, its layers as matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from microrelu import operations
from microrelu.bridges.pytorch import library
from microrelu.engine import Operation
from microrelu.tape.listing import NUMPY, formulas_of
from microrelu.writing.formula import evaluated

if TYPE_CHECKING:
    from jax import Array
    from jax.typing import ArrayLike

    from microrelu.tape.recording import Group, Recording
    from microrelu.tape.tape import Tape

# smooth operations that JAX has under the same name, and differentiates itself
JAX_NUMPY: tuple[str, ...] = ("add", "subtract", "multiply", "divide", "square")
JAX_NUMPY += ("exp", "log", "sqrt", "sin", "cos")

Loss = Callable[["ArrayLike", "ArrayLike"], "Array"]
Read = Callable[[Any], Any]  # the numbers of nodes → a vector of their values
Values = Callable[[Read, Any], Any]  # a reader, the numbers of the operands → a group's values


def to_jax(tape: Tape) -> Loss:
    """The recorded graph as a pure function `loss(parameters, batch)` of two arrays.

        loss = to_jax(tape)
        p = numpy.array([parameter.data for parameter in model.parameters()])
        gradient = jax.jit(jax.grad(lambda p, batch: loss(p, batch).mean()))(p, batch)

    It can be jitted, vmapped, differentiated and sharded (the batch by its rows). Each group of
    the recording is one vector, each layer one matrix product, so that its jaxpr grows with the
    number of layers, not of scalars. Parameters, shape (number of parameters,), are in the order
    given to `Tape`; the batch has shape (B, number of inputs), the result (B,), or (B, number of
    outputs) if the tape was recorded with a list.

    It computes in the wider type of the two arrays. JAX makes float32 of float64 unless
    `jax.config.update("jax_enable_x64", True)` was said at the start of the program.

    Derivatives at kinks are those that the tape was recorded with (see `relu_at_zero`), not
    JAX's. An operation of your own goes by its formula and derivatives, as `@operation` has them;
    its Python function is not run.

    Raises:
        TypeError: it is no Tape.
        ValueError: an operation of your own has no formula, or one with unknown functions.
        ImportError: JAX is not installed.
    """
    jax, numpy = library("jax", "JAX"), import_module("numpy")
    if not hasattr(tape, "recording"):
        raise TypeError(f"to_jax takes a Tape, not {tape!r}: Tape(loss, inputs, parameters).")
    recording, single, places = tape.recording, tape.is_single, _places(tape.recording)
    functions = _functions(jax, tape)

    def one(parameters: Array, example: Array) -> Array:
        constants = jax.numpy.array(recording.constants, parameters.dtype)
        vectors = [parameters, constants, example]

        def read(nodes: Any) -> Any:
            return _gathered(jax, vectors, *places[:, nodes])

        for group, function in zip(recording.groups, functions, strict=True):
            vectors.append(function(read, numpy.array(group.operands)))
        outputs: Array = read(numpy.array(recording.outputs))
        return outputs[0] if single else outputs

    def loss(parameters: ArrayLike, batch: ArrayLike) -> Array:
        arrays = _arrays(jax, recording, parameters, batch)
        losses: Array = jax.vmap(one, (None, 0))(*arrays)
        return losses

    return loss


def _places(recording: Recording) -> Any:
    """For each node, which vector holds it and where: array of shape (2, number of nodes).

    The vectors are the parameters, the constants, the inputs, and the groups in their order.
    """
    numpy = import_module("numpy")
    shared = recording.parameters + len(recording.constants)
    vectors = [
        range(recording.parameters),
        range(recording.parameters, shared),
        range(recording.shared, recording.shared + recording.inputs),
        *[group.nodes for group in recording.groups],
    ]
    places = numpy.empty((2, recording.nodes), dtype=int)
    for i, nodes in enumerate(vectors):
        places[0, nodes.start : nodes.stop] = i
        places[1, nodes.start : nodes.stop] = range(len(nodes))
    return places


def _arrays(
    jax: Any, recording: Recording, parameters: ArrayLike, batch: ArrayLike
) -> tuple[Array, Array]:
    """What was given, as floating-point arrays of the right shapes and one type."""
    p, x = jax.numpy.asarray(parameters), jax.numpy.asarray(batch)
    if p.shape != (recording.parameters,):
        raise ValueError(
            f"The parameters have shape {p.shape}, and this tape has {recording.parameters} "
            f"of them: they take shape ({recording.parameters},)."
        )
    if x.ndim != 2 or x.shape[1] != recording.inputs:
        raise ValueError(
            f"The batch has shape {x.shape}, and this tape {recording.inputs} inputs: "
            f"it takes shape (examples, {recording.inputs})."
        )
    dtype = jax.numpy.result_type(p, x, float)
    return p.astype(dtype), x.astype(dtype)


def _gathered(jax: Any, vectors: Sequence[Any], homes: Any, columns: Any) -> Any:
    """The vector of what is at these places, with one slice or gather for each vector read."""
    parts = [_picked(jax, vectors[i], columns[homes == i]) for i in sorted(set(homes.tolist()))]
    if len(parts) < 2:
        return parts[0] if parts else vectors[0][:0]
    order = homes.argsort(kind="stable").argsort()  # from one vector after the other to as asked
    return _picked(jax, jax.numpy.concatenate(parts), order)


def _picked(jax: Any, vector: Any, columns: Any) -> Any:
    """The columns of a vector: all of it, a slice where they lie regularly, else a gather."""
    first, last, count = int(columns[0]), int(columns[-1]), len(columns)
    step = int(columns[1]) - first if count > 1 else 1
    if step < 1 or columns.tolist() != list(range(first, last + 1, step)):
        return vector[columns]
    if (first, last, step) == (0, len(vector) - 1, 1):
        return vector
    return jax.lax.slice(vector, (first,), (last + 1,), (step,))


def _functions(jax: Any, tape: Tape) -> list[Values]:
    """What computes each group."""
    elementwise = _elementwise(jax, tape.relu_at_zero)
    several: dict[Operation, Values] = {
        operations.weighted_sum: _layer_values,
        operations.total: lambda read, nodes: jax.numpy.broadcast_to(
            read(nodes[0]).sum(), len(nodes)
        ),
        operations.log_sum_exp: lambda read, nodes: jax.nn.logsumexp(
            read(nodes.ravel()).reshape(nodes.shape), axis=1
        ),
    }

    def values(group: Group) -> Values:
        if group.operation in several:
            return several[group.operation]
        function = elementwise(group.operation, len(group.operands[0]))
        return lambda read, nodes: function(*map(read, nodes.T))

    return [values(group) for group in tape.recording.groups]


def _layer_values(read: Read, nodes: Any) -> Any:
    """One matrix product for weighted sums of the same inputs: rows w₁ … wₙ, x₁ … xₙ, b."""
    n = nodes.shape[1] // 2
    kept = nodes[:, [*range(n), -1]]  # as a neuron's parameters lie, so that this reads one slice
    w = read(kept.ravel()).reshape(kept.shape)
    return read(nodes[0, n:-1]) @ w[:, :-1].T + w[:, -1]


def _elementwise(jax: Any, at_zero: float) -> Callable[[Operation, int], Callable[..., Any]]:
    """What gives JAX's function for an operation of so many operands.

    Smooth ones JAX differentiates itself. The others, and a user's, go by their formulas.
    """
    np, sigmoid = jax.numpy, jax.nn.sigmoid

    def step(a: Any, b: Any = 0.0) -> Any:
        return np.where(a < b, 0.0, np.where(a > b, 1.0, np.where(a == b, at_zero, np.nan)))

    def by_base_and_exponent(a: Any, b: Any) -> Any:
        by_base = b * power(a, np.where(b == 0, 1.0, b - 1))  # JAX's own is NaN at 0⁰
        return by_base, power(a, b) * np.log(np.where(a == 0, 1.0, a))

    power = _derived(jax, np.power, by_base_and_exponent)
    known: dict[Operation, Any] = {
        operations.negate: np.negative,
        operations.power: power,
        # the formulas of these compare a − b with 0, and that is NaN for two equal infinities
        operations.maximum: _derived(jax, np.maximum, lambda a, b: (step(a, b), 1 - step(a, b))),
        operations.minimum: _derived(jax, np.minimum, lambda a, b: (step(b, a), 1 - step(b, a))),
        # far out JAX's own derivatives of these lose their digits: 1 − tanh²(20) is 0
        operations.elu: _derived(
            jax, lambda a: jax.nn.elu(a), lambda a: (np.exp(np.minimum(a, 0.0)),)
        ),
        operations.sigmoid: _derived(jax, sigmoid, lambda a: (sigmoid(a) * sigmoid(-a),)),
        operations.tanh: _derived(
            jax, np.tanh, lambda a: (4.0 * sigmoid(2.0 * a) * sigmoid(-2.0 * a),)
        ),
        operations.softplus: jax.nn.softplus,
    }
    known |= {getattr(operations, name): getattr(np, name) for name in JAX_NUMPY}
    scope = {name: getattr(np, numpy_name) for name, numpy_name in NUMPY.items()}
    scope |= {"ReLU": lambda a: np.maximum(a, 0.0), "Step": step, "sigmoid": jax.nn.sigmoid}
    return lambda operation, n: known.get(operation) or _by_formula(jax, operation, n, scope)


def _by_formula(jax: Any, operation: Operation, n: int, scope: dict[str, Any]) -> Any:
    """The operation as its formula and derivatives say, in the functions of the scope."""
    found = formulas_of(operation, n)

    def computed(formula: str, numbers: Sequence[Any]) -> Any:
        return evaluated(formula, dict(zip(found.operands, numbers, strict=True)), scope)

    return _derived(
        jax,
        lambda *numbers: computed(found.formula, numbers),
        lambda *numbers: [computed(derivative, numbers) for derivative in found.derivatives],
    )


def _derived(jax: Any, value: Callable[..., Any], local: Callable[..., Any]) -> Any:
    """The function with these local derivatives, as far as they are needed.

    The derivative by a constant must not even be multiplied by 0: it may be NaN, as that of
    (−2)ⁿ by n.
    """
    function = jax.custom_jvp(value)

    def rule(operands: Any, tangents: Any) -> Any:
        zero = jax.custom_derivatives.SymbolicZero
        pairs = zip(local(*operands), tangents, strict=True)
        terms = [derivative * t for derivative, t in pairs if not isinstance(t, zero)]
        return function(*operands), sum(terms[1:], terms[0])

    function.defjvp(rule, symbolic_zeros=True)
    return function
