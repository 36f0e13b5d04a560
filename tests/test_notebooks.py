"""The lessons run from top to bottom in fresh kernels; what they show and say is what comes out.

Outputs that are committed are those of the run, numbers in the prose were computed, worked answers
give what they say, and a lesson in another language has the same code and the same numbers.
"""

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from itertools import takewhile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

HERE = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(HERE.glob("**/[0-9]*.ipynb"))
ENGLISH = [path for path in NOTEBOOKS if path.parent == HERE]
LONGEST_CELL, LONGEST_OUTPUT, WIDEST = 12, 40, 100  # lines, lines, characters

DECIMAL = re.compile(r"(?<![\d.,])([−-]?)(\d+\.\d+)((?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)(?![\d]|\.\d)")
ANSWERS = re.compile(r"^>>> ", re.MULTILINE)
LANGUAGE = re.compile(
    r'^from microrelu import language\n+|^language\("(id|ja)"\)\n?|, language\b|\blanguage, ',
    re.MULTILINE,
)


def read(path):
    return nbformat.read(path, as_version=4)


def identifier(path):
    return path.relative_to(HERE).with_suffix("").as_posix()


def cells_of(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def text_of(outputs):
    """Texts, formulas and tables; pictures and players have tests of their own."""
    streams, shown = "", []
    for output in outputs:
        if output.output_type == "stream":
            streams += output.text
        elif output.output_type == "error":
            shown.append(f"{output.ename}: {output.evalue}")
        else:
            shown += [
                output.data[kind]
                for kind in seen(output.data)
                if kind in output.data and "srcdoc" not in output.data[kind]
            ]
    return [text for text in [streams, *shown] if text]


def seen(data):
    """What a page shows of an output, as text: where there is a table or a formula, that."""
    richer = [kind for kind in ("text/html", "text/markdown", "text/latex") if kind in data]
    return richer or ["text/plain"]


def varies(cell):
    """Does it say itself that its output is another one in each run?"""
    return "varies" in cell.metadata.get("tags", ())


def run(path):
    """The notebook after a run in a kernel of its own, its worked answers tried in the end."""
    notebook = read(path)
    answers = [
        cell.source for cell in cells_of(notebook, "markdown") if ANSWERS.search(cell.source)
    ]
    notebook.cells.append(
        new_code_cell(
            "import doctest as _doctest\n"
            f"for _answer in {answers!r}:\n"
            "    _doctest.run_docstring_examples(\n"
            "        _answer.replace('```', '\\n'), globals(), name='Answers'\n"
            "    )"
        )
    )
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources)
    # The kernel itself is warned when it is shut down, of what it may have to do one day.
    warnings = "error,ignore::PendingDeprecationWarning"
    execution = client.async_execute(env={**os.environ, "PYTHONWARNINGS": warnings})
    return asyncio.run(execution)  # which closes its loop; `execute` leaves one open in each thread


@pytest.fixture(scope="module")
def runs(request):
    """The runs of those notebooks that are tested, two at a time."""
    wanted = {
        item.callspec.params["path"]
        for item in request.session.items
        if item.path == request.path and "runs" in item.fixturenames
    }
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield {path: threads.submit(run, path) for path in sorted(wanted)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identifier)
def test_what_is_committed_is_what_comes_out(path, runs):
    ran = runs[path].result()
    *cells, answers = cells_of(ran, "code")
    for before, after in zip(cells_of(read(path), "code"), cells, strict=True):
        if not varies(after):
            assert text_of(after.outputs) == text_of(before.outputs), after.source
    assert text_of(answers.outputs) == []


def faults(notebook):
    """What a reader of the page would stumble over, a sentence each."""
    return [
        *(f"not computed: {number}" for number in unfounded(notebook)),
        *(fault for cell in cells_of(notebook, "code") for fault in faults_of(cell)),
    ]


def faults_of(cell):
    if len(cell.source.splitlines()) > LONGEST_CELL:
        yield f"a long cell: {cell.source.splitlines()[0]}"
    if ".label =" in cell.source:
        yield f"a label by hand: {cell.source.splitlines()[0]}"
    for text in text_of(cell.outputs):
        if re.search(r"\b0x[0-9a-f]{5,}", text):
            yield f"an address: {text[:60]}"
        if re.search(r"\d (s|ms|µs|seconds)\b", text) and not varies(cell):
            yield f"a time: {text[:60]}"
        if "<table" in text or "$" in text:
            continue
        if len(text.splitlines()) > LONGEST_OUTPUT:
            yield f"more than a screen: {text[:60]}"
        if any(len(line) > WIDEST for line in text.splitlines()):
            yield f"a wide line: {max(text.splitlines(), key=len)[:60]}"


def unfounded(notebook):
    """Numbers with a point in the prose that stand neither in code nor in what was computed."""
    computed = "\n".join(
        text
        for cell in cells_of(notebook, "code")
        for text in [cell.source, *text_of(cell.outputs), *pictures(cell.outputs)]
    ).replace("-", "−")
    for cell in cells_of(notebook, "markdown"):
        computed += "\n" + "\n".join(doctest_lines(cell.source)).replace("-", "−")
    for cell in cells_of(notebook, "markdown"):
        for sign, digits, exponent in DECIMAL.findall(cell.source):
            number = sign.replace("-", "") + digits + exponent
            if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d×]|\.\d)", computed):
                yield number


def pictures(outputs):
    return [
        re.sub("<[^>]*>", " ", output.data["image/svg+xml"])
        for output in outputs
        if "image/svg+xml" in output.get("data", ())
    ]


def doctest_lines(source):
    """The worked answers' code and what it gives, which the run has tried."""
    lines = iter(source.splitlines())
    for line in lines:
        if line.startswith(">>> "):
            yield line
            yield from takewhile(lambda line: line and not line.startswith("```"), lines)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identifier)
def test_reads_well(path):
    assert faults(read(path)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=identifier)
def test_ends_in_questions_with_answers(path):
    last = read(path).cells[-1]
    assert last.cell_type == "markdown"
    assert last.source.count("<details>") == last.source.count("</details>") == 1
    assert ANSWERS.search(last.source)


@pytest.mark.parametrize("path", ENGLISH, ids=identifier)
def test_stands_in_the_lists(path):
    assert path.name in (HERE / "README.md").read_text(encoding="utf-8")
    assert path.name in (HERE.parent / "README.md").read_text(encoding="utf-8")


def code_without_language(cell):
    return LANGUAGE.sub("", cell.source).strip()


def numbers_of(cell):
    """The numbers in what it prints, in the order in which they stand."""
    return re.findall(r"[−-]?\d+(?:\.\d+)?", unescape("\n".join(text_of(cell.outputs))))


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path not in ENGLISH], ids=identifier
)
def test_the_lesson_in_another_language_is_the_same_lesson(path):
    ours = [cell for cell in cells_of(read(path), "code") if code_without_language(cell)]
    original = cells_of(read(HERE / path.name), "code")
    for mine, theirs in zip(ours, original, strict=True):
        assert code_without_language(mine) == code_without_language(theirs)
        assert sorted(numbers_of(mine)) == sorted(numbers_of(theirs)), theirs.source


def test_a_page_with_faults_has_them_named():
    def page(prose, code="", output=""):
        outputs = [new_output("stream", text=output)] if output else []
        return new_notebook(cells=[new_markdown_cell(prose), new_code_cell(code, outputs=outputs)])

    assert faults(page("the gradient is −3.8, not 1.2", "print(-3.8)", "1.2 and −3.8")) == []
    assert faults(page("It is 3.8.", "", "−3.81 and 13.8")) == ["not computed: 3.8"]
    assert faults(page("It is −3.8.", "", "3.8")) == ["not computed: −3.8"]
    assert faults(page("6.3×10⁻⁶", "", "6.3")) == ["not computed: 6.3×10⁻⁶"]
    assert faults(page("It is 4.5.\n\n```python\n>>> 9 / 2\n4.5\n```\n")) == []
    assert faults(page("", "\n".join(map(str, range(13))))) == ["a long cell: 0"]
    assert faults(page("", 'w.label = "w"')) == ['a label by hand: w.label = "w"']
    assert faults(page("", "", "<Picture at 0x7f6523f7ec10>"))[0].startswith("an address")
    assert faults(page("", "", "took 12 ms"))[0].startswith("a time")
    assert faults(page("", "", "line\n" * 50))[0].startswith("more than a screen")
    assert faults(page("", "", "m" * 101))[0].startswith("a wide line")


def test_a_wrong_answer_and_an_old_output_are_found(tmp_path):
    notebook = new_notebook(
        cells=[
            new_code_cell("1 + 1", outputs=[new_output("execute_result", {"text/plain": "3"})]),
            new_markdown_cell("```python\n>>> 1 + 2\n4\n```"),
        ]
    )
    path = tmp_path / "00.ipynb"
    nbformat.write(notebook, path)
    *cells, answers = cells_of(run(path), "code")
    assert [text_of(cell.outputs) for cell in cells] == [["2"]]
    assert "Expected:\n    4\nGot:\n    3" in text_of(answers.outputs)[0]
