"""Text such as `z = w*x + b; relu(z)` read as a graph, and mistakes answered in one line.

`expression` parses with `ast` and lets nothing through but arithmetic, so that nothing in the text
is ever executed. `cli/commands.py` gives it what stands on the command line.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from microrelu import operations
from microrelu.engine import OPERATIONS, Constant, Operation, Value
from microrelu.text import text_width

DEEPEST = 1_000  # operations inside one another; what a parser can take depends on the Python
LONGEST = 20_000  # characters; Python 3.10's parser could overflow its stack on far longer ones
WINDOW = 76  # characters of the expression that are shown above the carets
OPERATORS: dict[type[ast.operator], Operation] = {
    ast.Add: operations.add,
    ast.Sub: operations.subtract,
    ast.Mult: operations.multiply,
    ast.Div: operations.divide,
}
INSTEAD = {"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "√": "sqrt()", "|": "abs()"}
INSTEAD |= {raised: f"**{n}" for n, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
INSTEAD |= {lowered: f"_{n}" for n, lowered in enumerate("₀₁₂₃₄₅₆₇₈₉")}
_SPECIAL = re.escape("".join(INSTEAD))
WORD = re.compile(rf"[\"'#{_SPECIAL}]|[^\W{_SPECIAL}]+")

NO_ARITHMETIC = "Write only names, numbers, + - * / ** and functions such as relu(x) here."
NO_TEXT = "The expression has characters that are not text."
TOO_DEEP = "The expression is nested too deeply: name its parts, as in z = w*x + b; relu(z)."
SYNTAX = {  # what Python says of a syntax error → what is said here
    "was never closed": "This bracket is never closed.",
    "unmatched": "This bracket was never opened.",
    "does not match": "This bracket closes one of another kind.",
    "invalid decimal literal": "A * is missing after this number.",
}


class MistakeError(ValueError):
    """What is wrong with a text or a command; what the user reads."""


class Parts(dict[str, Value]):
    """The nodes of an expression by their names.

    Attributes:
        text: The expression, each of its lines without spaces around it.
        places: For each node, those without a name too, where in the text it first stands: the
            start and the end.
    """

    def __init__(self, text: str, nodes: Mapping[str, Value]) -> None:
        super().__init__(nodes)
        self.text = text
        self.places: dict[Value, tuple[int, int]] = {}


def expression(text: str, /, **values: float) -> tuple[Value, Parts]:
    """Read a text as a graph, the language of the command line.

    Args:
        text: Arithmetic of names, numbers, + - * / ** and functions of the table, in statements
            between semicolons or on lines of their own; all but the last give a node a name.
        **values: The number of each variable.

    Returns:
        The node of the last statement, and all nodes that have a name.

    Raises:
        ValueError: the text is not arithmetic, a name has no value or no use, or an operation has
            no value at these numbers; the message shows the place.
        TypeError: a value is no number.

    >>> C, nodes = expression("z = w*x + b; relu(z)**2", w=0.5, x=2.0, b=0.5)
    >>> C.backward()
    >>> C.data, nodes["w"].grad, nodes["z"].label
    (2.25, 6.0, 'z')
    >>> [nodes.text[slice(*nodes.places[node])] for node in C.parents]
    ['relu(z)']
    """
    reader = Reader(text, values)
    root = reader.root()
    return root, reader.nodes


class Reader:
    """A text such as `z = w*x + b; relu(z)**2` on its way to a graph.

    Statements stand between semicolons or on lines of their own; all but the last name a node.
    Numbers are floats from the start, and `1/3` becomes one constant.

    >>> Reader("relu(w*x)**2 / 2", {"w": 0.5, "x": 2.0}).root()
    Value(data=0.5, grad=0)
    """

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text.strip())]
        nodes = {name: Value(number, name) for name, number in values.items()}
        self.nodes = Parts("\n".join(self.lines), nodes)
        self.used: set[str] = set()

    def root(self) -> Value:
        """The node of the last statement.

        Raises:
            MistakeError: the text is not arithmetic, a name has no value or no use, or an
                operation has no value at these numbers.
        """
        statements = self._statements()
        self._find_names(statements)
        for name, tree in statements:
            node = self._evaluate(tree)
            if name and type(node) is Constant:  # a named number is a variable
                self.nodes.places[variable := Value(node.data)] = self._place(tree)
                node = variable
            if name:
                node.label = node.label or name
                self.nodes[name] = node
        return node

    def _statements(self) -> list[tuple[str, ast.expr]]:
        """Each statement as the name it gives, or "", and its tree."""
        statements: list[tuple[str, ast.expr]] = []
        parsed = self._parse()
        for statement in parsed:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=tree):
                    statements.append((name, tree))
                case ast.Expr(value=tree) if statement is parsed[-1]:
                    statements.append(("", tree))
                case ast.Expr():
                    raise self._mistake("Name this part, as in z = w*x; relu(z).", statement)
                case _:
                    raise self._mistake(NO_ARITHMETIC, statement)
        return statements

    def _parse(self) -> list[ast.stmt]:
        text = "\n".join(self.lines)
        if len(text) > LONGEST:
            raise MistakeError(f"The expression is longer than {LONGEST} characters.")
        self._look_for_mathematics()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = ast.parse(text).body
        except (RecursionError, MemoryError):
            raise MistakeError(TOO_DEEP) from None
        except SyntaxError as error:
            raise self._syntax_mistake(error) from None
        except ValueError:
            raise MistakeError(NO_TEXT) from None
        if not parsed:
            raise MistakeError('The expression is empty: write "relu(w*x + b)" w=0.5, say.')
        return parsed

    def _look_for_mathematics(self) -> None:
        """Find what a textbook writes and Python reads differently or not at all."""
        for row, line in enumerate(self.lines):
            for column, letter in enumerate(line):
                if unicodedata.category(letter) == "Cc" and letter != "\t":
                    raise self._mistake_at(NO_TEXT, row, column, column + 1)
            for found in WORD.finditer(line):
                word, advice = found[0], ""
                if word in INSTEAD:
                    advice = f"Write {INSTEAD[word]} instead of {word} here."
                elif keyword.iskeyword(word):
                    advice = f"{word} is a word of Python's own: choose another name, {word}_ say."
                elif word in "\"'#":
                    advice = NO_ARITHMETIC
                if advice:
                    raise self._mistake_at(advice, row, *found.span())

    def _syntax_mistake(self, error: SyntaxError) -> MistakeError:
        if "too many" in error.msg:
            return MistakeError(TOO_DEEP)
        if "integer string conversion" in error.msg:
            return MistakeError("An integer in the expression is too large for a float.")
        row = min(error.lineno or 1, len(self.lines)) - 1
        column = max(error.offset or 1, 1) - 1
        advice = "The expression cannot be read from here on."
        if column >= len(self.lines[row]):
            advice = "The expression ends too early: something is missing here."
        advice = next((SYNTAX[known] for known in SYNTAX if known in error.msg), advice)
        return self._mistake_at(advice, row, column, column + 1)

    def _find_names(self, statements: Iterable[tuple[str, ast.expr]]) -> None:
        """Look at all names before any arithmetic: each has one value, and is used."""
        known = set(self.nodes)
        missing: dict[str, ast.Name] = {}
        for name, tree in statements:
            for part in self._parts(tree):
                if isinstance(part, ast.Name):
                    self.used.add(part.id)
                    if part.id not in known:
                        missing.setdefault(part.id, part)
            if name in known:
                raise self._mistake(f"{name} has a value already: choose another name.", tree)
            known.add(name)
        if missing:
            names, first = list(missing), next(iter(missing.values()))
            advice = f"add {' '.join(f'{name}=0.5' for name in names)}, say"
            if first.id in functions():
                advice = f"write {first.id}(...) for the function"
            raise self._mistake(f"No value is given for {', '.join(names)}: {advice}.", first)
        if unused := known - self.used - {name}:
            raise MistakeError(f"The expression does not use {', '.join(sorted(unused))}.")
        if not known - {name}:
            raise MistakeError("The expression has no variable: name one, as in relu(x) with x=2.")

    def _parts(self, tree: ast.expr) -> list[ast.expr]:
        """The tree and all below it, each before its operands, without recursion."""
        parts, waiting = [], [(tree, 1)]
        while waiting:
            part, depth = waiting.pop()
            if depth > DEEPEST:
                raise MistakeError(TOO_DEEP)
            parts.append(part)
            waiting += [(operand, depth + 1) for operand in reversed(self._take_apart(part)[1])]
        return parts

    def _evaluate(self, tree: ast.expr) -> Value:
        done: list[Value] = []
        for part in reversed(self._parts(tree)):
            make, operands = self._take_apart(part)
            parents = [done.pop() for _ in operands]
            try:
                node = make(*parents)
            except (ArithmeticError, ValueError, TypeError) as error:
                raise self._mistake(str(error), part) from None
            if parents and all(type(parent) is Constant for parent in parents):
                node = Constant(node.data)
            start, end = self._place(part)
            if start < self.nodes.places.get(node, (math.inf, 0))[0]:
                self.nodes.places[node] = start, end
            done.append(node)
        return done[0]

    def _take_apart(self, tree: ast.expr) -> tuple[Callable[..., Value], list[ast.expr]]:
        """What makes the node of this tree, and of which operands: the white list."""
        match tree:
            case ast.Constant(value=int() | float() as number):
                return lambda: Constant(number), []
            case ast.Name(id=name):
                return lambda: self.nodes[name], []
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return lambda parent: parent, [operand]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return operations.negate, [operand]
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return _power, [left, right]
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
                return OPERATORS[type(sign)], [left, right]
            case ast.Call(func=ast.Name(id=name), args=[_, *_] as operands, keywords=[]):
                made = self._function(name, tree)
                return made if made.operands else lambda *parents: made.apply(parents), operands
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
                raise self._mistake(f"{name} needs an operand: write {name}(x), say.", tree)
            case ast.Call(func=ast.Attribute(attr=name)) if name in functions():
                raise self._mistake(f"Write {name}(x), with the operand in brackets.", tree)
            case ast.Call(func=ast.Constant()):
                raise self._mistake("A * is missing between the number and its bracket.", tree)
        raise self._mistake(NO_ARITHMETIC, tree)

    def _function(self, name: str, tree: ast.expr) -> Operation:
        known = functions()
        if name in known:
            return known[name]
        if name in self.nodes:
            advice = f"{name} is a number: write {name}*(...) for a product."
        elif near := get_close_matches(name.lower(), known, n=1):
            advice = f"There is no function {name}: did you mean {near[0]}?"
        else:
            advice = f"There is no function {name}, only {', '.join(sorted(known))}."
        raise self._mistake(advice, tree)

    def _mistake(self, message: str, tree: ast.expr | ast.stmt) -> MistakeError:
        row = tree.lineno - 1
        end = len(self.lines[row])
        if tree.end_lineno == tree.lineno:
            end = self._column(row, tree.end_col_offset or 0)
        return self._mistake_at(message, row, self._column(row, tree.col_offset), end)

    def _place(self, tree: ast.expr) -> tuple[int, int]:
        """Where a tree starts and ends in the text of all lines."""
        last, after = tree.end_lineno or tree.lineno, tree.end_col_offset or tree.col_offset
        ends = (tree.lineno, tree.col_offset), (last, after)
        start, end = (
            sum(len(line) + 1 for line in self.lines[: row - 1]) + self._column(row - 1, place)
            for row, place in ends
        )
        return start, end

    def _column(self, row: int, place: int) -> int:
        """A place in a line; a tree counts bytes."""
        return len(self.lines[row].encode()[:place].decode())

    def _mistake_at(self, message: str, row: int, start: int, end: int) -> MistakeError:
        """The message, the line, or what fits of it, and carets under the place."""
        line = "".join(letter if letter.isprintable() else " " for letter in self.lines[row])
        first = max(0, start - WINDOW // 2) if len(line) > WINDOW else 0
        last = min(end, first + WINDOW)
        dots = "…" * (first > 0), "…" * (len(line) > first + WINDOW)
        shown = dots[0] + line[first : first + WINDOW] + dots[1]
        carets = " " * text_width(dots[0] + line[first:start]) + "^" * max(
            1, text_width(line[start:last])
        )
        return MistakeError(f"{message}\n    {shown}\n    {carets}")


def functions() -> dict[str, Operation]:
    """The operations by every name that an expression may use; weighted_sum needs lists."""
    table = {name: made for name, made in OPERATIONS.items() if name != "weighted_sum"}
    symbols = {
        made.symbol: made for made in table.values() if _python_name(made.symbol) == made.symbol
    }
    others = {"abs": operations.absolute, "ln": operations.log, "sum": operations.total}
    return others | symbols | table


def _python_name(text: str) -> str | None:
    """The name as Python reads it, where letters such as ℎ are those that they stand for."""
    name = unicodedata.normalize("NFKC", text.strip())
    return name if name.isidentifier() else None


def _power(base: Value, exponent: Value) -> Value:
    return base ** (exponent.data if type(exponent) is Constant else exponent)


def read_assignments(texts: Iterable[str]) -> dict[str, float]:
    """The numbers by name of texts such as `w=0.5`.

    Raises:
        MistakeError: one is malformed, or gives a name a second number.
    """
    numbers: dict[str, float] = {}
    for text in texts:
        given, equals, written = text.partition("=")
        name = _python_name(given)
        if not equals or name is None:
            raise MistakeError(
                f"{text!r} gives no name a number: write w=0.5, after the expression in quotes."
            )
        if keyword.iskeyword(name):
            raise MistakeError(
                f"{name} is a word of Python's own: choose another name, {name}_ say."
            )
        if name in numbers:
            raise MistakeError(f"{name} is given twice.")
        try:
            numbers[name] = float(written)
        except ValueError:
            raise MistakeError(
                f"{name} needs a number after its =, such as {name}=0.5, not {written!r}."
            ) from None
    return numbers
