"""A campaign of 64,000 customers in memory and of 10 million in Parquet: this kit beside its peers.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_campaigns.py``. Targets: three
arms × three adjusted metrics under 0.05 s; 2,000 placebo campaigns under 3 s; 10 million rows through DuckDB
in no more time than tea-tasting through ibis and under 0.4 GB. A peer that is not installed is left out:
tea-tasting, ibis and DuckDB run in an environment of their own (ibis needs sqlglot below 30.18).
"""

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_kit as lk

ROWS, MANY = 64_000, 10_000_000
MADE = (
    "import duckdb; duckdb.sql(\"copy (select ['none', 'A', 'B'][1 + i % 3] as arm, (random() < 0.05)::int as bought, "
    "case when random() < 0.05 then -ln(random()) * 60 else 0 end as spend, (random() * 2)::int as orders, "
    "random() * 100 as before from range({rows}) as r(i)) to '{path}' (format parquet)\")"
)
SETUP = "import resource, time; "
KIT = (
    "import duckdb, loyalty_kit as lk; metrics = [lk.Mean('spend'), lk.Rate('bought'), lk.Ratio('spend', 'orders')]; "
    "lk.Campaign; start = time.perf_counter(); "
    "lk.Campaign(duckdb.read_parquet({path!r}), arm='arm', control='none', covariates=['before']).evaluate(metrics)"
)
TEA = (
    "import ibis, tea_tasting as tt; start = time.perf_counter(); "
    "tt.Experiment(spend=tt.Mean('spend', 'before'), bought=tt.Mean('bought', 'before'), "
    "ratio=tt.RatioOfMeans('spend', 'orders', 'before'), variant='arm')"
    ".analyze(ibis.duckdb.connect().read_parquet({path!r}), control='none', all_variants=True)"
)
REPORT = "; print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)"


def customers(n: int) -> pd.DataFrame:
    """Customers of three arms, one in twenty buys."""
    rng = np.random.default_rng(0)
    bought = (rng.random(n) < 0.05).astype(int)
    return pd.DataFrame(
        {
            "arm": pd.Categorical.from_codes(rng.integers(0, 3, n), ["none", "A", "B"]).astype(str),
            "bought": bought,
            "spend": bought * rng.gamma(2.0, 30.0, n),
            "orders": bought * (1 + rng.poisson(0.3, n)),
            "before": rng.gamma(2.0, 50.0, n),
        }
    )


def best_of(runs: int, function: Callable[[], object]) -> float:
    """Least seconds of some runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def in_memory() -> None:
    """Evaluate and try 64,000 rows."""
    frame = customers(ROWS)
    metrics = [lk.Mean("spend"), lk.Rate("bought"), lk.Mean("orders")]
    campaign = {"arm": "arm", "control": "none", "covariates": ["before"]}
    seconds = best_of(7, lambda: lk.Campaign(frame, **campaign).evaluate(metrics))
    print(f"{ROWS:,} rows x 3 arms x 3 adjusted metrics: {seconds:.3f} s")
    if importlib.util.find_spec("tea_tasting"):
        tt = importlib.import_module("tea_tasting")
        each = {name: tt.Mean(name, "before") for name in ("spend", "bought", "orders")}
        experiment = tt.Experiment(**each, variant="arm")
        seconds = best_of(3, lambda: experiment.analyze(frame, control="none", all_variants=True))
        print(f"  tea-tasting: {seconds:.3f} s")
    seconds = best_of(1, lambda: lk.Campaign(frame, **campaign).trust(metrics))
    print(f"  2,000 placebo campaigns, adjusted and plain: {seconds:.1f} s")


def in_parquet() -> None:
    """Evaluate 10 million rows, each program in a process of its own."""
    if not importlib.util.find_spec("duckdb"):
        print("10 million rows: DuckDB is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "customers.parquet")
        subprocess.run([sys.executable, "-c", MADE.format(rows=MANY, path=path)], check=True, capture_output=True)
        programs = {"this kit through DuckDB": KIT}
        if importlib.util.find_spec("tea_tasting") and importlib.util.find_spec("ibis"):
            programs["tea-tasting through ibis"] = TEA
        for name, code in programs.items():
            script = SETUP + code.format(path=path) + REPORT
            runs = [subprocess.run([sys.executable, "-c", script], capture_output=True, text=True) for _ in range(3)]
            print(f"{MANY:,} rows in Parquet, {name}: {best_figures(runs)}")


def best_figures(runs: list[subprocess.CompletedProcess[str]]) -> str:
    """Least seconds with their memory, or the error of a program that fails, such as ibis beside a newer sqlglot."""
    failed = next((run for run in runs if run.returncode), None)
    if failed:
        return f"left out, for it fails: {failed.stderr.strip().splitlines()[-1]}"
    seconds, memory = min(tuple(map(float, run.stdout.split())) for run in runs)
    return f"{seconds:.2f} s, {memory:.2f} GB"


if __name__ == "__main__":
    in_memory()
    in_parquet()
