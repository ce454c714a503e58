"""The house: imports point one way, stand at the top of a file, and the package stays light."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "loyalty_kit"
LAYERS = ("intake", "survey", "measurement", "modelling", "campaigns", "customers", "reporting")
APART = ({"survey", "campaigns", "customers"},)
FILES = sorted(PACKAGE.rglob("*.py"))


def module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


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


MODULES = {module(path) for path in FILES}


def layer(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else ""


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_imports_only_from_its_folder_or_from_folders_above(path: Path):
    home = layer(module(path))
    if module(path) in ("loyalty_kit", "loyalty_kit.__main__"):
        return
    for name in imported(path):
        other = layer(name)
        assert not other or (home and LAYERS.index(other) <= LAYERS.index(home)), f"{module(path)} imports {name}"
        for group in APART:
            assert not {home, other} <= group or home == other, f"{home} and {other} do not know each other"


def test_no_import_cycles():
    TopologicalSorter({module(path): imported(path) - {module(path)} for path in FILES}).prepare()


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
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    names = [name.asname for node in stub.body if isinstance(node, ast.ImportFrom) for name in node.names]
    code = f"import loyalty_kit as lk; [getattr(lk, name) for name in {names!r}]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, loyalty_kit; "
        "print([name for name in ('numpy', 'pandas', 'matplotlib', 'papermill', 'IPython') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
