"""Processor seconds of reading and checking 200,000 × 60 answers, beside pandas and pyreadstat alone."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

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


def seconds(step: Callable[[], object]) -> float:
    """Processor time of a run, which a busy machine hardly adds to."""
    start = time.process_time()
    step()
    return time.process_time() - start


def compared(name: str, ours: Callable[[], object], bare: Callable[[], object], most: float, times: int = 5) -> None:
    """Print the median of runs in pairs, so that both meet the same state of the machine."""
    pairs = [(seconds(ours), seconds(bare)) for _ in range(times)]
    spent, alone = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    verdict = "" if spent <= most and ratio <= MOST else "  TOO SLOW"
    print(f"{name}: {spent:.2f} s (at most {most:g}), alone {alone:.2f} s, ratio {ratio:.2f}{verdict}")


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
