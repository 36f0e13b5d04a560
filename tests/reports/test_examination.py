"""A class held against ours on small graphs: what is required, what lies beyond."""

import engines
import pytest
from engines import RIGHT

from microrelu import Value, diagnose, language
from microrelu.reports.examination import BEYOND, REQUIRED
from microrelu.writing.words import LANGUAGES


def failing(report):
    return [row.code for row in report.rows if row.holds is False]


def test_micrograd_passes_all_that_is_required_and_not_all_that_is_beyond():
    theirs = pytest.importorskip("micrograd.engine", reason="pip install micrograd").Value
    report = diagnose(theirs)
    assert report
    assert set(failing(report)) == {code for code, _ in BEYOND} - {"C = 2.0**a"}
    assert [row.told for row in report.rows if row.holds is None] == [
        f"the class has no {name}" for name in ("tanh", "exp", "log", "sigmoid", "__rpow__")
    ]
    assert repr(report).endswith("Required: 29 of 29 hold. Beyond: 0 of 5. Skipped: 5.")


def test_ours_passes_everything():
    report = diagnose(Value)
    assert all(row.holds for row in report.rows)
    assert report.smallest is report.picture is None
    assert len(report.rows) == len(REQUIRED) + len(BEYOND)


@pytest.mark.parametrize("kind", RIGHT)
def test_right_engines_of_every_shape_pass(kind):
    assert diagnose(kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Overwrites", "overwritten"),
        ("BreadthFirst", "early"),
        ("Forward", "early"),
        ("Arrivals", "arrivals"),
        ("WithoutSeed", "unswept"),
        ("WrongSeed", "seed"),
        ("WithoutUpstream", "upstream"),
        ("WithoutLocal", "local"),
        ("WithoutSign", "sign"),
        ("WithoutStep", "step"),
        ("WrongSlope", "slope"),
        ("WrongClaim", "slope"),
        ("NotANumber", "nan"),
        ("WrongValue", "value"),
    ],
)
def test_a_class_with_a_mistake_fails_and_the_smallest_graph_says_why(name, kind):
    report = diagnose(getattr(engines, name))
    assert not report
    assert report.smallest.mistakes[0].kind == kind


def test_the_smallest_failing_graph_is_told_and_drawn():
    report = diagnose(engines.Overwrites)
    assert report.smallest.root.operation.name == "add"
    assert len(report.smallest.rows) == 2  # a + a
    assert "The smallest graph that fails has 2 nodes:\na got 1 and should" in repr(report)
    assert "C = a + a                                                    required  fails" in repr(
        report
    )
    assert "∂C/∂a is 1, should be 2" in repr(report)
    assert "wrong gradients: 1" in report.picture.source
    assert report._repr_html_().count("<img src=") == 1


def test_in_place_changes_are_seen():
    class InPlace(engines.Closures):
        def __iadd__(self, other):
            self.data += self.lift(other).data
            return self

    of_right = failing(diagnose(engines.Closures))
    assert [code for code in failing(diagnose(InPlace)) if code not in of_right] == [
        "C = a * b; C += c; C *= a",
        "h = a * b; C = h; C += a; C = C * h",
    ]


def test_a_class_that_lacks_nearly_everything_fails_where_nothing_is_skipped():
    class Leaf:
        def __init__(self, data):
            self.data, self.grad = data, 0.0

    report = diagnose(Leaf)
    assert not report
    assert report.smallest is None
    assert "TypeError: unsupported operand type(s) for +" in report.rows[0].told


def test_a_class_of_sums_and_products_is_examined_on_these():
    class Sums:
        def __init__(self, data, children=(), slopes=()):
            self.data, self.grad, self.children, self.slopes = data, 0.0, children, slopes

        def __add__(self, other):
            other = other if isinstance(other, Sums) else Sums(other)
            return Sums(self.data + other.data, (self, other), (1.0, 1.0))

        def __mul__(self, other):
            other = other if isinstance(other, Sums) else Sums(other)
            return Sums(self.data * other.data, (self, other), (other.data, self.data))

        def backward(self):
            self.grad = 1.0
            for node in engines.ordered(self, lambda node: node.children):
                for child, slope in zip(node.children, node.slopes, strict=True):
                    child.grad += node.grad * slope

    report = diagnose(Sums)
    assert report
    assert sum(row.holds is None for row in report.rows) > 15


def test_what_a_class_raises_is_told_in_one_line():
    class Angry(engines.Closures):
        def __init__(self, *given):
            raise SystemExit("no\nmore " * 40)

    report = diagnose(Angry)
    assert not report
    assert report.rows[0].told == "SystemExit: no"


@pytest.mark.parametrize("name", LANGUAGES)
def test_it_speaks_every_language(name):
    with language(name):
        report = diagnose(engines.Overwrites)
    assert ("should be" in repr(report)) == (name == "en")
    assert report.language == name
