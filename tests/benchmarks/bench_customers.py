"""Logs of orders: this kit beside mlxtend, on Polars and DuckDB, and how time and memory grow with rows.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_customers.py``. Targets: 10M rows of
Parquet to RFM and the segments' profile under 6 s and 1.5 GB, stability with 100 samples of 100,000 × 6 under 10 s,
associations of 1M lines under 5 s. mlxtend is timed where ``MLXTEND`` names a Python that has it (an environment of its
own); with ``--growth`` logs of 1M, 10M and 100M rows are written for a while, each read in a process of its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import loyalty_kit as lk

CHUNK = 5_000_000
NAMES = {"customer": "customer", "time": "time", "amount": "amount"}
MLXTEND = """
import sys, time
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
lines = pd.read_parquet(sys.argv[1])
start = time.process_time()
held = pd.crosstab(lines["order"], lines["item"]).astype(bool)
sets = fpgrowth(held, min_support=0.01, use_colnames=True, max_len=2)
rules = association_rules(sets, metric="confidence", min_threshold=0.1)
print(time.process_time() - start, len(rules))
"""


def write_log(path: Path, rows: int) -> None:
    """Orders of a third as many customers over two years, in cents."""
    rng = np.random.default_rng(1)
    schema = pa.schema([("customer", pa.int64()), ("time", pa.timestamp("us")), ("amount", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, CHUNK):
            n = min(CHUNK, rows - start)
            who = (rng.random(n) ** 2 * rows / 2).astype(np.int64)
            moment = np.datetime64("2024-01-01", "us") + rng.integers(0, 730 * 86_400, n) * np.timedelta64(
                1_000_000, "us"
            )
            writer.write_table(pa.table([who, moment, rng.gamma(2, 20, n).round(2)], schema=schema))


def profile(path: Path, engine: str) -> dict[str, float]:
    """Seconds from a Parquet file to RFM and its segments' profile, and the peak of memory; in this process."""
    if engine == "polars":
        source = __import__("polars").scan_parquet(path)
    elif engine == "duckdb":
        duckdb = __import__("duckdb")
        duckdb.execute("set threads = 2")
        source = duckdb.read_parquet(str(path))
    else:
        source = path
    # Modules are loaded before the clock starts.
    read, rfm = lk.read_transactions, lk.rfm
    start, processor = time.perf_counter(), time.process_time()
    found = rfm(read(source, **NAMES))
    table = found.to_frame()
    return {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - processor,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "customers": float(table["customers"].sum()),
    }


def apart(path: Path, engine: str) -> dict[str, float]:
    """Profile in a process of its own, so that its peak of memory is its own."""
    step = f"profile(pathlib.Path({str(path)!r}), {engine!r})"
    code = f"import json, pathlib; from bench_customers import profile; print(json.dumps({step}))"
    there = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=there, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def logs(folder: Path, sizes: list[int], engines: list[str]) -> None:
    """Time logs of some sizes, each with each engine."""
    for rows in sizes:
        path = folder / f"{rows}.parquet"
        write_log(path, rows)
        for engine in engines:
            found = apart(path, engine)
            target = "  target 6 s, 1.5 GB" if rows == 10_000_000 else ""
            print(
                f"RFM of {rows:>11,} rows, {engine:7s} {found['seconds']:7.2f} s, processor {found['processor']:.2f} s "
                f"({1e6 * found['processor'] / rows:.2f} a million rows), peak {found['gigabytes']:.2f} GB{target}",
                flush=True,
            )
        path.unlink()


def stability() -> None:
    """Time 100 bootstrap samples of 100,000 customers with six columns in five segments."""
    rng = np.random.default_rng(1)
    centres = rng.normal(scale=3, size=(5, 6))
    table = pd.DataFrame(centres[rng.integers(0, 5, 100_000)] + rng.normal(size=(100_000, 6)), columns=list("abcdef"))
    groups = lk.segments(table, columns=list("abcdef"), k=5, samples=100)
    start = time.process_time()
    groups.stability()
    print(f"Stability, 100 samples of 100,000 × 6: {time.process_time() - start:.2f} s  target 10 s")


def associations(folder: Path) -> None:
    """Time rules of 1M lines, beside mlxtend."""
    rng = np.random.default_rng(1)
    lines = pd.DataFrame({"order": rng.integers(0, 200_000, 1_000_000)})
    lines["item"] = np.char.mod("item %03d", (rng.beta(0.6, 3, len(lines)) * 300).astype(int))
    start = time.process_time()
    found = lk.associations(lines, order="order", item="item")
    ours = time.process_time() - start
    told = f"Associations of 1M lines: {ours:.2f} s, {found.rules:,} rules  target 5 s"
    if python := os.environ.get("MLXTEND"):
        lines.to_parquet(folder / "lines.parquet")
        code = [python, "-c", MLXTEND, str(folder / "lines.parquet")]
        seconds, rules = subprocess.run(code, capture_output=True, text=True, check=True).stdout.split()[-2:]
        told += f"; mlxtend {float(seconds):.2f} s, {int(rules):,} rules, {float(seconds) / ours:.1f} times"
    print(told, flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        associations(folder)
        stability()
        logs(folder, [10_000_000], ["polars", "duckdb", "file"])
        if "--growth" in sys.argv:
            logs(folder, [1_000_000, 10_000_000, 100_000_000], ["duckdb"])


if __name__ == "__main__":
    main()
