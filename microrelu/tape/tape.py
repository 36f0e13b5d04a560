"""Tape: a graph recorded on one example, replayed forward and backward over any number of them.

What was drawn as scalars trains at the speed of matrices. `recording.py` finds what can be computed
together, `fusion.py` what can be computed in one go; `kernels.py` does, with the functions of
`operations.py`. Read those next.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple

try:
    import numba  # noqa: F401
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
except ImportError as error:
    raise ImportError(
        'The tape needs NumPy and Numba, which compiles it: pip install "microrelu[fast]".'
    ) from error

from microrelu import operations
from microrelu.engine import Value, topological_order
from microrelu.optim import Optimizer
from microrelu.tape import compiled
from microrelu.tape.fusion import fused
from microrelu.tape.listing import listing
from microrelu.tape.program import Program
from microrelu.tape.recording import Recording

Floats = NDArray[np.float64]
FLOAT = np.dtype(np.float64)

SECOND_LEVEL, THIRD_LEVEL = 1 << 19, 1 << 23  # bytes of cache that a block's values may fill
MOST_IN_BLOCK = 256  # examples
AT_ONCE = 32  # which a compiled loop takes
SMALL = 4  # nodes of a group
CHUNKS = 16  # into which a large batch is divided, whatever the number of threads
CHUNK_WORK = 1 << 21  # nodes × examples from which on it is
FEW = 4  # fewer examples are replayed one by one


class Plan(NamedTuple):
    """How a replay is run: what depends on the program and on the number of examples."""

    program: Program
    run: Callable[..., None]
    memory: Floats
    gradient: Floats  # where it is in memory
    results: Floats  # where they go
    chunk: int  # examples for one call
    width: int  # examples at a time
    by_inputs: bool


class Tape:
    """A recorded graph, to be replayed over batches.

    ReLU and all other operations take their branch anew for each example, with the derivative at
    the kink that `relu_at_zero` said when the tape was made. What Python decided while the graph
    was built (`if v > 0:`, the length of a loop) is frozen as it was recorded. Leaves that are
    neither inputs nor parameters are constants. Where the engine raises (the logarithm of -1) a
    replay gives NaN or infinity, for that example alone. A tape works for one caller at a time.
    It keeps its graph: a copy of it, and one that is loaded from a pickle, is recorded again.

    Args:
        outputs: The root of the graph, the loss, or a list of roots, of which the first is the
            one that is differentiated unless another is asked for.
        inputs: The leaves that differ between examples, in the order of the batch's columns.
        parameters: The leaves to train; their `data` is read anew for each replay.
        threads: How many threads large batches may use; as many as there are cores when None.
            The results do not depend on it.

    Raises:
        TypeError: outputs, inputs or parameters are not Values.
        ValueError: an input or parameter is no leaf of this graph, or is listed twice.

    >>> w, x = Value(3.0, "w"), Value(0.0, "x")
    >>> tape = Tape((w * x).relu(), inputs=[x], parameters=[w])
    >>> tape.forward([[1.0], [-1.0], [2.0]]).tolist()
    [3.0, 0.0, 6.0]
    >>> tape.backward()
    >>> w.grad  # of the mean of the three
    1.0
    """

    def __init__(
        self,
        outputs: Value | Sequence[Value],
        inputs: Sequence[Value] = (),
        parameters: Sequence[Value] = (),
        threads: int | None = None,
    ) -> None:
        roots = [outputs] if isinstance(outputs, Value) else _values("outputs", outputs)
        self.is_single = isinstance(outputs, Value)
        self.inputs, self.parameters = _values("inputs", inputs), _values("parameters", parameters)
        if not roots:
            raise ValueError("A tape needs at least one output: Tape(loss, inputs, parameters).")
        if threads is not None and threads < 1:
            raise ValueError(f"threads is 1 or more, not {threads}.")
        _check_leaves(roots, self.inputs, self.parameters)
        self.outputs = outputs if isinstance(outputs, Value) else roots
        self.recording = Recording(roots, self.inputs, self.parameters)
        self.relu_at_zero = operations.at_zero()
        self.threads = threads or _cores()
        self._count = len(self.recording.outputs)
        self._example, self._vector = (len(self.inputs),), (len(self.parameters),)
        self._programs: dict[tuple[str, int, bool], Program] = {}
        self._plans: dict[tuple[str, int, int], Plan] = {}
        self._recent: tuple[Floats, Floats] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        given = self.outputs, self.inputs, self.parameters, self.threads
        return _recorded, (type(self), self.relu_at_zero, *given)

    # Replaying

    def forward(self, batch: ArrayLike, parameters: ArrayLike | None = None) -> Floats:
        """The output of every example, shape (B,); (B, number of outputs) if recorded as a list.

        Args:
            batch: Shape (B, number of inputs); one row for each example. NaN propagates.
            parameters: Shape (number of parameters,), instead of what the Values hold.
        """
        examples, weights = self._given(batch, parameters)
        self._recent = (examples.copy(), weights.copy())
        results = self._replay(examples, weights, 0.0)[0].copy()
        return results[:, 0] if self.is_single else results

    def backward(self, output: int = 0) -> None:
        """Add ∂(mean of the output over the batch)/∂p to every parameter's `grad`.

        The batch and the parameters are those of the last `forward`.

        Raises:
            RuntimeError: there was none.
            ValueError: its batch was empty, or there is no such output.
        """
        if self._recent is None:
            raise RuntimeError("There is nothing to go back from: call tape.forward(batch) first.")
        examples, weights = self._recent
        gradient = self.gradients(examples, weights, output=output)
        for parameter, amount in zip(self.parameters, gradient.tolist(), strict=True):
            parameter.grad += amount

    def gradients(
        self,
        batch: ArrayLike,
        parameters: ArrayLike | None = None,
        *,
        by: str = "parameters",
        per_example: bool = False,
        output: int = 0,
    ) -> Floats:
        """Derivatives of the output's mean over the batch, or of each example's own output.

        Args:
            batch: Shape (B, number of inputs).
            parameters: Shape (number of parameters,), instead of what the Values hold.
            by: "parameters" or "inputs".
            per_example: Each example's own derivatives, not those of the mean.
            output: Which output, counted from 0.

        Returns:
            By parameters (number of parameters,), per example (B, number of parameters); by
            inputs (B, number of inputs) in both cases.
        """
        examples, weights = self._given(batch, parameters)
        count = len(examples)
        if by == "inputs":
            seed = 1.0 if per_example else 1.0 / max(1, count)
            return self._replay(examples, weights, seed, by, output)[0][:, self._count :].copy()
        if per_example:
            own = np.empty((count, len(weights)))
            for i in range(count):
                own[i] = self._replay(examples[i : i + 1], weights, 1.0, by, output)[1]
            return own
        if not count:
            raise ValueError("The batch is empty: the mean over no examples has no gradient.")
        return self._replay(examples, weights, 1.0 / count, by, output)[1].copy()

    def _replay(
        self, batch: Floats, weights: Floats, seed: float, by: str = "parameters", output: int = 0
    ) -> tuple[Floats, Floats]:
        """Outputs, beside them derivatives by inputs if asked for; derivatives by parameters.

        The seed is where derivatives start at the output; at 0 there is no backward pass. The next
        replay writes over both.
        """
        count = len(batch)
        key = by, output, count
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 1:  # that of a batch, and of the smaller last one of an epoch
                del self._plans[next(iter(self._plans))]
            plan = self._plans[key] = self._planned(*key)
        if plan.chunk < count:
            return self._replay_in_chunks(batch, weights, seed, plan)
        program, run, memory, gradient, results, _, width, by_inputs = plan
        run(program.array, memory, weights, batch, results, 0, count, width, seed, by_inputs)
        return results, gradient

    def _replay_in_chunks(
        self, batch: Floats, weights: Floats, seed: float, plan: Plan
    ) -> tuple[Floats, Floats]:
        """The same of a large batch, by several threads."""
        program, run, memory, _, results, chunk, width, by_inputs = plan
        words, count = program.array, len(batch)
        starts = range(0, count, chunk)
        threads = max(1, min(self.threads, len(starts)))

        def part(first: int) -> list[Floats]:
            own, gradients = self._memory(program, width) if first else memory, []
            for start in starts[first::threads]:
                stop = min(start + chunk, count)
                run(words, own, weights, batch, results, start, stop, width, seed, by_inputs)
                gradients.append(self._gradient(program, own).copy())
            return gradients

        if threads == 1:
            parts = [part(0)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                parts = [*pool.map(part, range(threads))]
        whole = np.zeros_like(weights)
        for i in range(len(starts)):
            whole += parts[i % threads][i // threads]
        return results, whole

    @cached_property
    def _fused(self) -> Recording:
        """What is replayed."""
        return fused(self.recording)

    def _planned(self, by: str, output: int, count: int) -> Plan:
        if by not in ("parameters", "inputs"):
            raise ValueError(f'Gradients are by "parameters" or by "inputs", not by {by!r}.')
        if not 0 <= output < self._count:
            raise ValueError(f"There is no output {output}: this tape has 0 to {self._count - 1}.")
        chunk, width = _division(count, self._fused)
        one, block, codes = compiled.interpreter(self._fused.operations, self.relu_at_zero)
        key = by, output, width == 1
        if key not in self._programs:
            self._programs[key] = Program(self._fused, codes, *key)
        program = self._programs[key]
        memory = self._memory(program, width)
        return Plan(
            program=program,
            run=compiled.entry(one if width == 1 else block, self._fused.operations),
            memory=memory,
            gradient=self._gradient(program, memory),
            results=np.empty((count, self._count + self.recording.inputs * (by == "inputs"))),
            chunk=chunk,
            width=width,
            by_inputs=by == "inputs",
        )

    def _memory(self, program: Program, width: int) -> Floats:
        """What a replay works in, the constants at their place."""
        memory = _aligned(2 * program.shared, program.row_count * width)
        memory[len(self.parameters) :][: len(self.recording.constants)] = self.recording.constants
        return memory

    def _gradient(self, program: Program, memory: Floats) -> Floats:
        """Where the derivatives by the parameters are in it."""
        return memory[program.shared :][: len(self.parameters)]

    # Training

    def fit(
        self,
        batch: ArrayLike,
        optimizer: Optimizer,
        epochs: int = 1,
        batch_size: int | None = None,
        *,
        seed: int | None = 0,
        progress: bool = True,
    ) -> list[float]:
        """Train on the batch, shuffled for each epoch, and return the mean loss of each epoch.

        The loss is the first output. All parameters move as one array, and are written back to
        the Values at the end; their `grad` is left as it was.

        Args:
            batch: Shape (B, number of inputs).
            optimizer: What moves the parameters, such as `SGD(model.parameters(), lr=0.1)`.
            epochs: How many times to go through the batch.
            batch_size: How many examples make a step; all of them when None.
            seed: Of the shuffling; None for another order each time.
            progress: Whether to show a progress bar.

        Raises:
            ValueError: the batch is empty, a number is below 1, or the optimiser moves parameters
                that this tape does not have.
            KeyboardInterrupt: it was interrupted. The parameters are those of the last finished
                step, and the sentence says how many there were.
        """
        from tqdm import tqdm

        examples = self._batch(batch)
        size = len(examples) if batch_size is None else batch_size
        if not len(examples):
            raise ValueError("The batch is empty: fit needs at least one example.")
        if epochs < 1 or size < 1:
            raise ValueError(f"fit takes 1 or more epochs and examples, not {epochs} and {size}.")
        moving = _Moving(optimizer, self.parameters)
        random = np.random.default_rng(seed)
        history: list[float] = []
        steps = 0
        try:
            for _ in (bar := tqdm(range(epochs), unit="epoch", disable=not progress)):
                losses = np.empty(len(examples))
                shuffled = examples if size >= len(examples) else random.permutation(examples)
                for start in range(0, len(examples), size):
                    part = shuffled[start : start + size]
                    results, gradient = self._replay(part, moving.data, 1 / len(part))
                    losses[start : start + size] = results[:, 0]
                    moving.step(gradient)
                    steps += 1
                history.append(float(losses.sum()) / len(losses))
                if progress:
                    bar.set_postfix_str(f"loss {history[-1]:.4g}", refresh=False)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"fit was interrupted after {steps} steps: the parameters are those of the last."
            ) from None
        finally:
            moving.write_back()
        return history

    # What was recorded

    def __repr__(self) -> str:
        return f"<Tape of {self.recording.nodes:,} nodes: print() tells which>"

    def __str__(self) -> str:
        recording = self.recording
        shared, rows = recording.shared, recording.nodes - recording.shared
        lines = [
            f"Tape of {shared + rows} nodes: {shared} shared, {rows} for each example",
            f"  leaves: {recording.parameters} parameters, {len(recording.constants) - 2} "
            f"constants, {recording.inputs} inputs",
        ]
        for name, per_example in (("once", False), ("each example", True)):
            counts: Counter[str] = Counter()
            for group in recording.groups:
                if group.per_example is per_example:
                    counts[group.operation.name] += len(group.operands)
            if counts:
                shown = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
                lines.append(f"  {name}: {shown}")
        _, width = _division(MOST_IN_BLOCK, self._fused)
        lines.append(
            f"  bytes: {16 * shared:,} shared, about {16 * rows:,} for each example, of which "
            f"there are {width} at a time"
        )
        return "\n".join(lines)

    def source(self, backward: bool = True) -> str:
        """The replay as straight-line NumPy that defines `replay(parameters, batch)`.

        It returns the outputs and, with the backward pass, the gradient of the mean of the first
        output by the parameters. `exec` runs it.

        Raises:
            ValueError: an operation of the graph was entered without its formula.
        """
        return listing(self.recording, self.is_single, self.relu_at_zero, backward)

    # Checking what was given

    def _given(self, batch: ArrayLike, parameters: ArrayLike | None) -> tuple[Floats, Floats]:
        """Both as the kernels take them: floats, contiguous and writeable."""
        if (  # nothing to do, and this is asked for every step
            type(batch) is np.ndarray
            and batch.dtype is FLOAT
            and batch.shape[1:] == self._example
            and batch.flags.carray
            and type(parameters) is np.ndarray
            and parameters.dtype is FLOAT
            and parameters.shape == self._vector
            and parameters.flags.carray
        ):
            return batch, parameters
        return self._batch(batch), self._weights(parameters)

    def _batch(self, batch: ArrayLike) -> Floats:
        columns = self.recording.inputs
        array = _real_numbers("batch", batch)
        if array.size == 0 and array.ndim == 1:
            array = array.reshape(0, columns)
        if array.ndim != 2 or array.shape[1] != columns:
            hint = ": for one example, batch[None]" if array.shape == (columns,) else ""
            raise ValueError(
                f"The batch has shape {array.shape}, and this tape {columns} inputs: "
                f"it takes shape (examples, {columns}){hint}."
            )
        return np.require(array, np.float64, ["C", "A", "W"])

    def _weights(self, parameters: ArrayLike | None) -> Floats:
        if parameters is None:
            data = [parameter.data for parameter in self.parameters]
            return np.array(data, dtype=np.float64)
        array = _real_numbers("parameters", parameters)
        if array.shape != self._vector:
            raise ValueError(
                f"The parameters have shape {array.shape}, and this tape has "
                f"{len(self.parameters)} of them: it takes shape ({len(self.parameters)},)."
            )
        return np.require(array, np.float64, ["C", "A", "W"])


class _Moving:
    """The parameters while they are trained, as one array.

    An optimiser whose step is the usual one moves them at once, since what it does to a number it
    does to an array. Any other steps on the Values.
    """

    def __init__(self, optimizer: Any, parameters: list[Value]) -> None:
        position = {parameter: i for i, parameter in enumerate(parameters)}
        for parameter in optimizer.parameters:
            if parameter not in position:
                name = parameter.label or repr(parameter)
                raise ValueError(
                    f"The optimiser moves {name}, which is no parameter of this tape: give both "
                    "the same list, model.parameters()."
                )
        self.optimizer, self.parameters = optimizer, parameters
        self.index: Any = np.array([position[parameter] for parameter in optimizer.parameters])
        if optimizer.parameters == parameters:
            self.index = slice(None)
        self.data: Floats = np.array([parameter.data for parameter in parameters], dtype=np.float64)
        self.at_once = getattr(type(optimizer), "step", None) is Optimizer.step
        self.kept = [np.array(array) for array in optimizer.kept] if self.at_once else []

    def step(self, gradient: Floats) -> None:
        """Move the parameters; `data` changes when all of them have moved."""
        if self.at_once:
            self.optimizer.steps += 1
            data, gradient = self.data[self.index], gradient[self.index]
            self.data[self.index], *self.kept = self.optimizer.moved(data, gradient, *self.kept)
            return
        for parameter, amount in zip(self.parameters, gradient.tolist(), strict=True):
            parameter.grad = amount
        self.optimizer.step()
        self.data = np.array([parameter.data for parameter in self.parameters])

    def write_back(self) -> None:
        """Give the Values and the optimiser what the last step left."""
        for parameter, number in zip(self.parameters, self.data.tolist(), strict=True):
            parameter.data = number
        if self.at_once:
            self.optimizer.kept = [array.tolist() for array in self.kept]


def _recorded(kind: type[Tape], at_zero: float, *given: Any) -> Tape:
    """A tape that was copied or pickled."""
    with operations.relu_at_zero(at_zero):
        return kind(*given)


def _real_numbers(name: str, given: ArrayLike) -> NDArray[Any]:
    """What was given as an array."""
    if _is_masked(given):
        raise TypeError(
            f"The {name} would be taken without the mask: leave masked rows out, or put numbers "
            f"in their place: {name}.filled(0.0)."
        )
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"The rows of the {name} have different lengths.") from None
    if array.dtype.kind not in "fiub":
        subject = "A batch holds" if name == "batch" else "The parameters hold"
        raise TypeError(
            f"{subject} real numbers, not {array.dtype}: "
            f"np.array({name}, dtype=float) makes them, or says which entry is none."
        )
    return array


def _is_masked(given: Any) -> bool:
    if isinstance(given, list | tuple):
        return any(_is_masked(number) for number in given if type(number) is not float)
    return isinstance(given, np.ma.MaskedArray)


def _values(name: str, given: Iterable[Value]) -> list[Value]:
    if isinstance(given, Value) or not isinstance(given, Iterable):
        raise TypeError(f"{name} is a list of Values, not {given!r}.")
    for value in (values := list(given)):
        if not isinstance(value, Value):
            raise TypeError(f"{name} is a list of Values, and {value!r} is none.")
    return values


def _check_leaves(roots: list[Value], inputs: list[Value], parameters: list[Value]) -> None:
    below = {node for root in roots for node in topological_order(root)}
    seen: dict[Value, str] = {}
    for name, leaves in (("input", inputs), ("parameter", parameters)):
        for leaf in leaves:
            shown = leaf.label or repr(leaf)
            if leaf.parents:
                raise ValueError(f"The {name} {shown} was computed: only a leaf can be an {name}.")
            if leaf not in below:
                raise ValueError(f"The {name} {shown} is no leaf of this graph: nothing uses it.")
            if leaf in seen:
                raise ValueError(f"{shown} is listed twice, as {seen[leaf]} and as {name}.")
            seen[leaf] = name


def _aligned(before: int, after: int) -> Floats:
    """Zeros, with a boundary of 64 bytes behind the first ones: registers are as wide as that."""
    memory: Floats = np.zeros(before + after + 7)
    return memory[-(memory.ctypes.data // 8 + before) % 8 :][: before + after]


def _division(count: int, recording: Recording) -> tuple[int, int]:
    """How many examples make a chunk, and how many a block; their numbers alone decide it."""
    nodes = recording.nodes - recording.shared
    chunk = max(1, count)
    if count * nodes >= CHUNK_WORK and count >= CHUNKS * 8:
        chunk = -(-count // CHUNKS)
    if chunk < FEW:
        return chunk, 1
    second, third = SECOND_LEVEL // (8 * nodes + 1), THIRD_LEVEL // (8 * nodes + 1)
    if nodes > SMALL * sum(group.per_example for group in recording.groups):
        third = min(2 * AT_ONCE, third)  # large groups are as fast in narrow blocks
    most = min(max(AT_ONCE, second, third), MOST_IN_BLOCK)
    if chunk <= most:
        return chunk, -(-chunk // 8) * 8
    blocks = -(-chunk // (most // AT_ONCE * AT_ONCE))
    return chunk, -(-chunk // (AT_ONCE * blocks)) * AT_ONCE


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
