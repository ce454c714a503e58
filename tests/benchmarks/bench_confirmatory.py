"""Confirmatory factor analysis and invariance, 2,436 × 25: this kit, R's lavaan, semopy.

Run by ``make bench`` or ``OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_confirmatory.py``.
Targets on one core: a CFA with errors and fit under 0.12 s, the ladder of invariance under 1.2 s.
semopy is timed where it can be imported, in an environment of its own if need be.
"""

import importlib.util
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import loyalty_kit as lk

BFI = Path(__file__).parents[1] / "reference/bfi.csv"
SCALES = {
    name: [f"{letter}{n}" for n in range(1, 6)]
    for name, letter in zip(
        ("agree", "conscientious", "extraversion", "neuroticism", "openness"), ("A", "C", "E", "N", "O"), strict=True
    )
}
MODEL = "\n".join(f"{scale} =~ {' + '.join(items)}" for scale, items in SCALES.items())
LAVAAN = """
suppressMessages(library(lavaan))
d <- na.omit(read.csv("{csv}")[, 1:26])
model <- "{model}"
seconds <- function(f, runs = 3) min(sapply(1:runs, function(i) system.time(f())["elapsed"]))
o <- d[, 1:25]; o[] <- lapply(o, ordered)
raw <- read.csv("{csv}")
levels <- list("", "loadings", c("loadings", "intercepts"), c("loadings", "intercepts", "residuals"))
cat(seconds(function() fitMeasures(cfa(model, d, std.lv = TRUE))),
    seconds(function() fitMeasures(cfa(model, d, std.lv = TRUE, estimator = "MLR"))),
    seconds(function() fitMeasures(cfa(model, raw, std.lv = TRUE, missing = "fiml"), c("chisq", "cfi", "rmsea")), 1),
    seconds(function() fitMeasures(cfa(model, o, std.lv = TRUE, ordered = TRUE, estimator = "WLSMV"))),
    seconds(function() for (equal in levels) fitMeasures(
      cfa(model, d, std.lv = TRUE, group = "group", group.equal = equal))))
"""


def best_of(runs: int, function: Callable[[], object]) -> float:
    """Least seconds of some runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def lavaan_seconds() -> list[float] | None:
    """Seconds of lavaan for each job; None without R or lavaan."""
    if shutil.which("Rscript") is None:
        return None
    script = LAVAAN.format(csv=BFI.as_posix(), model=MODEL.replace("\n", "\\n"))
    run = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    return [float(part) for part in run.stdout.split()] if run.returncode == 0 else None


def semopy_seconds(answers: pd.DataFrame) -> float | None:
    """Seconds of semopy's maximum likelihood with errors and fit; None where it is not installed."""
    if importlib.util.find_spec("semopy") is None:
        return None
    semopy = importlib.import_module("semopy")

    def fit() -> None:
        model = semopy.Model(MODEL)
        model.fit(answers)
        model.inspect(std_est=True)
        semopy.calc_stats(model)

    return best_of(3, fit)


def main() -> None:
    """Print seconds and ratios."""
    bfi = pd.read_csv(BFI)
    items = [item for own in SCALES.values() for item in own]
    answers = bfi.dropna(subset=items)
    jobs: dict[str, tuple[Callable[[], object], str]] = {
        "CFA by ML": (lambda: lk.cfa(answers, SCALES), "target 0.12 s"),
        "CFA by MLR": (lambda: lk.cfa(answers, SCALES, estimator="mlr"), "no target"),
        "CFA by FIML, 2,800 rows": (lambda: lk.cfa(bfi, SCALES, missing="fiml"), "no target"),
        "CFA by WLSMV": (lambda: lk.cfa(answers, SCALES, estimator="wlsmv"), "no target"),
        "invariance by gender, four levels and partial models": (
            lambda: lk.invariance(answers, SCALES, group="group"),
            "target 1.2 s",
        ),
    }
    theirs = lavaan_seconds()
    ours = {name: best_of(10, job) for name, (job, _) in jobs.items()}
    for place, (name, seconds) in enumerate(ours.items()):
        told = f"{name}, {len(answers):,} × 25: {seconds:.3f} s ({jobs[name][1]})"
        if theirs is not None:
            told += f"; lavaan {theirs[place]:.2f} s, {theirs[place] / seconds:.0f} times as long"
        print(told)
    if theirs is None:
        print("  lavaan: not timed, Rscript with lavaan is not here")
    semopy = semopy_seconds(answers[items])
    told = (
        "not timed, it is not installed"
        if semopy is None
        else f"{semopy:.2f} s, {semopy / ours['CFA by ML']:.0f} times as long"
    )
    print(f"  semopy, ML with errors and fit: {told}")
    fitted = lk.cfa(answers, SCALES)
    print(f"validity with 1,000 bootstrap samples: {best_of(3, fitted.validity):.3f} s")


if __name__ == "__main__":
    main()
