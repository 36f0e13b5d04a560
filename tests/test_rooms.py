"""The rooms of the house: CONTRIBUTING.md lists who may know whom, and the imports keep to it."""

import ast
import re
import sys
from pathlib import Path

import microrelu
from microrelu import Value, operations
from microrelu.engine import OPERATIONS

PACKAGE = Path(microrelu.__file__).parent
LISTED = Path(__file__).parent.parent / "CONTRIBUTING.md"


def listed() -> list[str]:
    """The modules in the order of the list, `steps.sweep` for `sweep.py` in the row of `steps/`."""
    table = LISTED.read_text(encoding="utf-8").split("| room |")[1].split("\n\n")[0]
    modules = []
    for room in [line.split("|")[1] for line in table.splitlines()[2:]]:
        package = "".join(f"{name}." for name in re.findall(r"`(\w+)/`", room))
        modules += [package + name for name in re.findall(r"`(\w+)\.py`", room)]
    return modules


def known(text: str) -> set[str]:
    """The modules of the package that a file imports, or may, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "microrelu":
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {name.removeprefix("microrelu.") for name in found}


def trespassing(files: dict[str, str], order: list[str]) -> list[str]:
    """Imports of what does not stand before the file in the list."""
    return [
        f"{name} imports {each}"
        for i, name in enumerate(order)
        for each in sorted(known(files[name]) & {*order})
        if each not in order[:i]
    ]


def files() -> dict[str, str]:
    """The text of each module, by its name below `microrelu`; packages have a docstring alone."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in paths
    }


def test_every_file_stands_in_the_list_once():
    assert sorted(listed()) == sorted(files())


def test_no_module_bears_the_name_of_a_public_function_or_of_a_library():
    """`datasets` and `losses` are what they hold; a class may have a file of its name."""
    public = {name for name in dir(microrelu) if callable(getattr(microrelu, name))}
    libraries = {"numpy", "numba", "sympy", "torch", "jax", "graphviz", "wcwidth", "matplotlib"}
    taken = {name for name in public if name.islower()} | libraries | {*sys.stdlib_module_names}
    parts = {part for name in files() for part in name.split(".")} - {"__main__"}
    assert parts & taken == set()


def test_a_file_imports_only_what_stands_before_it():
    assert trespassing(files(), listed()) == []


def test_a_package_says_the_way_through_all_its_files():
    for path in PACKAGE.glob("*/__init__.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = set(re.findall(r"`(\w+\.py)`", ast.get_docstring(tree)))
        assert told == {each.name for each in path.parent.glob("*.py")} - {"__init__.py"}
        assert len(tree.body) == 1  # nothing but the docstring


def test_an_import_of_what_stands_after_it_is_found():
    late = "def f():\n    from microrelu.tape.tape import Tape\n"
    found = trespassing({**files(), "engine": late}, listed())
    assert "engine imports tape.tape" in found
    circle = {**files(), "errors": "from microrelu import engine"}
    assert "errors imports engine" in trespassing(circle, listed())


def test_what_the_engine_declares_is_what_the_table_gives_it():
    tree = ast.parse(files()["engine"])
    [value] = [each for each in ast.walk(tree) if getattr(each, "name", "") == "Value"]
    declared = {
        each.target.id
        for each in value.body
        if isinstance(each, ast.AnnAssign) and "ClassVar" in ast.unparse(each.annotation)
    }
    built_in = [row for row in OPERATIONS.values() if getattr(operations, row.name, None) is row]
    methods = {row.name for row in built_in if row.takes_one}
    signs = [
        *("add", "sub", "mul", "truediv", "pow"),
        *("radd", "rsub", "rmul", "rtruediv", "rpow"),
    ]
    special = {f"__{sign}__" for sign in [*signs, "neg", "abs"]}
    assert declared == methods | special
    assert all(callable(getattr(Value, name)) for name in declared)
