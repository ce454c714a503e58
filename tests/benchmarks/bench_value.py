"""Models of customer value: this kit's fits beside lifetimes, and a million customers.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_value.py``. Targets: 100,000 customers
BG/NBD under 0.25 s and Pareto/NBD under 1 s; a million BG/NBD, MBG/NBD, Pareto/NBD and Gamma-Gamma under 15 s and
1.5 GB. Seconds are the processor's, the grouping of equal histories counted, imports not. lifetimes is timed where
``LIFETIMES`` names a Python that has it (an environment of its own).
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

from loyalty_kit.customers.value.models.gamma_gamma import spending_of
from loyalty_kit.customers.value.models.histories import Histories
from loyalty_kit.customers.value.models.known import fit_model

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from shops import histories

FITS = {"bg_nbd": "BetaGeoFitter", "mbg_nbd": "ModifiedBetaGeoFitter", "pareto_nbd": "ParetoNBDFitter"}
TARGETS = {"bg_nbd": 0.25, "pareto_nbd": 1.0}
ALL_SECONDS, ALL_GIGABYTES = 15.0, 1.5
LIFETIMES = """
import sys, time, warnings
import pandas as pd
import lifetimes
warnings.simplefilter("ignore")
table = pd.read_csv(sys.argv[1])
fitter = getattr(lifetimes, sys.argv[2])()
start = time.process_time()
if sys.argv[2] == "GammaGammaFitter":
    table = table[table["x"] > 0]
    fitter.fit(table["x"], table["z"])
else:
    fitter.fit(table["x"], table["t_x"], table["T"])
print(time.process_time() - start)
"""


def customers(n: int) -> Histories:
    """Histories of customers of a Pareto/NBD with CDNOW's parameters, and what they spend on a repeat day."""
    rng = np.random.default_rng(1)
    known, _ = histories("pareto_nbd", n, rng)
    level = rng.gamma(3.74, size=n) / 15.45
    spend = rng.gamma(6.25 * np.maximum(known.x, 1)) / level / np.maximum(known.x, 1)
    return known._replace(z=np.where(known.x > 0, spend, 0.0))


def seconds(known: Histories) -> dict[str, float]:
    """Processor's seconds of the grouping and of each fit."""
    start = time.process_time()
    cells = known.cells()
    stay = fit_model("nbd", cells)
    took = {"grouping": time.process_time() - start}
    for name in FITS:
        start = time.process_time()
        fit_model(name, cells, stay)
        took[name] = time.process_time() - start
    start = time.process_time()
    spending_of(known)
    return took | {"gamma_gamma": time.process_time() - start}


def million() -> dict[str, float]:
    """All fits of a million customers, and the peak of memory; in this process."""
    took = seconds(customers(1_000_000))
    return took | {"gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def apart() -> dict[str, float]:
    """Fit a million in a process of its own, so that its peak of memory is its own."""
    code = "import json; from bench_value import million; print(json.dumps(million()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def beside(known: Histories) -> dict[str, float]:
    """Seconds that lifetimes takes for the same, where there is one."""
    python = os.environ.get("LIFETIMES")
    if not python:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "histories.csv")
        pd.DataFrame({"x": known.x, "t_x": known.t_x / 7, "T": known.T / 7, "z": known.z}).to_csv(file, index=False)
        took = {}
        for name, fitter in (FITS | {"gamma_gamma": "GammaGammaFitter"}).items():
            command = [python, "-c", LIFETIMES, str(file), fitter]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            took[name] = float(done.stdout)
        return took


def main() -> None:
    """Print seconds, targets and ratios."""
    known = customers(100_000)
    own, peer = seconds(known), beside(known)
    print("100,000 customers")
    for name, took in own.items():
        with_grouping = took + (own["grouping"] if name in FITS else 0.0)
        target = f", target {TARGETS[name]} s" if name in TARGETS else ""
        ratio = f", lifetimes {peer[name]:.2f} s, {peer[name] / with_grouping:.1f} times" if name in peer else ""
        print(f"  {name}: {with_grouping:.2f} s{target}{ratio}")
    if not peer:
        print("  lifetimes: LIFETIMES names no Python that has it")
    whole = apart()
    gigabytes = whole.pop("gigabytes")
    told = ", ".join(f"{name} {took:.2f}" for name, took in whole.items())
    print(f"1,000,000 customers: {told}; {sum(whole.values()):.1f} s, target {ALL_SECONDS:.0f}", end="; ")
    print(f"{gigabytes:.2f} GB, target {ALL_GIGABYTES}")


if __name__ == "__main__":
    main()
