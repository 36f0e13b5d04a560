"""draw: the graph as a graphviz.Digraph, with every number that backpropagation uses.

Values are blue and flow right, along the arrows; gradients are orange and flow back, multiplied by
the local derivative that stands on each edge.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

from microrelu.engine import Earlier, Value
from microrelu.foreign import Adopted, adopt, is_node
from microrelu.nn import MLP, Layer, Neuron
from microrelu.picture.collapsed import draw_layers
from microrelu.picture.look import LARGEST, STYLE, tooltip
from microrelu.picture.network import draw_network
from microrelu.picture.nodes import EDGES, draw_nodes, nearest
from microrelu.picture.renderer import Picture
from microrelu.picture.theme import THEMES, put_in_theme
from microrelu.picture.units import network_of_graph, network_of_model
from microrelu.steps.holds import changed_nodes, recompute
from microrelu.text import layer_of
from microrelu.writing.names import Names
from microrelu.writing.variables import Given, names_for
from microrelu.writing.words import say


def draw(
    root: Value | MLP | Layer | Neuron | Any,
    *,
    edges: str = "derivative",
    weights: str = "nodes",
    example: int = 0,
    collapse: str | int | None = None,
    theme: str = "light",
    names: Given = ...,
    format: str = "svg",  # noqa: A002
) -> Picture:
    """The graph below the root, parents left, as a graphviz.Digraph: it shows itself in a notebook.

    Each node shows its name, its operation, its value and its gradient; each edge its local
    derivative. An edge through which a closed ReLU lets nothing back is dashed, with a bar. A node
    is dashed whose operands were changed after it was computed, as an optimiser changes weights;
    the caption says what to do.

    Args:
        root: The node whose graph is drawn; or a model, of which weights and biases are drawn; or
            a node of someone's own engine, as `adopt` takes it: where its gradients are wrong, the
            right ones stand beside them.
        edges: "derivative", or "contribution": what each edge added to its parent's gradient.
        weights: "nodes", a box for each; or "edges": the units in columns, and each weight a line,
            as wide as it is large. On it stands the weight, which is the local derivative of z by
            the unit before, or the contribution.
        example: The one that is drawn with its weights as edges, counted from 0, of a loss of many.
        collapse: "layers" for one box a layer; a number for the nodes at most so many edges from
            the root; False for all nodes. By default all up to 300, and else collapsed, with a
            warning.
        theme: "light" or "dark"; "auto" makes SVG that is what the system of its reader is.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.
        format: What `render` and `pipe` make unless told: "svg", "png"; with Graphviz, "pdf" …

    Raises:
        TypeError: the root is neither a Value nor a model, nor a node that can be adopted.
        ValueError: edges, weights, example, collapse or theme is none of the above, or does not go
            with the others; there is no layer, or no label names one.

    >>> picture = draw(Value(3.0, "x").relu(), format="png")
    >>> b"PNG" in picture.pipe()  # the bytes; picture.render("relu") writes relu.png
    True
    >>> model = MLP(2, [4, 4, 1])
    >>> weights = draw(model)
    >>> with_an_example = draw(model([2.0, 1.0]), weights="edges")
    """
    if theme not in THEMES:
        raise ValueError(f"theme is 'light', 'dark' or 'auto', not {theme!r}.")
    picture = Picture(format=format, **STYLE)
    if isinstance(root, (MLP, Layer, Neuron)):
        _draw_model(picture, root, edges, example, collapse)
    elif isinstance(root, Value) or is_node(root):
        graph = root if isinstance(root, Value) else adopt(root)
        _draw_graph(picture, names_for(graph, names), edges, weights, example, collapse)
    else:
        raise TypeError(
            f"draw needs the Value at the root of a graph, not {type(root).__name__}: "
            "draw(cost), or draw(total(values)) for many; or an MLP, a Layer or a Neuron."
        )
    put_in_theme(picture, theme)
    return picture


draw_dot = draw  # micrograd's name


def _draw_graph(
    picture: Picture,
    names: Names,
    edges: str,
    weights: str,
    example: int,
    collapse: str | int | None,
) -> None:
    _check(edges, weights, example, collapse)
    order = [*names]
    changed = set(changed_nodes(order))
    if weights == "edges":
        caption = draw_network(picture, network_of_graph(names, changed, edges, example), edges)
    else:
        caption = _draw_nodes_or_layers(picture, names, changed, edges, collapse)
    if changed:
        caption += "\\n" + say("picture changed", recompute=tooltip(recompute(names)))
    if wrong := sum(isinstance(node, Adopted) and node.is_wrong for node in order):
        caption += "\\n" + say("picture differs", count=wrong)
    if any(type(node.grad) is Earlier for node in order):
        caption += "\\n" + say("earlier gradients")
    if len(order) > 1:
        picture.attr(label=caption)


def _check(edges: str, weights: str, example: int, collapse: str | int | None) -> None:
    """Are these words that there are, and do they go together?"""
    if edges not in EDGES:
        raise ValueError(f"edges is 'derivative' or 'contribution', not {edges!r}.")
    if weights not in ("nodes", "edges"):
        raise ValueError(f"weights is 'nodes' or 'edges', not {weights!r}.")
    if weights == "edges" and collapse is not None:
        raise ValueError(
            f"A picture with its weights as edges is not collapsed: leave collapse={collapse!r} "
            "out, or weights='edges'."
        )
    if weights == "nodes" and example != 0:
        raise ValueError(
            "Every example is drawn where weights are nodes: write "
            f"weights='edges', example={example!r} for one of them."
        )


def _draw_model(
    picture: Picture, model: MLP | Layer | Neuron, edges: str, example: int, collapse: Any
) -> None:
    """The network that a model is; what chooses among the views of a graph chooses nothing."""
    if edges != "derivative" or example != 0 or collapse is not None:
        raise ValueError(
            "A model is drawn with its weights alone, without edges=, example= or collapse=: "
            "draw(cost, weights='edges') of a cost, which was made of the model and of an example, "
            "has them."
        )
    picture.attr(label=draw_network(picture, network_of_model(model), edges))


def _draw_nodes_or_layers(
    picture: Picture,
    names: Names,
    changed: Collection[Value],
    edges: str,
    collapse: str | int | None,
) -> str:
    """A box for each node, or for each layer; returns the caption."""
    order = [*names]
    if collapse is None and len(order) > LARGEST:
        collapse = _collapsed(order)
    if collapse == "layers":
        return draw_layers(picture, order, changed)
    if collapse is None or collapse is False:
        return draw_nodes(picture, names, changed, order, edges)
    if type(collapse) is int and collapse > 0:
        return draw_nodes(picture, names, changed, nearest(names.root, collapse), edges)
    raise ValueError(f"collapse is 'layers', False or a number from 1 on, not {collapse!r}.")


def _collapsed(order: list[Value]) -> str | int:
    """How to draw a graph that is too large, said aloud."""
    layered = any(layer_of(node.label) is not None for node in order)
    what = say("box a layer" if layered else "next to root")
    warnings.warn(say("too large", count=f"{len(order):,}", what=what), stacklevel=5)
    return "layers" if layered else 4
