"""Cronbach's alpha with 2,000 bootstrap samples, 2,436 × 25: this kit, a plain loop, R's psych.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_reliability.py``.
Targets: under 0.5 s on one core, and at least 50 times as fast as psych's loop.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_kit as lk
from loyalty_kit.statistics.extraction import extract

REFERENCE = Path(__file__).parents[1] / "reference"
SAMPLES = 2000
PSYCH = """
suppressMessages(library(psych))
x <- na.omit(read.csv("{csv}")[, 1:25])
keys <- list({keys})
seconds <- system.time(for (k in keys) {{
  y <- x[, sub("-", "", k)]
  turned <- grepl("-", k)
  y[, turned] <- 7 - y[, turned]
  invisible(alpha(y, n.iter = {samples}))
}})["elapsed"]
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


def plain_loop(scales: list[pd.DataFrame], samples: int) -> None:
    """Cronbach's alpha of resampled rows, one sample at a time."""
    rng = np.random.default_rng(0)
    for items in scales:
        for _ in range(samples):
            drawn = items.iloc[rng.integers(0, len(items), len(items))]
            items.shape[1] / (items.shape[1] - 1) * (1 - drawn.var().sum() / drawn.sum(axis=1).var())


def psych_seconds(keys: dict[str, list[str]]) -> float | None:
    """Seconds of psych's loop; None without R or psych."""
    if shutil.which("Rscript") is None:
        return None
    text = ", ".join(f"c({', '.join(repr(key) for key in own)})" for own in keys.values())
    script = PSYCH.format(csv=(REFERENCE / "bfi.csv").as_posix(), keys=text, samples=SAMPLES)
    run = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    return float(run.stdout.split()[-1]) if run.returncode == 0 else None


def main() -> None:
    """Print seconds and ratios."""
    figures = json.loads((REFERENCE / "bfi.json").read_text())["reliability"]
    keys = {scale: entry["items"] for scale, entry in figures.items()}
    plain = {scale: [key.lstrip("-") for key in own] for scale, own in keys.items()}
    reverse = {scale: [key[1:] for key in own if key[0] == "-"] for scale, own in keys.items()}
    scales = {scale: {"items": own, "reverse": reverse[scale]} for scale, own in plain.items()}
    codebook = lk.Codebook.model_validate({"response": {"min": 1.0, "max": 6.0}, "scales": scales})
    items = [item for own in plain.values() for item in own]
    answers = pd.read_csv(REFERENCE / "bfi.csv")[items].dropna()
    ours = best_of(5, lambda: lk.reliability(answers, codebook, bootstrap=SAMPLES))
    print(f"reliability of 5 scales, {len(answers):,} × 25, {SAMPLES:,} bootstrap samples: {ours:.3f} s (target 0.5 s)")
    print(f"  the same without bootstrap: {best_of(5, lambda: lk.reliability(answers, codebook)):.3f} s")
    keyed = lk.reverse_key(answers, codebook)
    few = SAMPLES // 20
    loop = best_of(1, lambda: plain_loop([keyed[own] for own in plain.values()], few)) * SAMPLES / few
    print(f"  a plain pandas loop: {loop:.1f} s, {loop / ours:.0f} times as long (timed on {few} samples)")
    psych = psych_seconds(keys)
    told = (
        "not timed, Rscript with psych is not here"
        if psych is None
        else f"{psych:.1f} s, {psych / ours:.0f} times as long"
    )
    print(f"  psych::alpha(x, n.iter = {SAMPLES}) in R: {told} (target 50 times)")
    correlation = answers.corr().to_numpy()
    for method in ("minres", "ml"):
        seconds = best_of(20, lambda method=method: extract(correlation, factors=5, method=method))
        print(f"{method}, 25 items, 5 factors: {seconds * 1000:.1f} ms (target 30 ms)")


if __name__ == "__main__":
    main()
