"""A node without a label is called what the caller's variable is called.

Whoever is called with a graph asks `names_for` at the call, and hands the names on from there: the
variables of this package name nothing, and what a variable is bound to later neither. A node that
shows itself in a notebook was called by no one; `names_in_notebook` asks the notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import EllipsisType, FrameType
from typing import Any

from microrelu.engine import Constant, Value, topological_order
from microrelu.foreign import Adopted
from microrelu.writing.names import Names, node_names

Given = (
    Mapping[str, Any] | Names | None | EllipsisType
)  # names by hand, none at all, or the caller's
MOST_MEMBERS = 1000  # of a container, those of containers in it included
NOT_THEIRS = ("In", "Out")  # names of IPython's, beside those that start with an underscore
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>")  # frames of their own up to Python 3.11


def names_for(root: Value, given: Given = ...) -> Names:
    """The names of a graph, for a function of this package that was called with its root.

    Args:
        root: What the graph is of.
        given: What the function was given as `names`: Values by their names; None for labels
            alone; `...` for the variables of the frame that calls that function; or Names, which
            are handed on as they are.

    Raises:
        TypeError: names is none of these.
    """
    if isinstance(given, Names):
        return given
    if given is None:
        return node_names(root)
    if isinstance(given, EllipsisType):
        variables = _variables(sys._getframe(2))
    elif isinstance(given, Mapping):
        variables = [*given.items()]
    else:
        raise TypeError(
            f'names are Values by name, {{"w": w}} say, or None for labels alone, not {given!r}.'
        )
    return node_names(root, _called(root, variables))


def names_in_notebook(root: Value) -> Names:
    """The names of a graph that shows itself: after the variables of IPython, where it runs."""
    ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    variables = {} if ipython is None else ipython.user_ns
    return node_names(root, _called(root, _public(variables)))


def _variables(frame: FrameType) -> list[tuple[str, Any]]:
    """Local variables, then global ones, but for private ones."""
    found = dict(frame.f_locals)
    if frame.f_code.co_name in COMPREHENSIONS and frame.f_back is not None:
        found |= {name: value for name, value in frame.f_back.f_locals.items() if name not in found}
    found |= {name: value for name, value in frame.f_globals.items() if name not in found}
    return _public(found)


def _public(variables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in variables.items()
        if name.isidentifier() and not name.startswith("_") and name not in NOT_THEIRS
    ]


def _called(root: Value, variables: list[tuple[str, Any]]) -> dict[Value, str]:
    """What each node is called: the first variable that it is, else its place in a container."""
    names: dict[Value, str] = {}
    adopted = _adopted(root)
    for name, value in variables:
        if (node := _node(value, adopted)) is not None:
            names.setdefault(node, name)
    for name, value in variables:
        members = _members(value, adopted)
        if members is not None and all(member is not root for _, member in members):
            for place, member in members:
                names.setdefault(member, f"{name}_{','.join(place)}")
    return names


def _adopted(root: Value) -> dict[int, Value]:
    """The nodes of the graph that stand for someone else's, which variables hold, by their id."""
    if not isinstance(root, Adopted):
        return {}
    return {id(n.theirs): n for n in topological_order(root) if isinstance(n, Adopted)}


def _node(value: Any, adopted: Mapping[int, Value]) -> Value | None:
    """The node that a variable is, or that stands for it; None where it is none."""
    if isinstance(value, Value) and not isinstance(value, Constant):
        return value
    return adopted.get(id(value))


def _members(container: Any, adopted: Mapping[int, Value]) -> list[tuple[list[str], Value]] | None:
    """The Values in a list, tuple or dict and in those inside it, each with its place."""
    found = []
    for count, (place, member) in enumerate(_walked(container, 2)):
        if count == MOST_MEMBERS:
            return None
        if (node := _node(member, adopted)) is not None:
            found.append((place, node))
    return found


def _walked(container: Any, depth: int) -> Iterator[tuple[list[str], Any]]:
    if type(container) in (list, tuple):
        pairs = [(str(i), member) for i, member in enumerate(container, start=1)]
    elif type(container) is dict:
        pairs = [(str(key), member) for key, member in container.items() if _is_index(key)]
    else:
        return
    for place, member in pairs:
        yield [place], member
        if depth > 1 and type(member) in (list, tuple, dict):
            yield from (([place, *inner], value) for inner, value in _walked(member, depth - 1))


def _is_index(key: Any) -> bool:
    """Can a key stand below a name: p["w"] as p_w, p[3] as p₃?"""
    return type(key) is int or (type(key) is str and key.isidentifier())
