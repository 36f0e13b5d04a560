"""Someone's engine held against ours: the first wrong gradient, and what made it so."""

import math
import sys
from types import SimpleNamespace

import engines
import pytest
from engines import RIGHT, Closures, LocalGradients, Nameless, graph, tree

from microrelu import Value, adopt, diagnose, language, relu_at_zero
from microrelu.writing.words import LANGUAGES


def swept(kind, build=graph):
    root, leaves = build(kind)
    root.backward()
    return root, leaves


def stepped(kind):
    a, b, c = kind(0.7), kind(-1.3), kind(2.9)
    return (a * b).relu() * 0.4 * c.tanh(), (a, b, c)


def kinds(report):
    return [mistake.kind for mistake in report.mistakes]


@pytest.mark.parametrize("kind", [*RIGHT, Value])
@pytest.mark.parametrize("build", [graph, tree, stepped])
def test_a_right_engine_is_right(kind, build):
    report = diagnose(swept(kind, build)[0])
    assert report, report
    assert {row.verdict for row in report.rows} == {"right gradient"}
    assert report.mistakes == report.notes == () or kind in (LocalGradients, Nameless, engines.Sets)


MISTAKES = [
    ("Overwrites", graph, "overwritten", "is left. Each overwrote what was there (=)"),
    ("BreadthFirst", graph, "early", "passed its gradient on when it had only"),
    ("Forward", graph, "early", "passed nothing on to it. Either nothing had reached"),
    ("Arrivals", graph, "arrivals", "it passes all of its gradient on once more"),
    ("WithoutSeed", graph, "unswept", "or the gradient of root was not set to 1 first"),
    ("WrongSeed", graph, "seed", "the derivative of root by itself is 1"),
    ("WithoutUpstream", graph, "upstream", "the gradient from above, is lost"),
    ("WithoutLocal", tree, "local", "the local derivative of tanh, is lost"),
    ("WithoutSign", tree, "sign", "with the other sign"),
    ("WithoutStep", stepped, "step", "is closed, and passed 0.3976 on all the same"),
    ("WrongSlope", tree, "slope", "as if its local derivative by"),
    ("WrongClaim", tree, "slope", "has the local derivative 0.2389 by"),
    ("NotANumber", tree, "nan", "is no number, nor is anything below"),
    ("WrongValue", tree, "value", "the operation computes another value"),
]


@pytest.mark.parametrize(("name", "build", "kind", "told"), MISTAKES)
def test_a_mistake_is_named_and_its_engine_makes_no_other(name, build, kind, told):
    root = swept(getattr(engines, name), build)[0]
    report = diagnose(root)
    assert not report
    assert kinds(report) == [kind], report
    assert told in report.mistakes[0].sentence
    assert report.mistakes[0].sentence in repr(report)


def test_every_engine_with_a_mistake_is_here():
    wrong = {
        name
        for name, kind in vars(engines).items()
        if isinstance(kind, type) and issubclass(kind, (Closures, LocalGradients))
    } - {"Sets", "Slopes", *(kind.__name__ for kind in RIGHT)}
    assert wrong == {name for name, *_ in MISTAKES} | {"OverwritesAndForgets"}


def test_overwritten_to_the_letter():
    a, b = engines.Overwrites(-2.0, label="a"), engines.Overwrites(3.0, label="b")
    e, d = a * b, a + b
    f = d * e
    f.backward()
    report = diagnose(f, names={"d": d, "e": e, "f": f})
    assert not report
    first = report.mistakes[0]
    assert first.sentence.startswith("b got ")
    assert " and should have got −8: of its 2 contributions, " in first.sentence
    assert "−6 from d" in first.sentence
    assert "−2 from e" in first.sentence


def test_the_first_wrong_node_is_named_and_what_follows_is_no_mistake():
    root, (a, b, _) = swept(engines.WithoutSign, tree)
    report = diagnose(root, names={"a": a, "b": b})
    verdicts = {row.node: row.verdict for row in report.rows}
    assert (verdicts["a"], verdicts["b"]) == ("follows", "follows")
    assert list(verdicts.values()).count("WRONG") == 1
    assert report.mistakes[0].nodes[0].operation.name == "multiply"


def test_of_two_mistakes_the_first_and_then_what_remains():
    kind = engines.OverwritesAndForgets
    a, b, c = kind(0.7, label="a"), kind(-1.3, label="b"), kind(2.9, label="c")
    h = (a * b + c) * 0.3
    root = h.tanh() * 1.7 + a * 0.9
    root.backward()
    report = diagnose(root)
    assert kinds(report) == ["local", "overwritten"]
    assert report.mistakes[1].sentence.startswith("What remains when that is put right: a got ")


def test_what_an_earlier_sweep_left():
    root, leaves = swept(Closures)
    root.backward()  # inner nodes too
    assert kinds(diagnose(root)) == ["again"]
    root, leaves = swept(Closures)
    for leaf in leaves:
        leaf.grad *= 3
    report = diagnose(root)
    assert kinds(report) == ["earlier"]
    assert "it is 3 times that" in report.mistakes[0].sentence
    assert len(report.mistakes[0].nodes) == 3


def test_what_a_sweep_of_another_graph_left_may_be_so():
    root, (a, _, _) = swept(Closures)
    a.grad += 0.77
    sentence = diagnose(root).mistakes[0].sentence
    assert "perhaps 0.77 of it is left from an earlier sweep" in sentence


def test_a_root_that_starts_rightly_but_keeps_nothing():
    root, _ = swept(LocalGradients)
    root.grad = 0
    report = diagnose(root)
    assert kinds(report) == ["seed"]
    assert [row.verdict for row in report.rows].count("WRONG") == 1


def test_a_recursion_that_ended():
    node = Closures(0.5)
    for _ in range(sys.getrecursionlimit()):
        node = node * 0.9
    with pytest.raises(RecursionError):
        node.backward()
    report = diagnose(node)
    assert kinds(report)[0] == "recursion"
    assert "Python's recursion ends at" in report.mistakes[0].sentence


def test_data_that_changed_after_the_sweep():
    root, (a, _, _) = swept(Closures)
    a.data -= 0.1
    assert set(kinds(diagnose(root))) == {"value"}


def test_a_value_that_is_no_number():
    x = Closures(0.5)
    root = x.made(math.inf, (x,), (1.0,), "exp") * 2.5
    root.backward()
    report = diagnose(root)
    assert kinds(report)[0] == "nan"
    assert not report


def test_either_slope_at_a_kink_is_right():
    for slope in (0.0, 1.0):
        with relu_at_zero(slope):
            root, _ = swept(Closures, lambda kind: (kind(0.0).relu() * 3.0, ()))
            assert diagnose(root)


def test_an_operation_that_several_fit_is_blamed_for_nothing():
    a, b = Nameless(2.0, name="a"), Nameless(2.0, name="b")
    root = (a * b).tanh()
    root.backward()
    a.grad = 77.0
    report = diagnose(root)
    assert report
    assert "may have been made by any of +, ×, aᵇ" in report.notes[0]


def test_what_is_unknown_is_taken_at_its_word_or_not_judged():
    x = LocalGradients(0.4)
    root = LocalGradients(0.72, (x,), (0.31,))
    root.backward()
    assert "taken as it claims them" in diagnose(root).notes[0]
    report = diagnose(SimpleNamespace(data=0.72, grad=1.0, prev=[SimpleNamespace(data=0.4)]))
    assert not report
    assert "nothing below it can be judged" in report.notes[0]


def test_other_names_of_attributes_go_through_adopt():
    w = SimpleNamespace(val=2.0, kids=(), slope=3.0)
    root = SimpleNamespace(val=6.0, kids=[w, 3.0], slope=1.0)
    assert diagnose(adopt(root, operands="kids", number="val", gradient="slope"))


def test_nothing_of_theirs_is_changed():
    root, leaves = swept(engines.Overwrites)
    before = [leaf.grad for leaf in leaves]
    diagnose(root)
    assert [leaf.grad for leaf in leaves] == before


@pytest.mark.parametrize("name", LANGUAGES)
def test_it_speaks_every_language_and_is_a_table_in_html(name):
    root = swept(engines.Overwrites)[0]
    with language(name):
        report = diagnose(root)
    assert report._repr_html_().startswith("<table")
    assert ("should have got" in repr(report)) == (name == "en")
    assert report.language == name


def test_a_large_graph_shows_what_is_wrong_first():
    node = engines.WithoutLocal(0.5)
    for _ in range(60):
        node = node.tanh() * 1.1
    node.backward()
    report = repr(diagnose(node))
    assert report.splitlines()[1].endswith("WRONG")
    assert "more." in report
