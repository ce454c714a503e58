"""Seconds that reading and checking 200,000 × 60 answers takes, beside pandas and pyreadstat alone, on one core."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyreadstat

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from surveys import simulate

from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

RESPONDENTS = 200_000
SCALES = {f"scale{n}": 6 for n in range(1, 11)}
MOST = 3.0
"""Times the bare reader's seconds that the kit may take."""


def seconds(step: Callable[[], object], times: int = 3) -> float:
    """Shortest of a few runs, since a busy machine only ever adds to one."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        step()
        spent.append(time.process_time() - start)
    return min(spent)


def compared(name: str, ours: Callable[[], object], bare: Callable[[], object], most: float) -> None:
    spent, alone = seconds(ours), seconds(bare)
    verdict = "" if spent <= most and spent <= MOST * alone else "  TOO SLOW"
    print(f"{name}: {spent:.2f} s (at most {most:g}), alone {alone:.2f} s, ratio {spent / alone:.2f}{verdict}")


def main() -> None:
    answers, book = simulate(RESPONDENTS, scales=SCALES, missing_share=0.03)
    table = answers.reset_index()
    book = Codebook.model_validate({**book.model_dump(exclude_none=True), "file": {"rows": "leave_out"}})
    with tempfile.TemporaryDirectory() as folder:
        csv, sav = Path(folder, "survey.csv"), Path(folder, "survey.sav")
        table.to_csv(csv, index=False)
        pyreadstat.write_sav(table, sav)
        compared("CSV", lambda: read_responses(csv, book), lambda: pd.read_csv(csv), 3.0)
        compared("SPSS", lambda: read_responses(sav, book), lambda: pyreadstat.read_sav(sav), 6.0)


if __name__ == "__main__":
    main()
