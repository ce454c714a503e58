"""Factors of bfi's 25 items, 2,436 respondents: this kit beside the Python peers that run here, and R.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_factors.py``. Targets:
parallel analysis of 100 null data sets under 0.03 s, polychoric correlations under 0.06 s, minres with
oblimin under 0.07 s. factor_analyzer fits only beside scikit-learn below 1.8; where it cannot, its
``Rotator`` alone is timed.
"""

import importlib
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import loyalty_kit as lk
from loyalty_kit.measurement.factors.rotation import rotate
from loyalty_kit.statistics.extraction import extract

REFERENCE = Path(__file__).parents[1] / "reference"
SETS = 100
IN_R = """
suppressMessages({{library(psych); library(lavaan); library(GPArotation)}})
x <- na.omit(read.csv("{csv}")[, 1:25])
r <- cor(x)
y <- x
y[] <- lapply(y, ordered)
invisible(capture.output(suppressMessages(suppressWarnings({{
  seconds <- c(
    system.time(fa.parallel(x, n.iter = {sets}, quant = .95, plot = FALSE))["elapsed"],
    system.time(polychoric(x, correct = 0))["elapsed"],
    system.time(lavCor(y, ordered = names(y)))["elapsed"],
    system.time(fa(r, 5, n.obs = nrow(x), rotate = "oblimin"))["elapsed"])
}}))))
cat(seconds)
"""


def best_of(runs: int, function: Callable[[], object]) -> float:
    """Least seconds of some runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def plain_loop(respondents: int, items: int) -> None:
    """Parallel analysis of components, one null data set at a time."""
    rng = np.random.default_rng(0)
    roots = [np.linalg.eigvalsh(np.corrcoef(rng.standard_normal((respondents, items)).T)) for _ in range(SETS)]
    np.quantile(roots, 0.95, axis=0)


def r_seconds() -> list[float]:
    """Seconds of R's fa.parallel, polychoric, lavCor and fa; none without R and its packages."""
    if shutil.which("Rscript") is None:
        return []
    script = IN_R.format(csv=(REFERENCE / "bfi.csv").as_posix(), sets=SETS)
    run = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    return [float(each) for each in run.stdout.split()] if run.returncode == 0 else []


def library(name: str) -> Any:
    """Return a library, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def line(what: str, seconds: float, ours: float) -> None:
    print(f"  {what}: {seconds:.3f} s, {seconds / ours:.1f} times as long")


def factor_analyzer_lines(answers: pd.DataFrame, loadings: np.ndarray, ours: float) -> None:
    """Print factor_analyzer's whole fit where it runs, and its rotation."""
    peer = library("factor_analyzer")
    if peer is None:
        print("  factor_analyzer: not installed here")
        return

    def fit() -> None:
        peer.FactorAnalyzer(5, rotation="oblimin", method="minres").fit(answers)

    try:
        line("factor_analyzer, minres and oblimin from one start", best_of(3, fit), ours)
    except (TypeError, AttributeError, ValueError) as error:
        print(f"  factor_analyzer, minres and oblimin: does not run here ({error})")
    rotator = peer.Rotator(method="oblimin")
    seconds = best_of(5, lambda: rotator.fit_transform(loadings))
    alone = best_of(5, lambda: rotate(loadings, "oblimin"))
    print(f"  oblimin alone: {alone:.4f} s from ten starts, factor_analyzer's Rotator {seconds:.4f} s from one")


def statsmodels_line(answers: pd.DataFrame, ours: float) -> None:
    """Print statsmodels' fit where it is installed."""
    peer = library("statsmodels.multivariate.factor")
    if peer is None:
        print("  statsmodels: not installed here")
        return
    seconds = best_of(3, lambda: peer.Factor(answers, n_factor=5, method="pa").fit().rotate("oblimin"))
    line("statsmodels, principal axes and oblimin from one start", seconds, ours)


def main() -> None:
    """Print seconds and ratios."""
    answers = pd.read_csv(REFERENCE / "bfi.csv").iloc[:, :25].dropna()
    n, p = answers.shape
    correlation = lk.correlate(answers)
    in_r = dict(zip(("parallel", "psych", "lavaan", "fa"), r_seconds(), strict=False))
    if not in_r:
        print("R's psych and lavaan: not timed, Rscript or a package is not here")

    ours = best_of(10, lambda: lk.retain(correlation, simulations=SETS))
    print(f"parallel analysis, components and factors, MAP, Kaiser, {SETS} × {p}: {ours:.4f} s (target 0.03 s)")
    line("a plain numpy loop, components alone", best_of(3, lambda: plain_loop(n, p)), ours)
    if in_r:
        line("psych::fa.parallel in R", in_r["parallel"], ours)
    shuffled = best_of(3, lambda: lk.retain(answers, null="permutation", simulations=SETS))
    print(f"  the same with shuffled answers: {shuffled:.3f} s")
    print(
        f"  with 200 bootstrap samples: {best_of(3, lambda: lk.retain(answers, bootstrap=200, simulations=SETS)):.3f} s"
    )

    ours = best_of(10, lambda: lk.correlate(answers, method="polychoric"))
    print(f"polychoric correlations, {p} items, {n:,} respondents: {ours:.4f} s (target 0.06 s)")
    for name, call in (("psych", "psych::polychoric"), ("lavaan", "lavaan::lavCor")):
        if in_r:
            line(f"{call} in R", in_r[name], ours)

    ours = best_of(10, lambda: lk.efa(answers, factors=5))
    print(f"minres and oblimin from ten starts, from the answers: {ours:.4f} s (target 0.07 s)")
    factor_analyzer_lines(answers, extract(correlation.matrix, factors=5).loadings, ours)
    statsmodels_line(answers, ours)
    if in_r:
        line("psych::fa in R, from the correlations, one start", in_r["fa"], ours)
    print(f"  geomin: {best_of(5, lambda: lk.efa(answers, factors=5, rotation='geomin')):.3f} s")
    stable = best_of(1, lambda: lk.loading_stability(answers, factors=5, bootstrap=500))
    print(f"loading stability, 500 bootstrap samples: {stable:.2f} s")


if __name__ == "__main__":
    main()
