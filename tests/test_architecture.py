"""The house: imports point one way, among files and among folders, stand at the top of a file, and stay light."""

import ast
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "loyalty_kit"
LAYERS = ("core", "statistics", "intake", "survey", "measurement", "drivers", "paths", "tracking")
APART = ("campaigns", "customers", "programme", "channels")
"""Areas that know neither the survey nor one another."""
SURVEY = LAYERS[LAYERS.index("survey") :]
ABOVE_AREAS = {"reporting": {*LAYERS, *APART}, "publishing": {"core", "intake", "survey"}}
ABOVE_AREAS["commands"] = {*LAYERS, *APART, *ABOVE_AREAS}
"""What stands above the areas, with what it may know."""
MOST_MODULES = 14
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "kernelspec" not in path.parts)


def module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path) for path in FILES}


def imported(path: Path) -> set[str]:
    """Modules of the kit that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("loyalty_kit"):
            below = [f"{node.module}.{name.name}" for name in node.names]
            found |= {name if name in MODULES else node.module for name in below}
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.startswith("loyalty_kit")}
    return found


def room(name: str) -> str:
    """Folder at the top of the package that a module stands in."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else ""


def folder(name: str) -> str:
    """Folder of a module, inner rooms included."""
    return name if (PACKAGE.parent / name.replace(".", "/")).is_dir() else name.rpartition(".")[0]


def known(home: str) -> set[str]:
    """Rooms that a room may import from."""
    if home in ABOVE_AREAS:
        return ABOVE_AREAS[home] | {home}
    if home in APART:
        return {*LAYERS[: LAYERS.index("survey")], home}
    return set(LAYERS[: LAYERS.index(home) + 1])


def test_every_folder_has_its_place():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert rooms - {*LAYERS, *APART, *ABOVE_AREAS} == set()


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_imports_only_from_its_room_or_from_those_below(path: Path):
    home = room(module(path))
    if home:
        assert {room(name) for name in imported(path)} - {""} <= known(home)


def test_no_import_cycles_among_files():
    TopologicalSorter({module(path): imported(path) - {module(path)} for path in FILES}).prepare()


def test_no_import_cycles_among_folders():
    graph: dict[str, set[str]] = {}
    for path in (path for path in FILES if room(module(path))):
        home = folder(module(path))
        graph.setdefault(home, set()).update({folder(name) for name in imported(path)} - {home})
    TopologicalSorter(graph).prepare()


def test_no_folder_holds_more_than_about_a_dozen_modules():
    counts = Counter(folder(module(path)) for path in FILES if path.name != "__init__.py")
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_no_import_inside_a_function(path: Path):
    functions = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
    inner = [
        node for function in functions for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inner


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_module_keeps_to_its_room(path: Path):
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_every_public_name_can_be_used():
    code = "import loyalty_kit, loyalty_kit.results\n"
    for stub, place in (("__init__.pyi", "loyalty_kit"), ("results.pyi", "loyalty_kit.results")):
        nodes = ast.parse((PACKAGE / stub).read_text("utf-8")).body
        names = [name.asname for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names]
        code += f"[getattr({place}, name) for name in {names!r}]\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, loyalty_kit; "
        "print([name for name in ('numpy', 'pandas', 'matplotlib', 'papermill', 'IPython') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
