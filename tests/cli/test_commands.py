"""The command line: what it reads, what it prints, and what it says of mistakes."""

import json
import math
import os
import re
import subprocess
import sys

import pytest

import microrelu
from microrelu import backward_steps, check_gradients, language, topological_order
from microrelu.cli.commands import main
from microrelu.cli.output import GRADIENT, HEADING, VALUE
from microrelu.expressions import expression, functions
from microrelu.text import text_width
from microrelu.writing.words import LANGUAGES, WORDS

NEURON = ["(y - relu(w*x + b))**2 / 2", "w=0.5", "x=2", "b=0.1", "y=3"]
ADVICE = "Write only names, numbers, + - * / ** and functions such as relu(x) here."
TOO_DEEP = "The expression is nested too deeply: name its parts, as in z = w*x + b; relu(z)."
UNREADABLE = "The expression cannot be read from here on."


def read(text, **values):
    return expression(text, **values)[0]


# What it prints


def test_the_readme_expression(capsys):
    assert main(NEURON) == 0
    forward, backward, gradients = capsys.readouterr().out.split("\n\n")
    root = read(NEURON[0], w=0.5, x=2, b=0.1, y=3)
    assert forward.splitlines() == [
        "Forward: values",
        "y  = 3",
        "w  = 0.5",
        "x  = 2",
        "b  = 0.1",
        "v₁ = w x      = 0.5 · 2   = 1",
        "v₂ = v₁ + b   = 1 + 0.1   = 1.1",
        "v₃ = ReLU(v₂) = ReLU(1.1) = 1.1",
        "v₄ = y − v₃   = 3 − 1.1   = 1.9",
        "v₅ = v₄²      = 1.9²      = 3.61",
        "C  = v₅ / 2   = 3.61 / 2  = 1.805",
    ]
    steps = list(backward_steps(root, names=None))
    assert backward == "\n".join(
        ["Backward: gradients", *(str(step) for step in steps if step.contributions)]
    )
    assert "    ∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w = ∂C/∂v₁ · x = −1.9 · 2   = −3.8" in backward
    assert gradients == f"Gradients\n{check_gradients(root, names=None)}\n"
    assert "w     −3.8             −3.8   −3.8     −3.8   agrees\n" in gradients


def test_parts_that_are_named_keep_their_names(capsys):
    named = "z = w*x + b; r = relu(z); C = (y - r)**2 / 2"
    assert main([named, *NEURON[1:]]) == 0
    out = capsys.readouterr().out
    assert "\nr  = ReLU(z) = ReLU(1.1) = 1.1\n" in out
    assert "    ∂C/∂z = ∂C/∂r · ∂r/∂z = ∂C/∂r · Step(z) = −1.9 · 1 = −1.9" in out


def test_names_may_be_greek_and_are_read_as_python_reads_them(capsys):
    assert main(["θ * ℎ", "θ=0.5", "h=2"]) == 0
    assert "C = θ h = 0.5 · 2 = 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "number"), [("x=-0.5", -0.5), ("x=1e-3", 1e-3), ("x=inf", math.inf), ("x = 4", 4.0)]
)
def test_numbers_that_a_name_can_have(given, number, capsys):
    main(["x + y", given, "y=1", "--json"])
    assert float(json.loads(capsys.readouterr().out)["nodes"][0]["value"]) == number


def test_an_expression_may_begin_with_a_minus_sign(capsys):
    assert main(["-x**2", "x=3"]) == 0
    assert "C  = −v₁ = −9 = −9\n" in capsys.readouterr().out
    assert main(["--x*2", "x=3"]) == 0
    assert "C  = v₂ · 2 = 3 · 2 = 6\n" in capsys.readouterr().out


def test_options_stand_anywhere(capsys):
    assert main(["--relu-at-zero", "0.5", "relu(x)", "--json", "x=0"]) == 0
    assert json.loads(capsys.readouterr().out)["gradients"]["x"]["gradient"] == 0.5


def test_relu_at_zero_holds_for_one_command(capsys):
    main(["relu(x)", "x=0", "--relu-at-zero", "0"])
    assert "ReLU(0)" in capsys.readouterr().out
    assert read("relu(x)", x=0.0).local_derivatives == (1.0,)


def test_a_variable_called_train_stands_in_brackets(capsys):
    assert main(["(train) * 2", "train=3"]) == 0
    assert "C     = train · 2 = 3 · 2 = 6\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_help_has_an_example_and_every_function(name, capsys):
    with pytest.raises(SystemExit) as leave:
        main(["--help", "--lang", name])
    out = capsys.readouterr().out
    assert leave.value.code == 0
    assert out.startswith(WORDS["usage"][LANGUAGES.index(name)])
    assert 'microrelu "(y - relu(w*x + b))**2 / 2" w=0.5 x=2 b=0.1 y=3' in out
    assert all(name in out for name in functions())


def test_called_bare_it_helps(capsys):
    assert main([]) == 0
    bare = capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["-h"])
    assert bare == capsys.readouterr()
    assert main(["--lang", "ja"]) == 0
    assert capsys.readouterr().out.startswith("使い方：microrelu EXPRESSION")


def test_its_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as leave:
        main(["--version"])
    assert leave.value.code == 0
    assert capsys.readouterr().out == f"microrelu {microrelu.__version__}\n"


# The language, the terminal's width and its colours


@pytest.mark.parametrize("place", [0, 2, 6])
def test_a_language_holds_for_one_command_and_stands_anywhere(place, capsys):
    arguments = [*NEURON[:place], "--lang", "ja", *NEURON[place:]]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.startswith("順伝播：値\n")
    assert "  計 −3.8\n" in out
    assert main(NEURON) == 0
    assert capsys.readouterr().out.startswith("Forward: values\n")


def test_without_lang_the_language_in_force_is_spoken(capsys):
    with language("id"):
        assert main(NEURON) == 0
    assert capsys.readouterr().out.startswith("Propagasi maju: nilai\n")


LONG = [
    "r = relu(a_long_variable_name - z); exp(r) * r / z + max(z, a_long_variable_name)"
    + " + sum(z, r, r, r, r, r, r, r, a_long_variable_name, a_long_variable_name, z, z)",
    "a_long_variable_name=0.123456789",
    "z=-2.3456789",
]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize("arguments", [NEURON, LONG, [], ["train", "xor", "--steps=1"]])
def test_what_is_printed_fits_the_terminal_and_loses_nothing(
    arguments, name, width, monkeypatch, capsys
):
    said = []
    for columns in (width, 10_000):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main([*arguments, "--lang", name]) == 0
        said.append(capsys.readouterr().out)
    assert said[0].split() == said[1].split() or name == "ja"  # which is broken within a sentence
    assert "".join(said[0].split()) == "".join(said[1].split())
    shown = [line for line in said[0].splitlines() if not line.startswith("  microrelu")]
    assert max(map(text_width, shown)) <= width


def test_a_broken_equation_goes_on_below_its_equals_sign(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    main(NEURON)
    assert (
        "    ∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w = ∂C/∂v₁ · x = −1.9 · 2 = −3.8\n"
        "          total −3.8\n" in capsys.readouterr().out
    )


def test_a_table_that_is_too_wide_has_its_names_on_lines_of_their_own(monkeypatch, capsys):
    arguments = ["exp(a_variable_of_a_long_name_indeed)", "a_variable_of_a_long_name_indeed=0.123"]
    monkeypatch.setenv("COLUMNS", "100")
    main(arguments)
    assert "\na_variable_of_a_long_name_indeed  1.1308844 " in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "80")
    main(arguments)
    assert (
        "leaf\n"
        "    backpropagation  left       central    right      verdict\n"
        "a_variable_of_a_long_name_indeed\n"
        "    1.1308844        1.1308844  1.1308844  1.1308844  agrees\n"
    ) in capsys.readouterr().out


def colours(text):
    """The text without its colours, and what stands in each of them."""
    found = re.findall(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m", text)
    return re.sub(r"\x1b\[[\d;]+m", "", text), found


@pytest.mark.parametrize("name", LANGUAGES)
def test_on_a_terminal_values_are_blue_and_gradients_orange(name, monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    arguments = ["relu(w * x)", "w=-2", "x=3", "--lang", name]
    assert main(arguments) == 0
    plain = capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(arguments) == 0
    text, found = colours(capsys.readouterr().out)
    assert text == plain
    assert [shown for color, shown in found if color == VALUE] == ["−2", "3", "−6", "0", "0", "−6"]
    gradients = [shown for color, shown in found if color == GRADIENT]
    assert gradients == ["1", *["0"] * 9]
    assert [shown for color, shown in found if color == HEADING] == [
        WORDS[key][LANGUAGES.index(name)] for key in ("forward", "backward", "gradients")
    ]


@pytest.mark.parametrize(
    ("variable", "value", "is_coloured"),
    [("NO_COLOR", "", True), ("NO_COLOR", "0", False), ("TERM", "dumb", False)],
)
def test_whoever_wants_no_colours_has_none(variable, value, is_coloured, monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(NEURON) == 0
    assert ("\x1b" in capsys.readouterr().out) == is_coloured


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_a_terminal_has_colours_and_a_pipe_none():
    import pty

    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    arguments = [sys.executable, "-m", "microrelu", *NEURON]
    subprocess.run(arguments, stdout=theirs, env=environment | {"TERM": "xterm"}, check=True)
    assert b"\x1b[38;5;166m" in os.read(ours, 10_000)
    os.close(ours)
    os.close(theirs)
    with run(*NEURON) as process:
        assert b"\x1b" not in process.stdout.read()


# JSON


def test_json_says_what_the_engine_says(capsys):
    assert main([*NEURON, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    root = read(NEURON[0], w=0.5, x=2.0, b=0.1, y=3.0)
    root.backward()
    order = topological_order(root)
    assert said["expression"] == NEURON[0]
    assert said["relu_at_zero"] == 1.0
    assert said["value"] == root.data
    assert [node["value"] for node in said["nodes"]] == [node.data for node in order]
    assert [node["gradient"] for node in said["nodes"]] == [node.grad for node in order]
    assert [[order[i] for i in node["parents"]] for node in said["nodes"]] == [
        list(node.parents) for node in order
    ]
    assert {leaf: row["gradient"] for leaf, row in said["gradients"].items()} == {
        node.label: node.grad for node in order if node.label
    }
    assert said["agrees"] is True


def test_json_steps_add_up_to_the_gradients(capsys):
    main(["z = x*x + x; z * z", "x=3", "--json"])
    said = json.loads(capsys.readouterr().out)
    totals = [0.0] * len(said["nodes"])
    for step in said["steps"]:
        for each in step["contributions"]:
            assert each["amount"] == step["upstream"] * each["local_derivative"]
            totals[each["parent"]] += each["amount"]
            assert each["running_total"] == totals[each["parent"]]
    assert totals[0] == said["nodes"][0]["gradient"] == 168.0


def test_json_without_numbers_that_json_does_not_have(capsys):
    status = main(["x * w - w", "x=inf", "w=-inf", "--json"])
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    values = [node["value"] for node in said["nodes"]]
    assert values == ["Infinity", "-Infinity", "-Infinity", "NaN"]
    assert list(map(float, values))[:3] == [math.inf, -math.inf, -math.inf]
    assert status == 1  # where no difference can be taken, nothing is confirmed


def test_what_cannot_be_measured_is_not_confirmed(capsys):
    expression = ["sin(x * 1e8)", "x=33333333333333333"]
    assert main([*expression, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert not said["agrees"]
    row = said["gradients"]["x"]
    assert (row["agrees"], row["verdict"]) == (None, "cannot be measured here")
    assert main(expression) == 1
    assert "0 of 1 agree, 1 cannot be measured here. Furthest" in capsys.readouterr().out


# Mistakes: one clear line, with the place where it helps


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("w x", [UNREADABLE, "w x", "  ^"]),
        ("λ*日本 +* 3", [UNREADABLE, "λ*日本 +* 3", "        ^"]),
        ("2 +", ["The expression ends too early: something is missing here.", "2 +", "   ^"]),
        ("2x", ["A * is missing after this number.", "2x", "^"]),
        ("2(x)", ["A * is missing between the number and its bracket.", "2(x)", "^^^^"]),
        ("relu(x", ["This bracket is never closed.", "relu(x", "    ^"]),
        ("x)", ["This bracket was never opened.", "x)", " ^"]),
        ("(x]", ["This bracket closes one of another kind.", "(x]", "  ^"]),
        ("x^2", ["Write ** instead of ^ here.", "x^2", " ^"]),
        ("2 × x", ["Write * instead of × here.", "2 × x", "  ^"]),
        ("x − 2", ["Write - instead of − here.", "x − 2", "  ^"]),
        ("x²", ["Write **2 instead of ² here.", "x²", " ^"]),
        ("x₁ + 1", ["Write _1 instead of ₁ here.", "x₁ + 1", " ^"]),
        (
            "lambda*x",
            [
                "lambda is a word of Python's own: choose another name, lambda_ say.",
                "lambda*x",
                "^^^^^^",
            ],
        ),
        ("x.relu()", ["Write relu(x), with the operand in brackets.", "x.relu()", "^^^^^^^^"]),
        ("1 + x.data", [ADVICE, "1 + x.data", "    ^^^^^^"]),
        ("x[0]", [ADVICE, "x[0]", "^^^^"]),
        ("x // 2", [ADVICE, "x // 2", "^^^^^^"]),
        ("x == 2", [ADVICE, "x == 2", "^^^^^^"]),
        ("~x", [ADVICE, "~x", "^^"]),
        ("2j * x", [ADVICE, "2j * x", "^^"]),
        ("(x, x)", [ADVICE, "(x, x)", "^^^^^^"]),
        ("(x := 2)", [ADVICE, "(x := 2)", " ^^^^^^"]),
        ("relu(*x)", [ADVICE, "relu(*x)", "     ^^"]),
        ("relu(a=x)", [ADVICE, "relu(a=x)", "^^^^^^^^^"]),
        ("relu()", ["relu needs an operand: write relu(x), say.", "relu()", "^^^^^^"]),
        ("relu(x, 1)", ["relu(a) was given 2 operands.", "relu(x, 1)", "^^^^^^^^^^"]),
        ("x(2)", ["x is a number: write x*(...) for a product.", "x(2)", "^^^^"]),
        (
            "1 + rleu(x)",
            ["There is no function rleu: did you mean relu?", "1 + rleu(x)", "    ^^^^^^^"],
        ),
        (
            "relu * x",
            ["No value is given for relu: write relu(...) for the function.", "relu * x", "^^^^"],
        ),
        (
            "v + w*x",
            ["No value is given for v, w: add v=0.5 w=0.5, say.", "v + w*x", "^"],
        ),
        ("x; x", ["Name this part, as in z = w*x; relu(z).", "x; x", "^"]),
        ("x = 3; x", ["x has a value already: choose another name.", "x = 3; x", "    ^"]),
        ("z = x; relu(y = 1)", [ADVICE, "z = x; relu(y = 1)", "       ^^^^^^^^^^^"]),
        ("z = x; 2", ["The expression does not use z."]),
        ("2", ["The expression does not use x."]),
        ("import x", None),
        ("__import__('os').system('true')", [ADVICE, None, "           ^"]),
        ("'x'", [ADVICE, "'x'", "^"]),
        ("x # x", [ADVICE, "x # x", "  ^"]),
        (
            "9**9**9 + x",
            ["power(9.0, 387420489.0) has no value: math range error.", None, "^^^^^^^"],
        ),
        (
            "1/(x - 2)",
            ["divide(1.0, 0.0) has no value: float division by zero.", None, "^^^^^^^^^"],
        ),
        ("log(-x)", ["log(-2.0) has no value: math domain error.", "log(-x)", "^^^^^^^"]),
        ("9" * 400, ["The expression does not use x."]),
        (
            "(x +\n" + "9" * 60 + "0" * 300 + ")",
            [
                "This integer is too large for a float: scale it first.",
                "9" * 60 + "0" * 16 + "…",
                "^" * 76,
            ],
        ),
        ("9" * 5000, ["An integer in the expression is too large for a float."]),
        ("x*" * 60 + "y" + "*x" * 60, None),
        ("", ['The expression is empty: write "relu(w*x + b)" w=0.5, say.']),
        (" \n ", ['The expression is empty: write "relu(w*x + b)" w=0.5, say.']),
        ("-" * 10_000 + "x", [TOO_DEEP]),
        ("+".join("x" * 5_000), [TOO_DEEP]),
        ("relu(" * 1_000 + "x" + ")" * 1_000, [TOO_DEEP]),
        ("x**" * 5_000 + "x", [TOO_DEEP]),
        ("x" * 20_001, ["The expression is longer than 20000 characters."]),
        ("x\0", ["The expression has characters that are not text.", "x ", " ^"]),
        ("x\udc80", ["The expression has characters that are not text."]),
        ("\x1b[31m", ["The expression has characters that are not text.", " [31m", "^"]),
    ],
)
def test_a_mistake_in_the_expression(expression, said, capsys):
    assert main([expression, "x=2"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("microrelu: ")
    assert len(lines) in (1, 3)
    if said:
        said[1:2] = [expression if each is None else each for each in said[1:2]]
        assert lines == [f"microrelu: {said[0]}", *(f"    {each}" for each in said[1:])]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "x=abc"], "x needs a number after its =, such as x=0.5, not 'abc'."),
        (["x", "x="], "x needs a number after its =, such as x=0.5, not ''."),
        (["x", "x=1/3"], "x needs a number after its =, such as x=0.5, not '1/3'."),
        (["x", "x"], "'x' gives no name a number: write w=0.5, after the expression in quotes."),
        (
            ["x", "2=3"],
            "'2=3' gives no name a number: write w=0.5, after the expression in quotes.",
        ),
        (["x", "x=1", "x=2"], "x is given twice."),
        (["x", "x=1", "b=2", "a=3"], "The expression does not use a, b."),
        (
            ["lambda_ * x", "lambda=1"],
            "lambda is a word of Python's own: choose another name, lambda_ say.",
        ),
        (["2 + 3"], "The expression has no variable: name one, as in relu(x) with x=2."),
        (["x", "x=1", "--bogus"], "Unrecognized arguments: --bogus (see microrelu --help)."),
        (["x", "x=1", "--relu-at-zero", "2"], "--relu-at-zero takes a slope from 0 to 1, not 2.0."),
        (
            ["x", "x=1", "--relu-at-zero", "nan"],
            "--relu-at-zero takes a slope from 0 to 1, not nan.",
        ),
        (["--lang"], "Argument --lang: expected one argument (see microrelu --help)."),
        (
            ["train", "moons", "--steps", "0"],
            "--steps takes a number from 1 to 1000000000, not 0.",
        ),
        (
            ["train", "moons", "--steps", "9" * 20],
            f"--steps takes a number from 1 to 1000000000, not {'9' * 20}.",
        ),
        (["train", "moons", "--lr", "-1"], "--lr takes a number above 0, not -1.0."),
    ],
)
def test_a_mistake_in_the_arguments(arguments, said, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"microrelu: {said}\n")


@pytest.mark.parametrize(
    "arguments",
    [["train"], ["train", "mars"], ["x", "x=1", "--relu-at-zero", "a"], ["--lang", "fr"]],
)
def test_a_mistake_that_argparse_finds_is_one_line_too(arguments, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[:11]) == ("", 1, "microrelu: ")


# Files, pipes and interruptions


def test_the_picture_is_written_in_each_form(tmp_path, capsys):
    files = [f"--{kind}={tmp_path / kind}" for kind in ("svg", "png", "dot")]
    assert main([*files, *NEURON]) == 0
    assert "<svg" in (tmp_path / "svg").read_text(encoding="utf-8")
    assert (tmp_path / "png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "dot").read_text(encoding="utf-8").startswith("digraph")
    assert "−3.8" in (tmp_path / "dot").read_text(encoding="utf-8")  # with its gradients
    assert capsys.readouterr().err == ""


def test_open_shows_the_file_that_was_written(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("webbrowser.open", lambda url: shown.append(url) or True)
    assert main([*NEURON, "--open", f"--dot={tmp_path / 'neuron.dot'}"]) == 0
    assert shown == [(tmp_path / "neuron.dot").as_uri()]


def test_open_alone_opens_the_player(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    assert main([*NEURON, "--open", "--lang=id"]) == 0
    (page,) = tmp_path.glob("*/player.html")
    assert '<html lang="id">' in page.read_text(encoding="utf-8")
    assert capsys.readouterr().err == f"microrelu: no program was found that shows {page}.\n"


def test_a_file_that_cannot_be_written(tmp_path, capsys):
    path = tmp_path / "nowhere" / "a.dot"
    assert main([*NEURON, f"--dot={path}"]) == 2
    assert capsys.readouterr() == (
        "",
        f"microrelu: {path} cannot be written: No such file or directory\n",
    )


def cannot(arguments, path, capsys):
    """What is said of a file that cannot be written; nothing else is."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, path.exists()) == ("", False)
    begins = f"microrelu: {path} cannot be written: "
    (line,) = (each for each in err.splitlines() if not each.startswith("dot says"))
    assert line.startswith(begins)
    return line.removeprefix(begins)


def test_a_graph_too_large_for_the_player_is_a_mistake(tmp_path, capsys):
    sums = [f"v{i + 1} = v{i}{'+x' * 700}" for i in range(3)]
    text, path = "v0 = x; " + "; ".join(sums) + "; v3", tmp_path / "a.html"
    assert cannot([text, "x=1", f"--html={path}"], path, capsys).startswith(
        "play steps through up to 2,000 nodes, and this graph has 2,101: "
    )


@pytest.mark.parametrize("kind", ["svg", "png", "html"])
def test_without_a_layout_program_the_mistake_says_what_to_install(
    kind, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    path = tmp_path / "a"
    assert "pip install graphviz-pure" in cannot([*NEURON, f"--{kind}={path}"], path, capsys)


@pytest.mark.parametrize("kind", ["svg", "png", "html"])
@pytest.mark.skipif(os.name == "nt", reason="needs a shell script")
def test_a_layout_program_that_fails_is_a_mistake(kind, tmp_path, monkeypatch, capsys):
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\necho dot says no >&2\nexit 3\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = tmp_path / "a"
    expected = f"{dot} failed with exit status 3: dot says no"
    assert cannot([*NEURON, f"--{kind}={path}"], path, capsys) == expected


def test_a_large_graph_is_drawn_with_a_remark(tmp_path, capsys):
    assert main(["+".join(["x"] * 310), "x=1", f"--dot={tmp_path / 'sum.dot'}"]) == 0
    assert capsys.readouterr().err.startswith("microrelu: ")


def run(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "microrelu", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


def test_a_reader_that_has_gone_ends_it_quietly():
    with run(*NEURON) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_terminal_without_mathematical_letters_shows_others():
    with run(*NEURON, PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"?C/?w = ?C/?v? ? ?v?/?w = ?C/?v? ? x = ?1.9 ? 2" in out


def test_an_interruption_ends_it_quietly(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("microrelu.cli.commands.explain", interrupted)
    assert main(NEURON) == 130
    assert capsys.readouterr() == ("", "")


# Training
