"""Labels, numbers and formulas as text, LaTeX and MathML, to the letter."""

import json
import math
from pathlib import Path

import matplotlib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib import mathtext

from microrelu import Value, engine, operations, weighted_sum
from microrelu.text import split_label
from microrelu.writing.figures import number
from microrelu.writing.names import MOST_EDGES, node_names
from microrelu.writing.notation import LATEX, MATHML, TEXT
from microrelu.writing.writer import Writer


@pytest.mark.parametrize(
    ("label", "text", "latex", "mathml"),
    [
        ("x", "x", "x", "<mi>x</mi>"),
        ("x1", "x₁", "x_{1}", "<msub><mi>x</mi><mn>1</mn></msub>"),
        ("x_1", "x₁", "x_{1}", "<msub><mi>x</mi><mn>1</mn></msub>"),
        ("x_max", "x_max", r"x_{\text{max}}", "<msub><mi>x</mi><mi>max</mi></msub>"),
        (
            "W(0)_1,2",
            "W⁽⁰⁾₁,₂",
            "W^{(0)}_{1,2}",
            "<msubsup><mi>W</mi><mn>1,2</mn>"
            "<mrow><mo>(</mo><mn>0</mn><mo>)</mo></mrow></msubsup>",
        ),
        (
            "b(0)",
            "b⁽⁰⁾",
            "b^{(0)}",
            "<msup><mi>b</mi><mrow><mo>(</mo><mn>0</mn><mo>)</mo></mrow></msup>",
        ),
        ("ŷ", "ŷ", r"\hat{y}", "<mi>ŷ</mi>"),
        ("loss", "loss", r"\mathit{loss}", "<mi>loss</mi>"),
        ("learning_rate", "learning_rate", r"\mathit{learning\_rate}", "<mi>learning_rate</mi>"),
        ("<script>", "<script>", r"\text{<script>}", "<mtext>&lt;script&gt;</mtext>"),
        (
            "50 % {a}_\\",
            "50 % {a}_\\",
            r"\text{50 \% \{a\}\_\textbackslash{}}",
            "<mtext>50 % {a}_\\</mtext>",
        ),
        ("重み", "重み", r"\mathit{重み}", "<mi>重み</mi>"),
        ("w_i_j", "w_i_j", r"w_{\text{i\_j}}", "<msub><mi>w</mi><mi>i_j</mi></msub>"),
        (
            "r(0)_1′",
            "r⁽⁰⁾₁′",
            r"r^{(0)\prime}_{1}",
            "<msubsup><mi>r</mi><mn>1</mn>"
            "<mrow><mo>(</mo><mn>0</mn><mo>)</mo><mo>′</mo></mrow></msubsup>",
        ),
        (
            "x_1[2]",
            "x₁[2]",
            "x_{1}[2]",
            "<mrow><msub><mi>x</mi><mn>1</mn></msub><mo>[</mo><mn>2</mn><mo>]</mo></mrow>",
        ),
    ],
)  # fmt: skip
def test_a_label_is_set_with_its_superscript_and_subscript_or_literally(label, text, latex, mathml):
    assert [each.name(label).text for each in (TEXT, LATEX, MATHML)] == [text, latex, mathml]


def test_subscript_digits_typed_as_such_are_the_same_label():
    assert split_label("w₁₂") == split_label("w12") == ("w", "", "12", "")


@pytest.mark.parametrize(
    ("x", "written"),
    [
        (0.0, "0"), (-0.0, "0"), (2.0, "2"), (-0.5, "−0.5"), (1 / 3, "0.3333"), (0.1 + 0.2, "0.3"),
        (123456.7, "123457"), (12345678.0, "1.235×10⁷"), (1.5e-8, "1.5×10⁻⁸"), (-1e300, "−1×10³⁰⁰"),
        (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "NaN"),
        (2.00004, "2.000"), (-11.9998, "−12.00"), (6.32001e-6, "6.320×10⁻⁶"), (1.51, "1.51"),
        (999999.7, "1.00000×10⁶"), (0.1 + 1e-13, "0.1"), (0.1 + 1e-11, "0.1000"),
    ],
)  # fmt: skip
def test_a_number_has_four_significant_digits_and_a_true_minus_sign(x, written):
    assert number(x) == written


@given(st.floats(-1e300, 1e300), st.integers(2, 12))
def test_a_number_is_rounded_to_its_digits_and_exact_where_it_is_shorter(x, digits):
    text, _, exponent = number(x, digits).replace("−", "-").partition("×10")
    raised = exponent.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    significant = len(text.strip("-").replace(".", "").lstrip("0"))
    places = len(text.partition(".")[2]) - int(raised or 0)
    half_a_unit = 0.5 * 10.0**-places if significant >= digits else abs(x) * 0.5e-11
    assert abs(float(f"{text}e{raised or 0}") - x) <= half_a_unit * (1 + 1e-9)


def test_a_power_of_ten_is_set_as_one():
    assert LATEX.number(-1.5e-8).text == r"-1.5 \times 10^{-8}"
    assert MATHML.number(1.5e-8).text == (
        "<mrow><mn>1.5</mn><mo>×</mo><msup><mn>10</mn><mn>−8</mn></msup></mrow>"
    )


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        ("-a**2", "−a²", "-a^{2}"),
        ("(-a)**2", "(−a)²", r"\left(-a\right)^{2}"),
        ("a - (b - c)", "a − (b − c)", r"a - \left(b - c\right)"),
        ("(a - b) - c", "a − b − c", "a - b - c"),
        ("a + (b - c)", "a + b − c", "a + b - c"),
        ("a + -b", "a + (−b)", r"a + \left(-b\right)"),
        ("-(a + b)", "−(a + b)", r"-\left(a + b\right)"),
        ("a * (b + c)", "a (b + c)", r"a \, \left(b + c\right)"),
        ("-a * b", "−a b", r"-a \, b"),
        ("a * -b", "a (−b)", r"a \, \left(-b\right)"),
        ("a * 2", "a · 2", r"a \cdot 2"),
        ("2 * 3", "2 · 3", r"2 \cdot 3"),
        ("a @ b @ c", "a · b · c", r"a \cdot b \cdot c"),
        ("a / b / c", "a / b / c", r"\frac{\frac{a}{b}}{c}"),
        ("a / (b * c)", "a / (b c)", r"\frac{a}{b \, c}"),
        ("a * (b / c)", "a (b / c)", r"a \, \frac{b}{c}"),
        ("(a + b) / c", "(a + b) / c", r"\frac{a + b}{c}"),
        ("(a / b)**2", "(a / b)²", r"\left(\frac{a}{b}\right)^{2}"),
        ("a**(b - 1)", "a^(b − 1)", "a^{b - 1}"),
        ("a**-1", "a⁻¹", "a^{-1}"),
        ("a**2**3", "a^(2³)", "a^{2^{3}}"),
        ("(a**2)**3", "(a²)³", r"\left(a^{2}\right)^{3}"),
        ("sqrt(a + b)", "√(a + b)", r"\sqrt{a + b}"),
        ("sqrt(a)**2", "(√a)²", r"\sqrt{a}^{2}"),
        ("2 * sqrt(a)", "2 √a", r"2 \, \sqrt{a}"),
        ("sqrt(sqrt(a))", "√(√a)", r"\sqrt{\sqrt{a}}"),
        ("-a / b * c", "(−a / b) c", r"\frac{-a}{b} \, c"),
        ("a**2.00004", "a^2.000", "a^{2.000}"),
        ("abs(a)", "|a|", r"\left|a\right|"),
        ("max(a, 0)", "max(a, 0)", r"\max\left(a, 0\right)"),
        ("ReLU(a)", "ReLU(a)", r"\operatorname{ReLU}\left(a\right)"),
        ("sigmoid(a)", "σ(a)", r"\sigma\left(a\right)"),
    ],
)
def test_brackets_stand_where_they_are_needed_and_nowhere_else(formula, text, latex):
    assert (TEXT.write(formula, {}).text, LATEX.write(formula, {}).text) == (text, latex)


def test_negative_numbers_are_bracketed_unless_they_come_first():
    minus = {"a": TEXT.number(-0.4), "b": TEXT.number(-2.0)}
    assert TEXT.write("a @ b", minus).text == "−0.4 · (−2)"
    assert TEXT.write("a**2 - b", minus).text == "(−0.4)² − (−2)"


def test_a_formula_of_anything_else_is_refused():
    with pytest.raises(ValueError, match="A formula is made of names, numbers"):
        TEXT.write("a if b else c", {})


#: Each operation with its equation and local derivatives, as text, as LaTeX and as MathML.
WRITTEN = {
    "add": ("a + b", ["1", "1"], "a + b"),
    "subtract": ("a − b", ["1", "−1"], "a - b"),
    "multiply": ("a b", ["b", "a"], r"a \, b"),
    "divide": ("a / b", ["1 / b", "−a / b²"], r"\frac{a}{b}"),
    "negate": ("−a", ["−1"], "-a"),
    "square": ("a²", ["2 a"], "a^{2}"),
    "power": ("a^b", ["b a^(b − 1)", "a^b log(a)"], "a^{b}"),
    "exp": ("exp(a)", ["exp(a)"], r"\exp\left(a\right)"),
    "log": ("log(a)", ["1 / a"], r"\log\left(a\right)"),
    "sqrt": ("√a", ["1 / (2 √a)"], r"\sqrt{a}"),
    "sin": ("sin(a)", ["cos(a)"], r"\sin\left(a\right)"),
    "cos": ("cos(a)", ["−sin(a)"], r"\cos\left(a\right)"),
    "absolute": ("|a|", ["Step(a) − Step(−a)"], r"\left|a\right|"),
    "maximum": ("max(a, b)", ["Step(a − b)", "1 − Step(a − b)"], r"\max\left(a, b\right)"),
    "minimum": ("min(a, b)", ["Step(b − a)", "1 − Step(b − a)"], r"\min\left(a, b\right)"),
    "relu": ("ReLU(a)", ["Step(a)"], r"\operatorname{ReLU}\left(a\right)"),
    "leaky_relu": (
        "max(a, 0) + b min(a, 0)",
        ["Step(a) + b (1 − Step(a))", "min(a, 0)"],
        r"\max\left(a, 0\right) + b \, \min\left(a, 0\right)",
    ),
    "elu": (
        "max(a, 0) + exp(min(a, 0)) − 1",
        ["exp(min(a, 0))"],
        r"\max\left(a, 0\right) + \exp\left(\min\left(a, 0\right)\right) - 1",
    ),
    "softplus": ("log(1 + exp(a))", ["σ(a)"], r"\log\left(1 + \exp\left(a\right)\right)"),
    "sigmoid": ("σ(a)", ["σ(a) (1 − σ(a))"], r"\sigma\left(a\right)"),
    "tanh": ("tanh(a)", ["1 − tanh(a)²"], r"\tanh\left(a\right)"),
    "total": ("a + b", ["1", "1"], "a + b"),
    "weighted_sum": ("a b + c", ["b", "a", "1"], r"a \, b + c"),
    "log_sum_exp": (
        "log(exp(a) + exp(b))",
        ["exp(a) / (exp(a) + exp(b))", "exp(b) / (exp(a) + exp(b))"],
        r"\log\left(\exp\left(a\right) + \exp\left(b\right)\right)",
    ),
}


def node_of(name):
    """The operation applied to leaves a = 0.5, b = 2 and, for a weighted sum, c."""
    operation = engine.OPERATIONS[name]
    leaves = [Value(0.5, "a"), Value(2.0, "b"), Value(1.0, "c")]
    count = len(operation.operands) or (3 if name == "weighted_sum" else 2)
    return operation.apply(leaves[:count])


@pytest.mark.parametrize("name", WRITTEN)
def test_each_operation_says_its_equation_and_its_local_derivatives(name):
    node = node_of(name)
    names = node_names(node)
    text, derivatives, latex = WRITTEN[name]
    assert Writer(names).value(node).text == text
    assert Writer(names, LATEX).value(node).text == latex
    written = [Writer(names).local_derivative(node, i) for i in range(len(node.parents))]
    assert [each.text for each in written] == derivatives


EXACTLY = json.loads((Path(__file__).parent / "operations.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WRITTEN)
def test_each_operation_is_set_in_latex_and_mathml_to_the_letter(name):
    node = node_of(name)
    names = node_names(node)
    for key, notation in (("latex", LATEX), ("mathml", MATHML)):
        written = [
            Writer(names, notation).local_derivative(node, i) for i in range(len(node.parents))
        ]
        found = {"equation": Writer(names, notation).value(node).text}
        found["derivatives"] = [each.text for each in written]
        assert found == EXACTLY[name][key]


def test_every_operation_of_the_table_stands_in_that_list():
    built_in = {
        name for name, each in engine.OPERATIONS.items()
        if each.function.__module__ == "microrelu.operations"
    }  # fmt: skip
    assert built_in - {"cube"} == set(WRITTEN)  # cube is the docstring's


def test_the_same_tree_is_set_in_mathml():
    tanh = node_of("tanh")
    assert Writer(node_names(tanh), MATHML).local_derivative(tanh, 0).text == (
        "<mrow><mn>1</mn><mo>−</mo><msup><mrow><mi>tanh</mi><mo>&#x2061;</mo>"
        "<mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow></mrow><mn>2</mn></msup></mrow>"
    )
    divide = node_of("divide")
    assert Writer(node_names(divide), MATHML).value(divide).text == (
        "<mfrac><mi>a</mi><mi>b</mi></mfrac>"
    )


def test_unlabelled_nodes_get_short_stable_names_that_no_label_has():
    x = Value(1.0, "x")
    taken = Value(2.0, "v1")
    root = (x * taken + 3).tanh()
    names = node_names(root)
    assert list(names.values()) == ["x", "v1", "v2", "", "v3", "C"]
    assert list(node_names(root).values()) == list(names.values())


def named(*labels):
    """The names of leaves with these labels, which go into one sum."""
    root = operations.total([Value(1.0, label) for label in labels])
    return list(node_names(root).values())[:-1]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["x", "y"], ["x", "y"]),
        (["x", "x"], ["x", "x′"]),
        (["x1", "x_1", "x₁"], ["x1", "x_1′", "x₁″"]),
        (["x"] * 4, ["x[1]", "x[2]", "x[3]", "x[4]"]),
        (["x", "x′", "x"], ["x", "x′", "x″"]),
        (["x", "x′", "x", "x″", "x[1]"], ["x", "x′", "x[2]", "x″", "x[1]"]),
        (["a+b", "a+b"], ["a+b", "a+b′"]),
    ],
)
def test_nodes_whose_labels_are_set_alike_are_told_apart(labels, names):
    assert named(*labels) == names


@given(st.lists(st.sampled_from(["x", "x1", "x_1", "x′", "x[1]", "x[2]", "v_1", "v1", "C", ""])))
def test_no_two_nodes_are_ever_called_alike(labels):
    root = operations.total([Value(1.0, label) * 1 for label in labels])
    for notation in (TEXT, LATEX, MATHML):
        names = [notation.name(name).text for name in node_names(root).values() if name]
        assert len(set(names)) == len(names)


def test_an_unnamed_node_is_not_called_as_a_label_is_set():
    root = Value(2.0, "v_1") * Value(3.0, "x") + 1
    assert list(node_names(root).values()) == ["v_1", "x", "v2", "", "C"]
    root = Value(2.0, "C") * Value(3.0, "x")
    assert list(node_names(root).values()) == ["C", "x", "v1"]


def test_a_label_that_is_no_name_is_bracketed_where_it_stands_in_a_formula():
    node = Value(2.0, "a+b") * Value(3.0, "x")
    names = node_names(node)
    written = [each.write("a * b", {"a": each.name("a+b")}).text for each in (TEXT, LATEX, MATHML)]
    assert written == [
        "(a+b) b",
        r"\left(\text{a+b}\right) \, b",
        "<mrow><mrow><mo>(</mo><mtext>a+b</mtext><mo>)</mo></mrow><mo>&#x2062;</mo><mi>b</mi></mrow>",
    ]
    assert Writer(names).value(node).text == "(a+b) x"
    assert Writer(names).local_derivative(node, 1).text == "(a+b)"
    assert Writer(names).local_symbol(node, 0).text == "∂C/∂(a+b)"
    assert TEXT.write("f(a)", {"a": TEXT.name("a+b")}).text == "f(a+b)"
    assert TEXT.write("f(a, b)", {"a": TEXT.name("p, q")}).text == "f((p, q), b)"
    assert TEXT.name("a+b′").text == "(a+b)′"


def is_valid_latex(text):
    try:
        mathtext.MathTextParser("path").parse(f"${text}$")
    except ValueError:
        return False
    return True


knows_text = pytest.mark.skipif(
    matplotlib.__version_info__[:2] < (3, 11),
    reason="Matplotlib reads what is escaped inside \\text from 3.11 on, which needs Python 3.11",
)


@knows_text
@example("w_i_j_k")
@example("x_a_b_c")
@example("W(a_b_c)")
@example("v__")
@example("x(−1)_k,2")
@given(st.text("wxyW1_(),+-^{}$&#%~\\é'′″[] ", min_size=1, max_size=9))
def test_every_label_is_valid_latex_wherever_it_stands(label):
    name = LATEX.name(label)
    formula = LATEX.write("a - a**2 * b**a + sqrt(a) / a - (-a * ReLU(a))", {"a": name})
    others = name, LATEX.partial(name, name), LATEX.place_partial(name, 12)
    assert is_valid_latex(" = ".join(part.text for part in (formula, *others)))


@knows_text
def test_invalid_latex_is_found():
    assert not any(
        map(is_valid_latex, ["w_{i_j_k}", "x_{1}_{2}", "v_{_}", "x^{2}^{3}", r"\text{{}"])
    )


def test_constants_are_written_as_their_numbers():
    node = 2 * Value(3.0, "x")
    assert Writer(node_names(node)).value(node).text == "2 x"


def test_a_node_without_operands_is_its_number():
    nothing = operations.total([])
    assert Writer(node_names(nothing)).value(nothing).text == "0"


def symbols(node, root=None):
    """The symbol of each local derivative of a node."""
    names = node_names(node if root is None else root)
    found = [Writer(names).local_symbol(node, i) for i in range(len(node.parents))]
    return [each and each.text for each in found]


def test_a_local_derivative_has_the_symbol_of_a_gradient_only_where_it_is_one():
    v, z = Value(0.5, "v"), Value(2.0, "z")
    product = v * z
    assert symbols(product) == ["∂C/∂v", "∂C/∂z"]
    assert symbols(product - z) == ["∂C/∂v₁", "∂(v₁ − z)/∂z"]
    assert symbols(product, product - z) == ["∂v₁/∂v", "∂v₁/∂z"]
    assert symbols(operations.maximum(z, product)) == ["∂max(z, v₁)/∂z", "∂C/∂v₁"]
    assert symbols(v * v) == [None, None]  # each is written v
    assert symbols(v**v) == [None, None]


@pytest.mark.usefixtures("table")
def test_a_local_derivative_that_is_not_written_is_told_by_its_place():
    @operations.operation()
    def blend(a, b):
        return 0.3 * a + 0.7 * b, (0.3, 0.7)

    z = Value(2.0, "z")
    assert symbols(blend(z, z)) == ["∂₁(blend(z, z))", "∂₂(blend(z, z))"]
    assert symbols(blend(z, z.tanh())) == ["∂blend(z, v₁)/∂z", "∂C/∂v₁"]
    names = node_names(both := blend(z, z))
    assert Writer(names, LATEX).local_symbol(both, 1).text == (
        r"\partial_{2}\left(\operatorname{blend}\left(z, z\right)\right)"
    )
    assert (
        Writer(names, MATHML)
        .local_symbol(both, 1)
        .text.startswith("<mrow><msub><mo>∂</mo><mn>2</mn></msub><mo>(</mo>")
    )
    many = operations.log_sum_exp([*[z, z.tanh()] * 13, Value(1.0, "y")])
    assert symbols(many)[0] == "∂₁(log Σ exp)"
    assert symbols(operations.log_sum_exp(many.parents[1:]))[-1] == "∂C/∂y"
    once = operations.log_sum_exp([z, z.tanh(), *[Value(1.0)] * 24])
    assert symbols(once)[0] == "∂(log Σ exp)/∂z"


def test_where_looking_takes_too_long_the_operation_s_own_function_is_written():
    for length, written in ((10, "∂a₁/∂v"), (MOST_EDGES + 1, "∂(v z)/∂v")):
        v, chain = Value(0.5, "v"), Value(0.0).tanh()
        for _ in range(length):
            chain = chain.tanh()
        chain.label = "z"
        product = v * chain
        product.label = "a_1"
        assert symbols(product, product + v)[0] == written


def test_an_operation_of_many_operands_is_written_by_its_symbol():
    wide = weighted_sum([Value(1.0)] * 20, [2.0] * 20)
    assert Writer(node_names(wide)).value(wide).text == "Σ w x + b"


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        (TEXT, "a + (−b + c)"),
        (LATEX, r"a + \left(-b + c\right)"),
        (
            MATHML,
            "<mrow><mi>a</mi><mo>+</mo><mrow><mo>(</mo><mrow><mrow><mo>−</mo><mi>b</mi></mrow>"
            "<mo>+</mo><mi>c</mi></mrow><mo>)</mo></mrow></mrow>",
        ),
    ],
)
def test_no_minus_follows_a_plus(notation, expected):
    assert notation.write("a + (-b + c)", {}).text == expected
    assert notation.write("a + (b + c)", {}).text.count("(") == 0
