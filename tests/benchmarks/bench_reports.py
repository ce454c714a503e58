"""Five reports: papermill and nbconvert one after the other, the kit cold, the kit when nothing changed, and the floor.

The floor is what no tool can do without: the imports once, and the cells' own work spread over two cores.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
CORES = 2

IMPORTS = """
import matplotlib, numpy, pandas, scipy.stats, seaborn, great_tables, pyarrow
import loyalty_kit as lk
from loyalty_kit.reporting import verbs
[getattr(lk, name) for name in lk.__all__]
from loyalty_kit.publishing.running.kernel import prepare
prepare()
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
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
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
    """Seconds of the imports and of half the cells' work, all in one kernel, start and page left out."""
    manager, kernel = start_new_kernel(kernel_name="python3")
    try:
        imports = executed(kernel, IMPORTS)
        work = 0.0
        for path in notebooks:
            executed(kernel, f"%reset -f\n%cd -q {path.parent}")
            cells = (cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
            work += sum(executed(kernel, source) for source in cells)
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    print(f"imports {imports:.2f} s, the cells' own work {work:.2f} s")
    return imports + work / CORES


def executed(kernel: BlockingKernelClient, source: str) -> float:
    began = time.perf_counter()
    reply = kernel.execute_interactive(source, output_hook=lambda message: None, timeout=300)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(reply["content"]["evalue"])
    return time.perf_counter() - began


def main() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        notebooks = [*(ROOT / "notebooks" / f"{name}.ipynb" for name in SHIPPED), small(folder / "small.ipynb")]
        batch = folder / "reports.toml"
        batch.write_text("\n".join(f'[[report]]\nnotebook = "{path}"' for path in notebooks))
        command = [sys.executable, "-m", "loyalty_kit", "render", batch, "-o"]
        # The machine's own speed wavers: floor and batch in turn, and the median of each.
        turns = [(floor(notebooks), timed(*command, folder / f"reports-{number}")) for number in range(3)]
        least, cold = (median(times) for times in zip(*turns, strict=True))
        unchanged = min(timed(*command, folder / "reports-0") for _ in range(3))
        pairs = peers(notebooks, folder)
        print(f"papermill, then nbconvert: {pairs:6.2f} s")
        print(f"kit, cold:                 {cold:6.2f} s, {pairs / cold:.1f} times faster (target 5)")
        print(f"kit, nothing changed:      {unchanged:6.2f} s, {pairs / unchanged:.0f} times faster (target 100)")
        print(f"floor:                     {least:6.2f} s; the kit takes {cold / least:.2f} times that (target 1.4)")


if __name__ == "__main__":
    main()
