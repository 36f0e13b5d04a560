import json
import math
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microrelu import MLP, Layer, Neuron, Value, leaky_relu, operation


def numbers(module):
    return [parameter.data for parameter in module.parameters()]


def of_name(name, function):
    """An operation of one's own."""
    function.__name__ = name
    return operation()(function)


def cubed(z):
    return z * z * z


def renamed(function):
    function.__name__ = "cubed"
    return function


# --- save and load ---------------------------------------------------------------------------


@given(st.lists(st.floats(), min_size=13, max_size=13))
def test_every_float_survives_save_and_load(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("models") / "model.json"
    model, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    for parameter, number in zip(model.parameters(), data, strict=True):
        parameter.data = number
    model.save(path)
    json.loads(path.read_text(), parse_constant=pytest.fail)  # JSON has no NaN and no Infinity
    other.load(str(path))
    for a, b in zip(numbers(model), numbers(other), strict=True):
        assert a.hex() == b.hex()


def test_a_saved_model_reads_like_one(tmp_path):
    model = MLP(1, [1], "tanh", seed=0)
    model.parameters()[0].data = 0.1
    model.parameters()[1].data = -math.inf
    model.save(tmp_path / "model.json")
    assert (tmp_path / "model.json").read_text() == (
        '{\n "architecture": "MLP(1, [1], activation=\\"tanh\\")",\n'
        ' "parameters": [\n  0.1,\n  "-inf"\n ]\n}\n'
    )


def test_layers_and_neurons_save_as_well(tmp_path):
    for make in (lambda: Layer(2, 3), lambda: Neuron(2)):
        module, other = make(), make()
        module.save(tmp_path / "part.json")
        other.load(tmp_path / "part.json")
        assert numbers(module) == numbers(other)


FROM_BEFORE = """{
 "architecture": "MLP(2, [2, 1], activation=\\"relu\\")",
 "parameters": [0.5, -1.0, 0.125, 1e-300, "nan", 3, "inf", 0.1, "-inf"]
}
"""
OF_A_FUNCTION_FROM_BEFORE = """{
 "architecture": "MLP(1, [1, 1], activation=cubed)",
 "parameters": [0.5, 0.25, -2.0, 1.0],
 "activations": [
  {"-2.0": -8.0, "-1.0": -1.0, "-0.5": -0.125, "0.0": 0.0, "0.5": 0.125, "1.0": 1.0, "2.0": 8.0},
  null
 ]
}
"""


def test_files_from_before_are_loaded(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(FROM_BEFORE)
    model = MLP(2, [2, 1], seed=0)
    model.load(path)
    assert repr(numbers(model)) == "[0.5, -1.0, 0.125, 1e-300, nan, 3.0, inf, 0.1, -inf]"
    path.write_text(OF_A_FUNCTION_FROM_BEFORE)
    model = MLP(1, [1, 1], cubed, seed=0)
    model.load(path)
    assert numbers(model) == [0.5, 0.25, -2.0, 1.0]


SAVED = {"architecture": 'MLP(1, [1], activation="relu")', "parameters": [0.5, 0.25]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is damaged or was not written by save"),
        ("{}", "is damaged or was not written by save"),
        ("[1, 2]", "is damaged or was not written by save"),
        ("[" * 100_000, "is damaged or was not written by save"),
        (json.dumps(SAVED)[:-5], "is damaged or was not written by save"),
        (json.dumps(SAVED | {"parameters": 5}), "is damaged"),
        (json.dumps(SAVED | {"parameters": [0.5, None]}), "is damaged"),
        (json.dumps(SAVED | {"parameters": [0.5, True]}), "is damaged"),
        (json.dumps(SAVED | {"parameters": [0.5, "0.25"]}), "is damaged"),
        (json.dumps(SAVED | {"parameters": [0.5, 10**400]}), "is damaged"),
        (json.dumps(SAVED | {"parameters": [0.5]}), "is damaged: it has 1 parameters, not 2."),
        (json.dumps(SAVED | {"activations": [1]}), "is damaged"),
        (json.dumps(SAVED | {"activations": [{"0.5": "1"}]}), "is damaged"),
        (json.dumps(SAVED | {"activations": [{}] * 3}), "is damaged: it has 3 activations."),
        (
            json.dumps(SAVED | {"architecture": 'MLP(1, [1], activation="tanh")'}),
            r'holds MLP\(1, \[1\], activation="tanh"\), and this is MLP\(.*"relu"\): build',
        ),
    ],
)
def test_a_bad_file_is_an_error_and_leaves_the_model_as_it_was(tmp_path, text, sentence):
    path = tmp_path / "model.json"
    path.write_text(text)
    model = MLP(1, [1], seed=0)
    before = numbers(model)
    with pytest.raises(ValueError, match=sentence):
        model.load(path)
    assert numbers(model) == before
    path.write_text(json.dumps(SAVED))
    model.load(path)
    assert numbers(model) == [0.5, 0.25]


def test_bytes_that_are_no_text_and_a_missing_file(tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is damaged"):
        MLP(1, [1]).load(path)
    with pytest.raises(FileNotFoundError):
        MLP(1, [1]).load(tmp_path / "none.json")


# --- the old file stays ----------------------------------------------------------------------

OLD = "what was there before"


def saving(path, prepare="pass"):
    """Save a model of 30 parameters in a Python of its own, after what prepares it."""
    code = f"from microrelu import MLP; {prepare}; MLP(3, [4, 2], seed=0).save({str(path)!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_a_full_disk_leaves_the_old_file(tmp_path):
    pytest.importorskip("resource")
    path = tmp_path / "model.json"
    path.write_text(OLD)
    done = saving(path, "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (100, 100))")
    assert f"OSError: [Errno 27] File too large: '{path}'" in done.stderr
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["os.fsync", "shutil.copymode", "pathlib.Path.replace"])
def test_an_interruption_leaves_the_old_file(where, tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text(OLD)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    with pytest.raises(KeyboardInterrupt):
        MLP(1, [1]).save(path)
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_saving_anew_keeps_the_link_and_who_may_read_it(tmp_path):
    path, link = tmp_path / "model.json", tmp_path / "link.json"
    path.write_text(OLD)
    path.chmod(0o640)
    link.symlink_to(path)
    MLP(1, [1]).save(link)
    assert (link.readlink(), path.stat().st_mode & 0o777) == (path, 0o640)
    MLP(1, [1]).load(path)


def test_a_place_that_cannot_be_written_is_the_one_that_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No such file .*/nowhere/model\.json'$"):
        MLP(1, [1]).save(tmp_path / "nowhere" / "model.json")
    with pytest.raises(IsADirectoryError):
        MLP(1, [1]).save(tmp_path)


def test_a_pipe_is_written_as_it_is(tmp_path):
    done = saving("/dev/stdout")
    assert done.stdout.startswith('{\n "architecture": "MLP(3, [4, 2]')


# --- activations of one's own ----------------------------------------------------------------


def test_an_operation_named_linear_is_told_from_the_built_in_linear(table, tmp_path):
    own = of_name("linear", lambda a: (2 * a, (2.0,)))
    models = [MLP(1, [1, 1], output="linear", seed=0), MLP(1, [1, 1], output=own, seed=0)]
    for saved, other in (models, models[::-1]):
        saved.save(tmp_path / "model.json")
        saved.load(tmp_path / "model.json")
        with pytest.raises(ValueError, match="build that one"):
            other.load(tmp_path / "model.json")


@pytest.mark.parametrize("part", [lambda f: MLP(1, [1, 1], f), lambda f: MLP(1, [1], output=f)])
def test_another_function_of_the_same_name_is_refused(part, tmp_path):
    path = tmp_path / "model.json"
    part(cubed).save(path)
    part(renamed(lambda z: z**3)).load(path)
    sentence = r"another activation: it made -8.0 of -2.0, and this one makes -16.0\.$"
    with pytest.raises(ValueError, match=sentence):
        part(renamed(lambda z: 2 * z**3)).load(path)


def test_an_operation_that_was_defined_anew_is_told_from_the_old(table, tmp_path):
    path = tmp_path / "model.json"
    Layer(2, 2, of_name("softer", lambda a: (a / 2, (0.5,)))).save(path)
    del table["softer"]
    of_name("softer", lambda a: (a / 4, (0.25,)))
    with pytest.raises(ValueError, match=r"it made -1\.0 of -2\.0, and this one makes -0\.5"):
        Layer(2, 2, "softer").load(path)


def test_where_nothing_can_be_told_the_file_is_loaded(tmp_path):
    """An activation that learns, that is random, or that takes none of the samples."""
    path, slope = tmp_path / "model.json", Value(0.25)
    undecided = [
        lambda z: leaky_relu(z, slope),
        lambda z: z * random.random(),
        lambda z: z.label["no label"],
    ]
    for function in undecided:
        MLP(1, [1, 1], renamed(function)).save(path)
        MLP(1, [1, 1], cubed).load(path)
    MLP(1, [1, 1], renamed(lambda z: z.log())).save(path)  # no value on the left
    with pytest.raises(ValueError, match=r"it made -0\.69.* of 0\.5, and this one makes 0\.125"):
        MLP(1, [1, 1], cubed).load(path)
    saved = json.loads(path.read_text())
    del saved["activations"]  # as files were
    path.write_text(json.dumps(saved))
    MLP(1, [1, 1], cubed).load(path)


def test_a_file_says_nothing_of_the_packages_own_activations(tmp_path):
    for activation in ("linear", "leaky_relu", "tanh"):
        MLP(1, [1, 1], activation).save(tmp_path / "model.json")
        assert list(json.loads((tmp_path / "model.json").read_text())) == [
            "architecture",
            "parameters",
        ]
