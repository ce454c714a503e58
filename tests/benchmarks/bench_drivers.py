"""Importance of drivers and the whole chain of a driver analysis: this kit beside pingouin and a plain loop.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_drivers.py``. Targets:
LMG of 15 drivers under 0.02 s, of 10 drivers with 1,000 bootstrap samples under 1 s on one core.
pingouin is timed where it is installed, at 10 drivers and, with ``--slow``, at 15.
"""

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import loyalty_kit as lk


def best_of(runs: int, function: Callable[[], object]) -> float:
    """Least seconds of some runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def survey(respondents: int, drivers: int) -> pd.DataFrame:
    """Scores of correlated drivers, and an outcome in whole steps."""
    rng = np.random.default_rng(0)
    names = [f"d{j}" for j in range(drivers)]
    scores = pd.DataFrame(
        rng.standard_normal((respondents, drivers)) + rng.standard_normal((respondents, 1)), columns=names
    )
    loyalty = scores @ rng.uniform(0, 0.3, drivers) + rng.standard_normal(respondents)
    return scores.assign(
        loyalty=(2 * loyalty).round().clip(-7, 7),
        wave=np.arange(respondents) % 3,
        careful=rng.random(respondents) < 0.9,
    )


def peer_seconds(scores: pd.DataFrame, names: list[str]) -> float | None:
    """Seconds of pingouin's relative importance; None where it is not installed."""
    if importlib.util.find_spec("pingouin") is None:
        return None
    pingouin = importlib.import_module("pingouin")
    return best_of(1, lambda: pingouin.linear_regression(scores[names], scores["loyalty"], relimp=True))


def line(what: str, seconds: float, target: float | None = None, peer: float | None = None) -> None:
    """Print one figure."""
    told = "" if target is None else f"  target {target:g} s"
    ratio = "" if peer is None else f"  pingouin {peer:.2f} s, {peer / seconds:,.0f} times"
    print(f"{what:58s} {seconds:8.4f} s{told}{ratio}")


def importance_alone() -> None:
    """Time LMG by number of drivers, with and without a bootstrap."""
    for p, target in ((10, None), (15, 0.02), (20, None)):
        scores = survey(1000, p)
        names = [f"d{j}" for j in range(p)]
        found = lk.drivers(scores, drivers=names)
        timed = p == 10 or (p == 15 and "--slow" in sys.argv)
        peer = peer_seconds(scores, names) if timed else None
        line(f"LMG of {p} drivers", best_of(5, lambda found=found: found.importance(bootstrap=0)), target, peer)
    for respondents in (250, 5000):
        names = [f"d{j}" for j in range(10)]
        found = lk.drivers(survey(respondents, 10), drivers=names)
        seconds = best_of(2, lambda found=found: found.importance(bootstrap=1000))
        line(f"LMG of 10 drivers, 1,000 samples of {respondents:,}", seconds, 1.0)


def whole_chain() -> None:
    """Time each step of the driver report on 5,000 respondents and 7 drivers."""
    scores = survey(5000, 7)
    names = [f"d{j}" for j in range(7)]
    line("drivers", best_of(3, lambda: lk.drivers(scores, drivers=names)))
    line("drivers, ordered logit of 15 levels", best_of(2, lambda: lk.drivers(scores, drivers=names, model="ordered")))
    reliability = dict.fromkeys(names, 0.8)
    line(
        "drivers corrected for measurement error",
        best_of(1, lambda: lk.drivers(scores, drivers=names, reliability=reliability)),
    )
    found = lk.drivers(scores, drivers=names, controls=["wave"])
    line("importance, 1,000 samples", best_of(2, found.importance))
    line("validate, 20 × 10 folds", best_of(1, found.validate))
    line("stability by 3 waves", best_of(1, lambda: found.stability(by="wave")))
    line(
        "robustness, 16 settings", best_of(1, lambda: found.robustness(samples={"careful": scores[scores["careful"]]}))
    )
    line("priorities", best_of(1, lambda: lk.priorities(found, scores)))


if __name__ == "__main__":
    importance_alone()
    whole_chain()
