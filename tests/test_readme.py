"""What the README says: its commands, its picture and its numbers."""

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from microrelu.cli.commands import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(mark):
    """The shell command below the mark, joined to one line."""
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.*?)```", README, re.DOTALL)
    return found[1].replace("&&\n", "&& ").strip()


def test_the_first_command_ends_in_the_expression_and_writes_the_picture(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command("run").split(" && ")[-1])
    assert program == ".venv/bin/microrelu"
    assert main(arguments) == 0
    assert "∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w = ∂C/∂v₁ · x = −1.9 · 2   = −3.8" in capsys.readouterr().out
    assert shown_in(Path("neuron.svg")) == shown_in(ROOT / "docs" / "neuron.svg")


def shown_in(picture):
    """What stands in each group of an SVG, whichever program laid it out."""
    svg = "{http://www.w3.org/2000/svg}"
    groups = ElementTree.parse(picture).iter(f"{svg}g")
    return {
        group.get("id"): sorted("".join(text.itertext()) for text in group.iter(f"{svg}text"))
        for group in groups
    }


def test_the_second_command_installs_the_tests_and_runs_them():
    assert command("test").split(" && ") == [
        "python3 -m venv .venv",
        '.venv/bin/python -m pip install --quiet ".[test]"',
        ".venv/bin/python -m pytest",
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The folder in which the lines on the player were run."""
    pytest.importorskip("matplotlib")
    [lines] = re.findall(r"<!-- play -->\n```python\n(.*?)```", README, re.DOTALL)
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(lines, {})
    return folder


def without_drawing(page):
    """The text of a page, whichever program laid its picture out."""
    text = re.sub(
        r"(?<=<g id=\"graph\">).*?(?=</svg>)", "", page.read_text(encoding="utf-8"), flags=re.S
    )
    return re.sub(r'(?<="size":\[)[\d.,]*|(?<=viewBox="0 0 )[\d. ]*|(?<=--width: )[\d.]*', "", text)


def test_the_page_to_try_is_what_its_lines_write(played):
    page = ROOT / "docs" / "player.html"
    assert without_drawing(played / "player.html") == without_drawing(page)


def captions(image):
    """What stands in each frame below the graph, so small that neither layout nor fonts matter."""
    for number in range(image.n_frames):
        image.seek(number)
        yield image.convert("L").crop((0, 820, *image.size)).resize((120, 16))


def test_the_moving_picture_is_what_its_lines_write(played):
    image, chops = (pytest.importorskip(f"PIL.{name}") for name in ("Image", "ImageChops"))
    file = ROOT / "docs" / "backprop.gif"
    assert file.stat().st_size < 600_000
    with image.open(played / "backprop.gif") as made, image.open(file) as shown:
        assert (made.n_frames, made.size) == (shown.n_frames, shown.size)
        now, then = [*captions(made)], [*captions(shown)]
    alike = [[chops.difference(one, other).getextrema()[1] < 48 for other in then] for one in now]
    assert alike == [[i == j for j in range(len(then))] for i in range(len(now))]
    assert len([*played.glob("frames/*.svg")]) == len(now)


def test_every_file_that_the_readme_names_is_there():
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)", README):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("figure", re.findall(r"<!-- from benchmarks -->(.*?)<!-- -->", README))
def test_every_speed_in_the_readme_stands_in_the_benchmarks(figure):
    assert figure.strip() in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
