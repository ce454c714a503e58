"""The points ledger: balances and flow of 10 million postings, and lots of 1.4 million beside a plain loop.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_points.py``. Targets: 10 million rows'
balances and flow from Parquet under 5 s and 1 GB, 1.4 million rows with lots under 1 s. Seconds are the processor's,
imports not counted; each size runs in a process of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from loyalty_kit.programme.points.points_ledger import PointsLedger
from loyalty_kit.programme.points.validity import validity_of

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from points import by_loop

COLUMNS = {"member": "member", "time": "time", "kind": "kind", "points": "points", "validity": "24 months"}
KINDS = np.array(["earn", "burn"])
LOOP = 20_000


def postings(n: int) -> pd.DataFrame:
    """Postings of members with 20 each over three years; three of ten are burns."""
    rng = np.random.default_rng(1)
    day = rng.integers(0, 3 * 365, n)
    return pd.DataFrame(
        {
            "member": rng.integers(0, n // 20, n),
            "time": np.datetime64("2023-01-01") + day,
            "kind": pd.Categorical.from_codes((rng.random(n) < 0.3).astype(int), KINDS),
            "points": rng.integers(1, 60, n),
        }
    ).astype({"time": "datetime64[s]"})


def measured(path: str, what: str) -> dict[str, float]:
    """Processor's seconds and gigabytes of one question put to a ledger in a file."""
    start = time.process_time()
    ledger = PointsLedger(pl.scan_parquet(path), **COLUMNS)
    if what == "lots":
        begun = time.process_time()
        lots = ledger.postings.lots(ledger.validity)
        len(lots.taken.points)
        return {"read": begun - start, "lots": time.process_time() - begun}
    ledger.balances()
    ledger.flow("month")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": time.process_time() - start, "gigabytes": peak}


def looped() -> float:
    """Seconds a million rows of a plain loop over postings."""
    held = PointsLedger(postings(LOOP), **COLUMNS).postings
    start = time.process_time()
    by_loop(held.member, held.day, held.earned, held.burned, validity_of("24 months"), int(held.day.max()))
    return (time.process_time() - start) / LOOP * 1e6


def main() -> None:
    """Print seconds, gigabytes and the ratio to a plain loop."""
    with tempfile.TemporaryDirectory() as folder:
        for n, what in ((10_000_000, "flow"), (1_400_000, "lots")):
            path = f"{folder}/{what}.parquet"
            postings(n).to_parquet(path)
            command = [sys.executable, __file__, path, what]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(f"{n:,} rows, {what}:", ", ".join(f"{name} {value:.2f}" for name, value in found.items()))
    loop = looped()
    print(f"plain loop: {loop:.1f} s a million rows, {loop * 1.4 / found['lots']:.0f} times the lots in closed form")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(*sys.argv[1:])))
    else:
        main()
