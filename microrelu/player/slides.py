"""The backward pass as pictures, one for each step: a moving GIF, or a file for each.

Graphviz lays the graph out once, and Matplotlib draws it for each step with what the sweep has
brought so far; below it stand the step's equations and a sentence.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from microrelu.engine import Constant, Value
from microrelu.picture.fonts import families
from microrelu.picture.look import (
    FAINT,
    GRADIENT,
    GREY,
    INK,
    LAYER_FILL,
    LEAF_FILL,
    LINE,
    NODE_FILL,
    ROOT_FILL,
    VALUE,
)
from microrelu.picture.theme import DARK
from microrelu.player.drawing import Point, center, laid_out, layout, points, visible
from microrelu.steps.graph import unrepeated
from microrelu.steps.reasons import why
from microrelu.steps.sweep import Contribution, Step
from microrelu.text import shortened, text_width, wrapped
from microrelu.writing.notation import TEXT
from microrelu.writing.words import language

SUFFIXES = (".gif", ".svg", ".png")
WIDTH, HEIGHT = 1920, 1080  # pixels of a slide
MARGIN, BELOW = 60, 270  # pixels beside the graph, and below it for equations and sentence
ROOM = WIDTH - 2 * MARGIN
SMALLEST, LARGEST = 8, 46  # pixels of the numbers in the graph; smaller ones nobody reads
MOST = 300  # nodes; the numbers of more are smaller than that in any layout
EQUATION = (46, 34, 22)  # pixels: at most; at least, of several beside each other; of one
SENTENCE = 36
COLORS, DURATION, LAST = 128, 2500, 6000  # of a moving picture; milliseconds of a frame, the last
FEW = 5  # leaves; more of them are flat
# In points, as Graphviz lays out: what is written in boxes, how high a row of it is and the room
# around it; what is written on edges, and the room around it; how far an arrow's head reaches.
NUMBER, ROW, PADDING, CHIP, EDGE, HEAD = 12.0, 15.0, 6.0, 11.0, 2.5, 7.0

Box = tuple[float, float, float, float]  # left, top, width, height


def save_slides(steps: Sequence[Step], path: str | os.PathLike[str], theme: str) -> None:
    """Write the steps as a moving picture or as numbered files, by the suffix.

    Args:
        steps: Those of the whole sweep.
        path: Ends in one of `SUFFIXES`.
        theme: "light" or "dark".

    Raises:
        ValueError: several files would have one name; the graph is too large to be read, or no
            font has a letter of it.
        ImportError: Matplotlib is missing.
        OSError: a file cannot be written.
    """
    try:
        from matplotlib import style
    except ImportError:
        raise ImportError('Slides need Matplotlib: pip install "microrelu[train]".') from None
    same_bytes = {"svg.hashsalt": "microrelu"}
    with style.context(["default", same_bytes]), language(steps[0].writer.language):
        slides = Slides(steps, is_dark=theme == "dark")
        if Path(path).suffix.lower() == ".gif":
            slides.save_gif(path)
        else:
            slides.save_files(os.fspath(path))


class Frame(NamedTuple):
    """What is known at a step.

    Attributes:
        node: Which passes its gradient on, or the root, as the sweep begins.
        gradients: What has been received, as written; "−1.9 + …" is not complete.
        passed: The nodes that have passed theirs on, whose local derivatives are shown.
        equations: Of what is passed on, each once.
        sentence: Why.
    """

    node: Value
    gradients: dict[Value, str]
    passed: set[Value]
    equations: list[str]
    sentence: str


def frames(steps: Sequence[Step]) -> Iterator[Frame]:
    """The root's own gradient, and then each step that passes something on."""
    root, writer = steps[0].root, steps[0].writer
    one = TEXT.number(1.0)
    gradients, passed = {root: one.text}, set[Value]()
    received: Counter[Value] = Counter()
    told = visible(writer.say("seed", node=writer.inline(root)))
    start = visible(TEXT.equation(writer.gradient(root), one))
    yield Frame(root, gradients, passed, [start], told)
    for step in steps:
        if not step.contributions:
            continue
        for contribution in step.contributions:
            parent, total = contribution.parent, TEXT.number(contribution.running_total).text
            received[parent] += 1
            is_complete = received[parent] == writer.names.uses[parent]
            gradients = gradients | {parent: total if is_complete else f"{total} + …"}
        passed = passed | {step.node}
        equations = dict.fromkeys(_equation(step, each) for each in step.contributions)
        told = visible(why(step, writer))
        yield Frame(step.node, gradients, passed, [*equations], told)


def _equation(step: Step, contribution: Contribution) -> str:
    """∂C/∂w = ∂C/∂v₁ · x = −1.9 · 2 = −3.8."""
    *symbols, numbers, amount = step.product(contribution, step.writer)
    sides = [step.writer.gradient(contribution.parent), *symbols[-1:], numbers, amount]
    return visible(TEXT.equation(*unrepeated(sides), gains=not contribution.is_only))


def factor(derivative: float) -> str:
    """A local derivative, as what is multiplied by: ×2, ×(−1)."""
    number = TEXT.number(derivative).text
    return f"×({number})" if number.startswith("−") else f"×{number}"


class Slides:
    """The pictures of one backward pass.

    Args:
        steps: Those of the whole sweep.
        is_dark: In the colours of the dark theme?

    Attributes:
        frames: What each shows.
        derivatives: Of a node by each operand that is not a constant.
        headings: Each node's name, and the symbol of its operation.
        values: Each node's value, as written.
        flat: The leaves, if they are many: each stands in one row, below the others.
        fonts: That have every letter.
        places: Where all stands.
    """

    def __init__(self, steps: Sequence[Step], is_dark: bool) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        writer = steps[0].writer
        self.names, self.is_dark = writer.names, is_dark
        if len(self.names) > MOST:
            _refuse(len(self.names))
        self.frames = [*frames(steps)]
        self.derivatives = {
            (step.node, each.operand): each.local_derivative
            for step in steps
            for each in step.contributions
        }
        self.values = {node: writer.number(node).text for node in self.names}
        self.headings = {
            node: (
                visible(shortened(writer.node(node).text)) if self.names[node] else "",
                visible(shortened(node.operation.symbol)) if node.operation else "",
            )
            for node in self.names
        }
        leaves = {node for node in self.names if not node.parents}
        self.flat = leaves if len(leaves) > FEW else set()
        told = [text for frame in self.frames for text in (*frame.equations, frame.sentence)]
        headings = [text for heading in self.headings.values() for text in heading]
        self.fonts = families("".join([*told, *headings, writer.say("layer", number=0)]))
        self.places = _Places(self)
        self.figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100)
        FigureCanvasAgg(self.figure)

    def gradients(self, node: Value) -> list[str]:
        """All that its gradient is on the way, as written."""
        return [*dict.fromkeys(frame.gradients.get(node, "") for frame in self.frames)]

    def color(self, light: str) -> str:
        """A colour of the light theme in the theme of the slides."""
        return DARK[light] if self.is_dark else light

    def width(self, text: str, pixels: float = 1.0) -> float:
        """How wide a text is at a size."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path

        font = FontProperties(family=self.fonts, size=100)
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
        return float(width) * pixels / 100

    def draw(self, number: int) -> None:
        """Draw one frame, counted from 0."""
        self.figure.clear()
        self.figure.set_facecolor(self.color(NODE_FILL))
        axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
        axes.axis("off")
        pen = _Pen(axes, self, self.frames[number])
        for box, title in self.places.layers:
            pen.layer(box, title)
        for edge in self.places.edges:
            pen.edge(edge)
        for node, box in self.places.boxes.items():
            pen.node(node, box)
        pen.caption(f"{number + 1} / {len(self.frames)}")

    def save_gif(self, path: str | os.PathLike[str]) -> None:
        """All frames in one file, the last of them for longer, over and over."""
        *others, last = range(len(self.frames))
        palette = _palette(self._image(last))  # the one frame in which every colour is
        first, *later = (
            self._image(number).quantize(palette=palette, dither=0) for number in (*others, last)
        )
        durations = [DURATION] * len(others) + [LAST]
        first.save(path, save_all=True, append_images=later, duration=durations, loop=0)

    def _image(self, number: int) -> Any:
        from PIL import Image

        self.draw(number)
        canvas: Any = self.figure.canvas
        canvas.draw()
        size = canvas.get_width_height()
        return Image.frombytes("RGBA", size, bytes(canvas.buffer_rgba())).convert("RGB")

    def save_files(self, pattern: str) -> None:
        """A file for each frame, counted from 1 where the braces are."""
        for number, file in enumerate(_numbered(pattern, len(self.frames))):
            self.draw(number)
            told = "  ".join([*self.frames[number].equations, self.frames[number].sentence])
            is_svg = file.suffix.lower() == ".svg"
            file.parent.mkdir(parents=True, exist_ok=True)
            self.figure.savefig(file, metadata={"Date": None, "Title": told} if is_svg else None)


def _numbered(pattern: str, count: int) -> list[Path]:
    """So many files of the pattern, 001.svg and so on for {:03}.svg."""
    try:
        files = [Path(pattern.format(number)) for number in range(1, count + 1)]
    except (LookupError, ValueError, AttributeError):
        files = []
    if len({*files}) < count:
        path = Path(pattern)
        instead = str(path.with_name("{:03}" + path.suffix))
        raise ValueError(
            f"These are {count} pictures, and {pattern!r} does not say where the number of each "
            f"stands: write {instead!r}, or 'backprop.gif' for all of them in one file."
        )
    return files


def _palette(image: Any) -> Any:
    """The most frequent colours of an image, as they are: white stays white."""
    from PIL import Image

    kept: dict[tuple[int, ...], tuple[int, ...]] = {}  # of those that are alike the first
    for _, color in sorted(image.getcolors(WIDTH * HEIGHT), reverse=True):
        kept.setdefault(tuple(part >> 3 for part in color), color)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in [*kept.values()][:COLORS] for part in color])
    return palette


# Where everything stands


class Edge(NamedTuple):
    """One operand of a node.

    Attributes:
        node: What it is an operand of.
        operand: Which, from 0.
        curve: The corners of Bézier curves, four of the first and three of each other.
        chip: The middle of its local derivative; None of a constant.
    """

    node: Value
    operand: int
    curve: list[Point]
    chip: Point | None


class _Places:
    """Where everything stands, in pixels from the upper left, the same in each frame.

    Attributes:
        scale: Pixels to a unit of the layout.
        boxes: That of each node.
        edges: All of them.
        layers: The box of each layer, and its name.
    """

    def __init__(self, slides: Slides) -> None:
        sizes = {node: _size(slides, node) for node in slides.names}
        labels = {
            edge: _room(slides.width(factor(derivative), CHIP))
            for edge, derivative in slides.derivatives.items()
        }
        picture = layout(slides.names, sizes, labels)
        down = HEIGHT - BELOW - MARGIN
        picture.attr(ranksep="0.25", pad="0", ratio=f"{down / ROOM:.4f}")
        self._labels = labels
        self._groups, self._shift, (width, height) = laid_out(picture)
        self.scale = min(ROOM / width, down / height, LARGEST / NUMBER)
        if NUMBER * self.scale < SMALLEST:
            _refuse(len(sizes))
        self._left = (WIDTH - width * self.scale) / 2
        self._top = MARGIN + (down - height * self.scale) / 2
        self.boxes: dict[Value, Box] = {}
        self.edges: list[Edge] = []
        for i, (node, size) in enumerate(sizes.items()):
            x, y = self._point(*center(self._groups[f"n{i}"], *self._shift))
            width, height = (self.scale * part for part in size)
            self.boxes[node] = x - width / 2, y - height / 2, width, height
            self.edges += [self._edge(node, k, f"e{i}_{k}") for k in range(len(node.parents))]
        self.layers = [self._layer(id_) for id_ in self._groups if id_.startswith("layer")]

    def _point(self, x: float, y: float) -> Point:
        return self._left + x * self.scale, self._top + y * self.scale

    def _points(self, id_: str) -> list[Point]:
        return [self._point(*point) for point in points(self._groups[id_], *self._shift)]

    def _edge(self, node: Value, operand: int, id_: str) -> Edge:
        *curve, end = self._points(id_)
        curve.append(_onward(curve[-1], end, HEAD * self.scale))
        if (node, operand) not in self._labels:
            return Edge(node, operand, curve, None)
        label = next(each for each in self._groups[id_].iter() if each.tag.endswith("}text"))
        at, _ = self._point(float(label.attrib["x"]) + self._shift[0], 0)
        return Edge(node, operand, curve, _along(curve, at))

    def _layer(self, id_: str) -> tuple[Box, str]:
        xs, ys = zip(*self._points(id_), strict=True)
        texts = [each.text or "" for each in self._groups[id_].iter() if "text" in each.tag]
        box = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
        return box, "".join(texts)


def _size(slides: Slides, node: Value) -> Point:
    """The width and height of a node's box, in units of the layout."""
    (name, symbol), value = slides.headings[node], slides.values[node]
    if isinstance(node, Constant) and not name:
        return slides.width(value, CHIP) + 4, CHIP + 4
    head = slides.width(f"{name}   {symbol}" if symbol else name, NUMBER)
    number = slides.width(value, NUMBER)
    gradient = max(slides.width(each, NUMBER) for each in slides.gradients(node))
    if node in slides.flat:
        return head + number + gradient + 4 * PADDING, ROW + PADDING
    return max(head, number, gradient, 2 * ROW) + 2 * PADDING, 3 * ROW + PADDING


def _room(width: float) -> str:
    """A label that is at least so wide, as wide as Graphviz takes it to be."""
    return "0" * math.ceil((width + 2 * EDGE) / 5.5)


def _refuse(count: int) -> None:
    raise ValueError(
        f"In pictures of {WIDTH} × {HEIGHT} pixels the numbers of {count:,} nodes would be less "
        f"than {SMALLEST} high: play a smaller graph that is built alike, or save the page, "
        "'backprop.html', which shows each step large."
    )


def _onward(start: Point, end: Point, length: float) -> Point:
    """Where one comes to who goes on from the end; back, if the length is below 0."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    distance = math.hypot(dx, dy) or 1.0
    return end[0] + dx / distance * length, end[1] + dy / distance * length


def _along(curve: Sequence[Point], at: float) -> Point:
    """The point of the curve that is so far right."""
    found = [
        tuple(
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t**3 * d
            for a, b, c, d in zip(*curve[start : start + 4], strict=True)
        )
        for start in range(0, len(curve) - 1, 3)
        for t in (step / 20 for step in range(21))
    ]
    x, y = min(found, key=lambda point: abs(point[0] - at))
    return x, y


# How it is drawn


class _Pen:
    """Draws the parts of a frame on the axes."""

    def __init__(self, axes: Any, slides: Slides, frame: Frame) -> None:
        self.axes, self.slides, self.frame = axes, slides, frame
        self.scale, self.color = slides.places.scale, slides.color

    def text(self, x: float, y: float, text: str, pixels: float, color: str, **look: Any) -> None:
        """A text at its baseline, letter for letter."""
        look = {"family": self.slides.fonts, "parse_math": False, "zorder": 7, **look}
        self.axes.text(x, y, text, fontsize=0.72 * pixels, color=self.color(color), **look)

    def rectangle(self, box: Box, radius: float, **look: Any) -> None:
        """A box with round corners."""
        from matplotlib.patches import FancyBboxPatch

        x, y, width, height = box
        round_ = f"round,pad=0,rounding_size={radius * self.scale}"
        self.axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=round_, **look))

    def line(self, is_now: bool) -> float:
        """How wide lines are, those of what happens now wider."""
        return self.scale * (1.3 if is_now else 0.5)

    def layer(self, box: Box, title: str) -> None:
        """The ground of a layer."""
        self.rectangle(box, 6, facecolor=self.color(LAYER_FILL), edgecolor="none", zorder=0)
        self.text(box[0] + 5 * self.scale, box[1] + 12 * self.scale, title, 10 * self.scale, GREY)

    def edge(self, edge: Edge) -> None:
        """The curve; orange and back where something is passed on now; the local derivative."""
        from matplotlib.patches import PathPatch, Polygon
        from matplotlib.path import Path as Curve

        derivative = self.slides.derivatives.get((edge.node, edge.operand), math.nan)
        is_passed = edge.node in self.frame.passed and edge.chip is not None
        is_now = is_passed and edge.node is self.frame.node
        curve = edge.curve[::-1] if is_now else edge.curve
        color = self.color(GRADIENT if is_now else FAINT)
        operation = edge.node.operation
        is_blocked = operation is not None and operation.has_kink and derivative == 0
        dash = "--" if is_passed and is_blocked else "-"
        look = {"lw": self.line(is_now), "linestyle": dash, "edgecolor": color}
        codes = [Curve.MOVETO] + [Curve.CURVE4] * (len(curve) - 1)
        level = 2 + is_now
        self.axes.add_patch(PathPatch(Curve(curve, codes), facecolor="none", zorder=level, **look))
        x, y = _onward(curve[-2], curve[-1], -self.scale * (9 if is_now else 5))
        dx, dy = (curve[-1][0] - x) / 3, (curve[-1][1] - y) / 3
        head = [curve[-1], (x - dy, y + dx), (x + dy, y - dx)]
        self.axes.add_patch(Polygon(head, facecolor=color, edgecolor="none", zorder=level))
        if is_passed and edge.chip is not None:
            self.chip(edge.chip, factor(derivative), is_now)

    def chip(self, middle: Point, text: str, is_now: bool) -> None:
        """A text on a line."""
        height = CHIP * self.scale
        width, margin = self.slides.width(text, height), EDGE * self.scale
        left, top = middle[0] - width / 2 - margin, middle[1] - height / 2 - margin
        look = {"edgecolor": self.color(INK) if is_now else "none", "lw": 0.7 * self.scale}
        box = left, top, width + 2 * margin, height + 2 * margin
        self.rectangle(box, 3, facecolor=self.color(NODE_FILL), zorder=4 + is_now, **look)
        self.text(middle[0], middle[1] + 0.37 * height, text, height, INK, ha="center", zorder=5)

    def node(self, node: Value, box: Box) -> None:
        """The box: name and operation, value, gradient."""
        (name, symbol), value = self.slides.headings[node], self.slides.values[node]
        x, y, width, height = box
        middle, margin, size = x + width / 2, PADDING * self.scale, NUMBER * self.scale
        if isinstance(node, Constant) and not name:
            small = CHIP * self.scale
            self.text(middle, y + height / 2 + 0.37 * small, value, small, GREY, ha="center")
            return
        is_now, is_leaf = node is self.frame.node, not node.parents
        fill = self.color(ROOT_FILL if is_now else LEAF_FILL if is_leaf else NODE_FILL)
        edge = self.color(GRADIENT if is_now else LINE)
        look = {"facecolor": fill, "edgecolor": edge, "lw": self.line(is_now), "zorder": 6}
        self.rectangle(box, 10 if is_leaf else 4, **look)
        row, gradient = self.scale * ROW, self.frame.gradients.get(node, "")
        left, right = x + margin, x + width - margin
        if node in self.slides.flat:
            self.text(left, y + row, name, size, INK)
            at = left + self.slides.width(name, size) + margin
            self.text(at, y + row, value, size, VALUE)
            self.text(right, y + row, gradient, size, GRADIENT, ha="right")
            return
        if symbol:
            self.text(left, y + row, name, size, INK)
            self.text(right, y + row, symbol, size, GREY, ha="right")
        else:
            self.text(middle, y + row, name, size, INK, ha="center")
        self.text(middle, y + 2 * row, value, size, VALUE, ha="center")
        self.text(middle, y + 3 * row, gradient, size, GRADIENT, ha="center")

    def caption(self, count: str) -> None:
        """The equations, as many as fit, the sentence below, and which frame it is of how many."""
        line, pixels = self.equations()
        self.text(WIDTH / 2, HEIGHT - 190, line, pixels, INK, ha="center")
        for i, line in enumerate(self.sentence()):
            self.text(WIDTH / 2, HEIGHT - 110 + 50 * i, line, SENTENCE, GREY, ha="center")
        self.text(WIDTH - 30, HEIGHT - 20, count, 24, GREY, ha="right")

    def equations(self) -> tuple[str, float]:
        """As many as fit a line, at least the first, and the size of its letters."""
        largest, smaller, smallest = EQUATION
        equations, width = self.frame.equations, self.slides.width
        for count in range(len(equations), 0, -1):
            shown = [*equations[:count], *["…"] * (count < len(equations))]
            line = "      ".join(shown)
            pixels = min(largest, ROOM / width(line))
            if pixels >= (smaller if count > 1 else smallest):
                return line, pixels
        line = equations[0]
        while width(f"{line}…", smallest) > ROOM:
            line = line[: int(len(line) * 0.95)]
        return f"{line}…", smallest

    def sentence(self) -> list[str]:
        """The sentence in one line, or in two that are about as long."""
        sentence = self.frame.sentence
        width = self.slides.width(sentence, SENTENCE)
        if width <= ROOM:
            return [sentence]
        columns = text_width(sentence) * min(0.55, ROOM / width)
        first, second, *more = wrapped(sentence, int(columns))
        return [first, second + "…" * bool(more)]
