"""The tape's arithmetic: an interpreter around the table's own Python functions.

It walks a program of instructions (an operation, and the rows it reads and writes), forward and
then backward, over a block of examples. It is written here as text, one case for each operation of
`operations.py`, because Numba compiles what it can see: `compiled.py` has that done. `program.py`
writes the programs; read that first.
"""

from __future__ import annotations

from collections.abc import Sequence

from microrelu import operations
from microrelu.engine import Operation

# What is no operation of fixed operands.
SUM, LOG_SUM_EXP, EDGES, ADD, REDUCE, FIRST_FREE = range(6)
VARIADIC = (operations.weighted_sum, operations.total, operations.log_sum_exp)

# Loops over the examples of a block. All that interpreters do to rows they do by these, and by two
# for each operation: Numba is told that none of the rows is another, which it could not see.
LOOPS = """
def add(width, after, before, upstream):
    for k in range(width):
        after[k] = before[k] + upstream[k]

def add_product(width, after, before, upstream, local):
    for k in range(width):
        after[k] = before[k] + upstream[k] * local[k]

def add_weighted(width, z, x, w):
    for k in range(width):
        z[k] += w * x[k]

def add_four(width, z, x0, x1, x2, x3, w0, w1, w2, w3):
    for k in range(width):
        z[k] += w0 * x0[k] + w1 * x1[k] + w2 * x2[k] + w3 * x3[k]
"""

# The next operation is read before this one is computed: where the processor has not foreseen it,
# there is less to wait for.
NEXT = """\
    ahead = int64(program[first])
    upcoming = program[ahead]
    for t in range(first, last):
        p, code = ahead, upcoming
        ahead = int64(program[t + 1])
        upcoming = program[ahead]
        count, z = int64(program[p + 1]), int64(program[p + 2])
        needed, n, d, q = program[p + 3], int64(program[p + 4]), int64(program[p + 5]), p + 6
"""

FORWARD = """
def forward(program, first, last, width, shared, rows):
{next}        if code == 0:  # count weighted sums of the same n rows
{sum}        elif code == 1:  # log Σ exp, the largest term taken out
            for m in range(count):
                x, e = q + m * n, d + m * n
                for k in range(width):
                    largest = rows[program[x], k]
                    for i in range(n):
                        largest = max(largest, rows[program[x + i], k])
                    whole = 0.0
                    for i in range(n):
                        x0 = program[x + i]
                        one = rows[x0, k] == largest  # ∞ − ∞ would be NaN
                        rows[e + i, k] = 1.0 if one else math.exp(rows[x0, k] - largest)
                        whole += rows[e + i, k]
                    for i in range(n):
                        rows[e + i, k] /= whole
                    rows[z + m, k] = largest + math.log(whole)
""".replace("{next}", NEXT)

BACKWARD = """
def backward(program, first, last, block, width, shared, shared_grads, rows, grads):
{next}        if code == 0:  # back through weighted sums
{sum}{edges}        elif code == 4:  # operands that were spread: Σ over the block
            for e in range(q, q + 2 * count, 2):
                x, u, whole = program[e], program[e + 1], 0.0
                for k in range(block):
                    whole += grads[u, k]
                shared_grads[x] += whole
""".replace("{next}", NEXT)

EDGES_BLOCK = """\
        elif code == 2:  # edges whose local derivatives the forward pass kept
            for e in range(q, q + 4 * count, 4):
                after, before = at(grads, program[e + 1]), at(grads, program[e])
                upstream, local = at(grads, program[e + 2]), at(rows, program[e + 3])
                add_product(width, after, before, upstream, local)
        elif code == 3:  # edges where it is 1
            for e in range(q, q + 3 * count, 3):
                after, before = at(grads, program[e + 1]), at(grads, program[e])
                add(width, after, before, at(grads, program[e + 2]))
"""

SUM_BLOCK = """\
            for m in range(count):
                w = q + n + m * (n + 1)
                bias = shared[program[w + n]]
                for k in range(width):
                    rows[z + m, k] = bias
                whole = at(rows, z + m)
                for i in range(0, n - 3, 4):  # four at once: the sum is written a quarter as often
                    w0, w1 = shared[program[w + i]], shared[program[w + i + 1]]
                    w2, w3 = shared[program[w + i + 2]], shared[program[w + i + 3]]
                    x0, x1 = at(rows, program[q + i]), at(rows, program[q + i + 1])
                    x2, x3 = at(rows, program[q + i + 2]), at(rows, program[q + i + 3])
                    add_four(width, whole, x0, x1, x2, x3, w0, w1, w2, w3)
                for i in range(n - n % 4, n):
                    add_weighted(width, whole, at(rows, program[q + i]), shared[program[w + i]])
"""

SUM_BLOCK_BACK = """\
            g = p + d  # the rows of gradients
            if needed & 1:  # to the weights: Σ over the block of ∂z · x
                for m in range(count):
                    w, u, s0 = q + n + m * (n + 1), program[g + m], 0.0
                    for k in range(block):
                        s0 += grads[u, k]
                    shared_grads[program[w + n]] += s0
                    for i in range(0, n - 3, 4):
                        x0, x1 = program[q + i], program[q + i + 1]
                        x2, x3 = program[q + i + 2], program[q + i + 3]
                        s0 = s1 = s2 = s3 = 0.0
                        for k in range(block):
                            s0 += grads[u, k] * rows[x0, k]
                            s1 += grads[u, k] * rows[x1, k]
                            s2 += grads[u, k] * rows[x2, k]
                            s3 += grads[u, k] * rows[x3, k]
                        shared_grads[program[w + i]] += s0
                        shared_grads[program[w + i + 1]] += s1
                        shared_grads[program[w + i + 2]] += s2
                        shared_grads[program[w + i + 3]] += s3
                    for i in range(n - n % 4, n):
                        x0, s0 = program[q + i], 0.0
                        for k in range(block):
                            s0 += grads[u, k] * rows[x0, k]
                        shared_grads[program[w + i]] += s0
            if needed & 2:  # to the rows: Σ over what each of them fed
                for i in range(n):
                    whole, w = at(grads, program[g + count + i]), q + n + i
                    for m in range(0, count - 3, 4):
                        w0 = shared[program[w + m * (n + 1)]]
                        w1 = shared[program[w + (m + 1) * (n + 1)]]
                        w2 = shared[program[w + (m + 2) * (n + 1)]]
                        w3 = shared[program[w + (m + 3) * (n + 1)]]
                        u0, u1 = at(grads, program[g + m]), at(grads, program[g + m + 1])
                        u2, u3 = at(grads, program[g + m + 2]), at(grads, program[g + m + 3])
                        add_four(width, whole, u0, u1, u2, u3, w0, w1, w2, w3)
                    for m in range(count - count % 4, count):
                        w0 = shared[program[w + m * (n + 1)]]
                        add_weighted(width, whole, at(grads, program[g + m]), w0)
"""

# Of one example. Most often the weights lie side by side in memory, and so do what they multiply.
SUM_ONE = """\
            for m in range(count):
                w = q + n + m * (n + 1)
                whole = shared[program[w + n]]
                if needed & 4:
                    w0, x0 = int64(program[w]), int64(program[q])
                    for i in range(n):
                        whole += shared[w0 + i] * rows[x0 + i]
                elif needed & 8:
                    for i in range(n):
                        whole += rows[program[q + i]]
                else:
                    for i in range(n):
                        whole += shared[program[w + i]] * rows[program[q + i]]
                rows[z + m] = whole
"""

EDGES_ONE = """\
        elif code == 2:  # edges whose local derivatives the forward pass kept
            x, last = program[q], grads[program[q]]
            for e in range(q, q + 4 * count, 4):
                u, local = program[e + 2], program[e + 3]
                upstream = last if u == x else grads[u]  # in a chain, no wait for memory
                x = program[e]
                last = grads[x] + upstream * rows[local]
                grads[x] = last
"""

SUM_ONE_BACK = """\
            for m in range(count):
                w = q + n + m * (n + 1)
                w0, x0, upstream = int64(program[w]), int64(program[q]), grads[z + m]
                if needed & 1:
                    shared_grads[program[w + n]] += upstream
                    if needed & 4:
                        for i in range(n):
                            shared_grads[w0 + i] += upstream * rows[x0 + i]
                    else:
                        for i in range(n):
                            shared_grads[program[w + i]] += upstream * rows[program[q + i]]
                if needed & 2:
                    if needed & 4:
                        for i in range(n):
                            grads[x0 + i] += upstream * shared[w0 + i]
                    elif needed & 8:
                        for i in range(n):
                            grads[program[q + i]] += upstream
                    else:
                        for i in range(n):
                            grads[program[q + i]] += upstream * shared[program[w + i]]
"""

REPLAY = """
def {name}(program, memory, weights, batch, results, begin, end, width, seed, by_inputs):
    size, depth, height = int64(program[0]), int64(program[1]), int64(program[2])
    spreads, inputs, outputs = int64(program[3]), int64(program[4]), int64(program[5])
    root, f0, f1, f2 = program[6], int64(program[7]), int64(program[8]), int64(program[9])
    b1, b2 = int64(program[10]), int64(program[11])
    shared, shared_grads = memory[:size], memory[size : 2 * size]
    rows = memory[2 * size : 2 * size + depth * width].reshape(depth, width)
    grads = memory[2 * size + depth * width : 2 * size + (depth + height) * width]
    grads = grads.reshape(height, width)
    for i in range(len(weights)):  # a slice would bring Numba's errors about shapes with it
        shared[i] = weights[i]
    forward_one(program, f0, f1, 1, shared, shared)
    for s in range(spreads):
        for k in range(width):
            rows[s, k] = shared[program[16 + s]]
    shared_grads[:] = 0.0
    for start in range(begin, end, width):
        block = min(width, end - start)
        full = (block + 7) // 8 * 8  # whole vector registers: the last example fills them up
        for i in range(inputs):
            for k in range(full):
                rows[spreads + i, k] = batch[start + min(k, block - 1), i]
        forward(program, f1, f2, full, shared, rows)
        for i in range(outputs):
            for k in range(block):
                results[start + k, i] = rows[program[16 + spreads + inputs + i], k]
        if seed != 0.0:
            grads[:1] = 0.0
            for k in range(full):
                grads[root, k] = seed
            backward(program, f2, b1, block, full, shared, shared_grads, rows, grads)
        if by_inputs and seed != 0.0:
            for i in range(inputs):
                for k in range(block):
                    results[start + k, outputs + i] = grads[program[16 + spreads + i], k]
    if seed != 0.0:
        backward_one(program, b1, b2, 1, 1, shared, shared_grads, shared, shared_grads)
"""


def keeps_derivatives(operation: Operation) -> bool:
    """Whether the forward pass keeps local derivatives: where exp or its like are computed.

    The others are cheaper computed again on the way back than written to memory and read.
    """
    return "math" in operation.function.__code__.co_names


Table = Sequence[tuple[str, int, bool]]  # name, operands, whether derivatives are always kept


def one_by_one(table: Table) -> str:
    """The text of `forward_one` and `backward_one`, with a case for each operation."""
    forward = [FORWARD.replace("{sum}", SUM_ONE)]
    backward = [BACKWARD.replace("{sum}", SUM_ONE_BACK).replace("{edges}", EDGES_ONE)]
    for code, (name, n, keeps) in enumerate(table, FIRST_FREE):
        operands = [f"x{i} = program[q + m * {n} + {i}]" for i in range(n)]
        case = [f"elif code == {code}:", "    for m in range(count):", *_indented(8, operands)]
        call = f"{name}({', '.join(f'rows[x{i}]' for i in range(n))})"
        keep = [f"rows[d + m * {n} + {i}] = local[{i}]" for i in range(n)]
        value = [f"value, local = {call}", "rows[z + m] = value"]
        value += keep if keeps else ["if needed:", *_indented(4, keep)]
        forward += _indented(8, case + _indented(8, value))
        if not keeps:
            back = [f"local, upstream = {call}[1], grads[z + m]"]
            back += [f"grads[x{i}] += upstream * local[{i}]" for i in range(n)]
            backward += _indented(8, case + _indented(8, back))
    return one_example("\n".join([*forward, *backward, ""]))


def in_blocks(table: Table) -> tuple[str, str]:
    """The text of loops over examples, two for each operation, and of what calls them.

    Those of ReLU, for one:

        def forward_7(width, z, x0):
            for k in range(width):
                value, local = operation_7(x0[k])
                z[k] = value

        def backward_7(width, u, x0, before0, after0):
            for k in range(width):
                local, upstream = operation_7(x0[k])[1], u[k]
                after0[k] = before0[k] + upstream * local[0]
    """
    forward = [FORWARD.replace("{sum}", SUM_BLOCK)]
    backward = [BACKWARD.replace("{sum}", SUM_BLOCK_BACK).replace("{edges}", EDGES_BLOCK)]
    loops = [LOOPS]
    for code, (name, n, keeps) in enumerate(table, FIRST_FREE):
        case = [f"elif code == {code}:", "    for m in range(count):"]
        call = f"{name}({', '.join(f'x{i}[k]' for i in range(n))})"
        operands = [f"x{i}" for i in range(n)]
        read = [f"at(rows, program[q + m * {n} + {i}])" for i in range(n)]
        kept = [f"d{i}" for i in range(n) if keeps]
        written = [f"at(rows, d + m * {n} + {i})" for i in range(n) if keeps]
        value = [f"value, local = {call}", "z[k] = value"]
        value += [f"{each}[k] = local[{i}]" for i, each in enumerate(kept)]
        loops += _loop(f"forward_{code}", ["z", *operands, *kept], value)
        run = f"        forward_{code}(width, {', '.join(['at(rows, z + m)', *read, *written])})"
        forward += _indented(8, [*case, run])
        if not keeps:
            back = [f"local, upstream = {call}[1], u[k]"]
            back += [f"after{i}[k] = before{i}[k] + upstream * local[{i}]" for i in range(n)]
            places = [f"{each}{i}" for i in range(n) for each in ("before", "after")]
            loops += _loop(f"backward_{code}", ["u", *operands, *places], back)
            rows = [f"at(grads, program[g + {i}])" for i in range(2 * n + 1)]
            run = f"        backward_{code}(width, {', '.join([rows[0], *read, *rows[1:]])})"
            backward += _indented(8, [*case, f"        g = p + d + m * {2 * n + 1}", run])
    return "\n".join(loops), "\n".join([*forward, *backward, ""])


def _indented(spaces: int, lines: Sequence[str]) -> list[str]:
    return [" " * spaces + line for line in lines]


def _loop(name: str, rows: Sequence[str], body: Sequence[str]) -> list[str]:
    """The text of a function that does so for each example of rows."""
    head = [f"def {name}(width, {', '.join(rows)}):", "    for k in range(width):"]
    return [*head, *_indented(8, body), ""]


def one_example(text: str) -> str:
    """The text for rows of one number: what depends on no input, and a batch of one."""
    for block, one in (
        (", k]", "]"),
        ("for k in range(width):", "if True:"),
        ("for k in range(block):", "if True:"),
        ("start + k", "start"),
        (".reshape(depth, width)", ""),
        (".reshape(height, width)", ""),
        ("for k in range(full):", "if True:"),
        ("start + min(k, block - 1)", "start"),
        ("grads[:1]", "grads[:]"),
        ("forward(", "forward_one("),
        ("backward(", "backward_one("),
    ):
        text = text.replace(block, one)
    return text
