"""play: the sweep one node at a time, as a page that needs no network and no server.

`data.py` writes down what was recorded and `drawing.py` draws it; the script steps through it and
computes it anew when a leaf is changed. Where scripts are stripped, a picture and a text are left.
"""

from __future__ import annotations

import base64
import html
import json
import os
import warnings
import zlib
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from microrelu.engine import Value
from microrelu.foreign import Adopted, adopt, is_node
from microrelu.nn import Layer
from microrelu.picture.drawing import draw
from microrelu.picture.renderer import Picture
from microrelu.player.around import Excerpt, Rest, excerpt_around
from microrelu.player.data import graph_data
from microrelu.player.drawing import svg_drawing
from microrelu.player.slides import SUFFIXES, save_slides
from microrelu.steps.holds import recompute
from microrelu.steps.sweep import Step, backward_steps, grads_kept
from microrelu.writing.names import Names
from microrelu.writing.notation import TEXT
from microrelu.writing.variables import Given, names_for
from microrelu.writing.words import LANGUAGE, LANGUAGES, WORDS, say

LARGEST = 2000  # nodes; beyond it the page is no longer fluent, nor is there anything to see
LEAST_HEIGHT = 560  # of a notebook's frame, in pixels
CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
# In the order in which they stand in the page, where they share one scope.
SCRIPTS = (
    *("operations.js", "mathml.js", "graph.js", "equations.js", "sentences.js"),
    *("step.js", "picture.js", "walk.js", "nudge.js", "mistakes.js", "help.js"),
    *("address.js", "export.js", "controls.js"),
)


class Player:
    """A page that plays the forward and the backward pass of one graph, as it was when made.

    Attributes:
        html: The whole page, in one string: no file and no address is asked for anything else.
    """

    def __init__(
        self, names: Names, given: Given = None, mode: str = "", excerpt: Excerpt | None = None
    ) -> None:
        shown = excerpt.names if excerpt else names
        drawing, width, height = svg_drawing(shown, excerpt)
        data = graph_data(shown, None if excerpt else given, excerpt) | {"mistake": mode}
        page = _page(shown, data, drawing, (width, height))
        self.html = page.encode(errors="replace").decode()  # half a surrogate pair is no text
        self._height = _frame_height(width, height)
        self._summary, self._run = say("as text"), say("run to play")
        self._picture, self._text, self._steps = _static(shown)
        self._mode, self._recompute, self._is_part = mode, recompute(names), bool(excerpt)

    def save(self, path: str | os.PathLike[str], *, theme: str = "light") -> None:
        """Write the page, which opens in any browser, or the backward pass as pictures.

        The suffix says which: "backprop.html" is the page; "backprop.gif" a moving picture;
        "frames/{:03}.svg" or "frames/{:03}.png" a file for each step, in that folder. Pictures are
        drawn by Matplotlib, the graph in the same place in each, its numbers as the sweep brings
        them.

        Args:
            path: The file; of several files, their number stands for the braces.
            theme: That of pictures, "light" or "dark"; the page follows its reader's system, or
                what its reader chose.

        Raises:
            ValueError: the suffix is another, or several files would have one name; the theme is
                another; the graph is too large to be read, is a part, or no longer held when it
                was played; no font here has a letter of a label.
            ImportError: Matplotlib is missing, for pictures.
            OSError: a file cannot be written.
        """
        suffix = Path(path).suffix.lower()
        if suffix in (".html", ".htm"):
            Path(path).write_text(self.html, encoding="utf-8")
            return
        if suffix not in SUFFIXES:
            raise ValueError(
                "A player is saved as a page, 'backprop.html', as a moving picture, "
                f"'backprop.gif', or as a picture for each step, 'frames/{{:03}}.svg' or .png, not "
                f"as {os.fspath(path)!r}."
            )
        if theme not in ("light", "dark"):
            raise ValueError(f"theme is 'light' or 'dark', not {theme!r}.")
        if self._mode:
            raise ValueError(
                f"Pictures show the right sweep alone: play(root) without mode={self._mode!r}, or "
                "save the page, 'backprop.html'."
            )
        if self._is_part:
            raise ValueError(
                "Pictures show a whole graph, and this is a part of one: save the page, "
                "'backprop.html'."
            )
        if not self._steps:
            raise ValueError(
                "Pictures state equations, and what was recorded no longer holds: write "
                f"{self._recompute}, and play it again."
            )
        save_slides(self._steps, path, theme)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, and what survives where scripts and frames do not.

        A notebook that is not trusted strips them, and shows open what is closed elsewhere.
        """
        picture = base64.b64encode(self._picture.pipe(format="svg")).decode()
        height = f"clamp({LEAST_HEIGHT}px, 88vh, {self._height}px)"  # all of it on a screen
        id_ = f"microrelu-{zlib.crc32(self.html.encode()):08x}"
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts allow-downloads" '
            f'style="width: 100%; height: {height}; border: 0"></iframe>\n'
            f'<details open id="{id_}"><summary>{html.escape(self._summary)}</summary>\n'
            f"<p>{html.escape(self._run)}</p>\n"
            f'<img src="data:image/svg+xml;base64,{picture}" alt="" style="max-width: 100%">\n'
            f"<pre>{html.escape(self._text)}</pre></details>\n"
            f"<script>for (const each of document.querySelectorAll('#{id_}')) {{ "
            "each.open = false; each.querySelector('p')?.remove(); }</script>"
        )

    def __repr__(self) -> str:
        return f"<Player of {len(self.html):,} characters: .save('backprop.html') writes it>"


MODES = ("", "overwrite", "unordered", "unzeroed")


def play(
    root: Value | Any,
    names: Given = ...,
    mode: str = "",
    around: Value | str | Layer | Any | None = None,
) -> Player:
    """The step player of the graph below the root; in a notebook it shows itself.

    First the forward pass, node by node, then the backward pass. Each leaf can be changed in the
    page. The graph's own gradients stay as they are. Where operands were changed after a node was
    computed, as an optimiser does, the page marks the node and states no equation of it.

    Of a page that was saved, an address such as `backprop.html#step=7&w=0.3` opens that step with
    that number in that leaf; where several leaves are labelled alike, `n3=0.3` means the fourth
    node. `?` tells the keys, and has the languages, the themes and the step as a picture.

    Args:
        root: The node that is differentiated; or a node of someone's own engine, as `adopt` takes
            it: where its gradients are wrong, the page marks them, and plays what is right.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on. With the
            names that `expression` gives, its text stands above the picture.
        mode: Opens the backward pass as beginners write it, the wrong gradients beside the right
            ones: "overwrite" with = for +=, "unordered" without topological order, "unzeroed"
            without zeroing.
        around: The part of a large graph that is played: what lies nearest to a node, or to what is
            called so, "z(1)_2", or "z(1)" for all units; or to a Layer of the network. Its numbers
            are those of the whole graph; a leaf is changed only where all that it feeds is shown.

    Raises:
        TypeError: the root is not a Value, nor a node that can be adopted; around is none of these.
        ValueError: the graph has more than 2,000 nodes, and around is not given; or it is no part
            of the graph; or a part is asked for of a graph that no longer holds, or in a mode.
        graphviz.ExecutableNotFound: nothing is installed that lays a graph out.

    >>> player = play(Value(3.0, "x").relu())  # player.save("relu.html") writes it
    >>> player.html[:15]
    '<!DOCTYPE html>'
    """
    if not isinstance(root, Value) and is_node(root):
        root = adopt(root)
    if not isinstance(root, Value):
        raise TypeError(
            f"play needs the Value at the root of a graph, not {type(root).__name__}: play(cost)."
        )
    if mode not in MODES:
        raise ValueError(f"play has the modes {', '.join(map(repr, MODES[1:]))}, not {mode!r}.")
    named = names_for(root, names)
    if around is not None:
        if mode:
            raise ValueError(f"The mode {mode!r} needs the whole graph: leave around out, or mode.")
        if isinstance(root, Adopted) and not isinstance(around, (Value, str, Layer)):
            around = root.ours(around)
        return Player(named, names, mode, excerpt_around(named, around))
    if (count := len(named)) > LARGEST:
        raise ValueError(
            f"play steps through up to {LARGEST:,} nodes, and this graph has {count:,}: "
            "play(root, around=w) plays what lies around a node w, around='z(1)' or around a Layer "
            "that layer, and draw(root, collapse='layers') shows it as a whole."
        )
    return Player(named, names, mode)


# What the page is made of


def _page(names: Names, data: dict[str, Any], drawing: str, size: tuple[float, float]) -> str:
    page, script = _file("page.html"), "\n".join(_file(f"script/{name}") for name in SCRIPTS)
    data = data | {"size": size, "languages": LANGUAGES, "words": _words(page + script)}
    # Inside <script> only "<" can end the element or open a comment; in JSON it may be written so.
    encoded = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    title = f"{TEXT.name(names[names.root]).text}: {say('step by step')}"
    return Template(page).substitute(
        lang=LANGUAGE.get(),
        policy=CONTENT_POLICY,
        title=html.escape(title),
        style=_file("page.css"),
        script=script,
        data=encoded.replace("<", "\\u003c"),
        drawing=drawing,
        graph=html.escape(say("graph")),
        needs_scripts=html.escape(say("needs scripts")),
        width=f"{size[0]:g}",
        height=f"{size[1]:g}",
        text=html.escape(data.get("text", "")),
    )


def _file(name: str) -> str:
    return resources.files("microrelu.player").joinpath(name).read_text(encoding="utf-8")


def _words(text: str) -> dict[str, tuple[str, str, str]]:
    """What the page's text asks of the table of words, in all languages, the gaps still open."""
    return {key: row for key, row in WORDS.items() if f'"{key}"' in text or f"WORDS.{key}" in text}


# What is left where scripts and frames are stripped


def _frame_height(width: float, height: float) -> int:
    """A height for the notebook's frame: the picture at the width of a page, and the panel."""
    shown = height * max(0.65, min(1.4, 900 / width))
    return round(min(max(shown, 100), 400) + 470)


def _static(names: Names) -> tuple[Picture, str, list[Step]]:
    """The picture after one sweep, its steps as text, and the steps, none of what does not hold.

    The graph's gradients are put back.
    """
    root = names.root
    with grads_kept(root):
        for node in names:
            node.grad = 0
        steps: list[Step] = []
        try:
            steps = [*backward_steps(root, names)]
            text = "\n".join([str(s) for s in steps if not isinstance(s.node.operation, Rest)])
        except ValueError:  # the graph no longer holds
            root.backward()
            text = say("no longer holds", recompute=recompute(names))
        with warnings.catch_warnings():  # that a large picture is collapsed goes without saying
            warnings.simplefilter("ignore")
            return draw(root, names=names), text, steps
