"""Five reports: papermill and nbconvert one after the other, the kit cold, the kit when nothing changed, and the floor.

The floor is what no tool can do without: the imports once, and the cells' own work spread over two cores.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
SHIPPED = ("10-scale-quality", "20-factor-structure", "30-loyalty-drivers", "40-campaign-test")
CORES = 2

FLOOR = """
import json, os, sys, time
began = time.perf_counter()
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import matplotlib
matplotlib.use("agg")
import nbformat, numpy, pandas, scipy.stats, statsmodels.api, seaborn, great_tables, pyarrow
import loyalty_kit as lk
from loyalty_kit.reporting import plots, tables, wording
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
for package in (lk, plots, tables, wording):
    [getattr(package, name) for name in package.__all__]
imports = time.perf_counter() - began
work = 0.0
for path in sys.argv[1:]:
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    os.chdir(os.path.dirname(path))
    shell = InteractiveShell.instance()
    shell.reset()
    began = time.perf_counter()
    with capture_output():
        shell.run_line_magic("load_ext", "loyalty_kit.reporting.figures")
        for source in cells:
            shell.run_cell(source).raise_error()
    work += time.perf_counter() - began
print(json.dumps({"imports": imports, "work": work}))
"""


def small(path: Path) -> Path:
    """A notebook that does next to nothing."""
    cells = [
        new_markdown_cell("# How many are there?"),
        new_code_cell("count: int = 3", metadata={"tags": ["parameters"]}),
        new_code_cell("import loyalty_kit as lk\ncount"),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def timed(*command: str | Path, folder: Path = ROOT) -> float:
    began = time.perf_counter()
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.perf_counter() - began


def peers(notebooks: list[Path], folder: Path) -> float:
    """Seconds of papermill and nbconvert on each notebook."""
    total = 0.0
    for path in notebooks:
        done = folder / f"{path.stem}.ipynb"
        total += timed(sys.executable, "-m", "papermill", path, done, "--cwd", path.parent, "-k", "python3")
        total += timed(sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", done)
    return total


def floor(notebooks: list[Path]) -> float:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    run = subprocess.run(
        [sys.executable, "-c", FLOOR, *notebooks], capture_output=True, text=True, check=True, env=environment
    )
    seconds = json.loads(run.stdout.splitlines()[-1])
    print(f"  imports {seconds['imports']:.2f} s, the cells' own work {seconds['work']:.2f} s")
    return seconds["imports"] + seconds["work"] / CORES


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        notebooks = [*(ROOT / "notebooks" / f"{name}.ipynb" for name in SHIPPED), small(folder / "small.ipynb")]
        batch = folder / "reports.toml"
        batch.write_text("\n".join(f'[[report]]\nnotebook = "{path}"' for path in notebooks))
        command = [sys.executable, "-m", "loyalty_kit", "render", batch, "-o", folder / "reports", "--workers", "2"]
        least = floor(notebooks)
        cold, unchanged = timed(*command), min(timed(*command) for _ in range(3))
        pairs = peers(notebooks, folder)
        print(f"papermill, then nbconvert: {pairs:6.2f} s")
        print(f"kit, cold, two workers:    {cold:6.2f} s, {pairs / cold:.1f} times faster (target 5)")
        print(f"kit, nothing changed:      {unchanged:6.2f} s, {pairs / unchanged:.0f} times faster (target 100)")
        print(f"floor:                     {least:6.2f} s; the kit takes {cold / least:.2f} times that (target 1.4)")


if __name__ == "__main__":
    main()
