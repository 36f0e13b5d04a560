"""draw: the graph as a graphviz.Digraph, with every number that backpropagation uses.

Values are blue and flow right, along the arrows; gradients are orange and flow back, multiplied by
the local derivative that stands on each edge.
"""

from __future__ import annotations

import warnings

from microrelu.engine import Earlier, Value
from microrelu.picture.collapsed import draw_layers
from microrelu.picture.look import LARGEST, STYLE, tooltip
from microrelu.picture.nodes import EDGES, draw_nodes, nearest
from microrelu.picture.renderer import Picture
from microrelu.steps.holds import changed_nodes, recompute
from microrelu.text import layer_of
from microrelu.writing.variables import Given, names_for

CHANGED = "where operands have changed, what was computed of them no longer holds"
EARLIER = "the gradients are from before the values were computed anew"


def draw(
    root: Value,
    *,
    edges: str = "derivative",
    collapse: str | int | None = None,
    names: Given = ...,
    format: str = "svg",  # noqa: A002
) -> Picture:
    """The graph below the root, parents left, as a graphviz.Digraph: it shows itself in a notebook.

    Each node shows its name, its operation, its value and its gradient; each edge its local
    derivative. An edge through which a closed ReLU lets nothing back is dashed, with a bar. A node
    is dashed whose operands were changed after it was computed, as an optimiser changes weights;
    the caption says what to do.

    Args:
        root: The node whose graph is drawn.
        edges: "derivative", or "contribution": what each edge added to its parent's gradient.
        collapse: "layers" for one box a layer; a number for the nodes at most so many edges from
            the root; False for all nodes. By default all up to 300, and else collapsed, with a
            warning.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.
        format: What `render` and `pipe` make unless told: "svg", "png"; with Graphviz, "pdf" …

    Raises:
        TypeError: the root is not a Value.
        ValueError: edges or collapse is none of the above, or no label names a layer.

    >>> picture = draw(Value(3.0, "x").relu(), format="png")
    >>> b"PNG" in picture.pipe()  # the bytes; picture.render("relu") writes relu.png
    True
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"draw needs the Value at the root of a graph, not {type(root).__name__}: "
            "draw(cost), or draw(total(values)) for many."
        )
    if edges not in EDGES:
        raise ValueError(f"edges is 'derivative' or 'contribution', not {edges!r}.")
    named = names_for(root, names)
    order = [*named]
    if collapse is None and len(order) > LARGEST:
        collapse = _collapsed(order)
    picture = Picture(format=format, **STYLE)
    changed = set(changed_nodes(order))
    if collapse == "layers":
        caption = draw_layers(picture, order, changed)
    elif collapse is None or collapse is False:
        caption = draw_nodes(picture, named, changed, order, edges)
    elif type(collapse) is int and collapse > 0:
        caption = draw_nodes(picture, named, changed, nearest(root, collapse), edges)
    else:
        raise ValueError(f"collapse is 'layers', False or a number from 1 on, not {collapse!r}.")
    if changed:
        caption += f"\\n{CHANGED}: {tooltip(recompute(named))} computes it again"
    if any(type(node.grad) is Earlier for node in order):
        caption += f"\\n{EARLIER}"
    if len(order) > 1:
        picture.attr(label=caption)
    return picture


draw_dot = draw  # micrograd's name


def _collapsed(order: list[Value]) -> str | int:
    """How to draw a graph that is too large, said aloud."""
    layered = any(layer_of(node.label) is not None for node in order)
    kind = "one box a layer" if layered else "only the nodes next to the root"
    warnings.warn(
        f"A picture of {len(order):,} nodes would not be readable, so this one shows {kind}. "
        "Choose draw(root, collapse='layers'), a depth such as collapse=3, or collapse=False "
        "for every node.",
        stacklevel=3,
    )
    return "layers" if layered else 4
