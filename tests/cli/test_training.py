"""`microrelu train`: what it prints, and the boundary that it draws."""

import sys

import pytest

from microrelu import MLP
from microrelu.cli.commands import main
from microrelu.cli.training import grid_scores


def test_training_says_what_it_reached(capsys):
    assert main(["train", "xor", "--steps", "60"]) == 0
    first, before, after = capsys.readouterr().out.splitlines()
    assert first == 'MLP(2, [16, 16, 1], activation="relu") on 4 points: xor'
    assert before == "before training, loss 0.9542, accuracy 50%"
    assert after == "after step 60, loss 0.0077, accuracy 100%"


@pytest.mark.parametrize("data", ["moons", "spirals"])
def test_training_on_points_writes_the_boundary(data, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["train", data, "--steps", "2", f"--png={tmp_path / 'a.png'}"]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert f"on 100 points: {data}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("id", ["sebelum pelatihan, kerugian 0.9542, akurasi 50%", "setelah 1 langkah, kerugian"]),
        ("ja", ["学習前：損失 0.9542、正解率 50%", "1 ステップ後：損失"]),
    ],
)
def test_training_speaks_the_language(name, said, capsys):
    assert main(["train", "xor", "--steps", "1", "--lang", name]) == 0
    _, before, after = capsys.readouterr().out.splitlines()
    assert before == said[0]
    assert after.startswith(said[1])


def test_the_trained_network_is_drawn_with_its_weights_as_lines(tmp_path, capsys):
    path = tmp_path / "network.svg"
    assert main(["train", "moons", "--steps", "2", f"--svg={path}", "--lang", "id"]) == 0
    svg = path.read_text(encoding="utf-8")
    assert svg.count('class="edge weight"') == 2 * 16 + 16 * 16 + 16
    assert "contoh 1 dari 100" in svg.replace("&#160;", " ")
    assert "belum" not in svg  # its gradients are there


def test_a_network_that_cannot_be_drawn(tmp_path, capsys):
    path = tmp_path / "nowhere" / "a.svg"
    assert main(["train", "xor", "--steps", "1", f"--svg={path}"]) == 2
    assert f"microrelu: {path} cannot be written: No such file" in capsys.readouterr().err


def test_a_network_as_matrices_is_the_same_network():
    numpy = pytest.importorskip("numpy")
    model = MLP(2, [5, 4, 1], seed=3)
    points = numpy.random.default_rng(0).normal(size=(2, 20))
    expected = [model(list(map(float, point))).data for point in points.T]
    assert grid_scores(model, points)[0] == pytest.approx(expected, rel=1e-12)


def test_training_needs_no_tqdm_and_says_what_a_picture_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["train", "xor", "--steps", "1"]) == 0
    capsys.readouterr()
    assert main(["train", "xor", "--png", str(tmp_path / "a.png")]) == 2
    assert capsys.readouterr() == (
        "",
        'microrelu: --png needs Matplotlib: pip install "microrelu[train]", or train without it.\n',
    )


def test_a_training_that_diverges_says_at_which_step(tmp_path, capsys):
    arguments = ["train", "xor", "--lr", "1e300", "--steps", "20", f"--png={tmp_path / 'a.png'}"]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert "after step 20" not in out
    assert err == (
        "microrelu: the training diverged: after step 1 the loss is nan. "
        "Try a smaller learning rate than --lr 1e+300.\n"
    )
    assert main(["train", "moons", "--lr", "1e5", "--steps", "20"]) == 1
    assert "after step " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_boundary_that_cannot_be_written(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "nowhere" / "a.png"
    assert main(["train", "xor", "--steps", "1", f"--png={path}"]) == 2
    assert f"microrelu: {path} cannot be written: No such file" in capsys.readouterr().err
