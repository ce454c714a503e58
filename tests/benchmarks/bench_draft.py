"""Processor seconds of a draft: 200,000 respondents × 60 columns of CSV, beside pandas alone.

Run: python tests/benchmarks/bench_draft.py
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_kit as lk

RESPONDENTS = 200_000
MOST_SECONDS = 10


def write_survey(path: Path) -> None:
    """Ids, groups, dates, a weight, 50 items of ten scales and a recommendation."""
    rng = np.random.default_rng(1)
    latent = rng.normal(size=(RESPONDENTS, 10))
    answers = np.clip(np.rint(3 + np.repeat(latent, 5, axis=1) + rng.normal(size=(RESPONDENTS, 50))), 1, 5).astype(int)
    frame = pd.DataFrame(answers, columns=[f"{chr(65 + scale)}S{item}" for scale in range(10) for item in range(1, 6)])
    frame.insert(0, "id", np.arange(RESPONDENTS) + 10**6)
    frame["StartDate"] = pd.date_range("2026-01-01", periods=RESPONDENTS, freq="min").strftime("%Y-%m-%d %H:%M:%S")
    frame["w"] = np.round(rng.uniform(0.5, 2, RESPONDENTS), 3)
    frame["NPS"] = rng.integers(0, 11, RESPONDENTS)
    for place in range(6):
        frame[f"group{'abcdef'[place]}"] = rng.choice(["north", "south", "east", "west"], RESPONDENTS)
    frame.to_csv(path, index=False)


def main() -> None:
    """Print seconds."""
    with tempfile.TemporaryDirectory() as folder:
        survey = Path(folder, "survey.csv")
        write_survey(survey)
        began = time.process_time()
        pd.read_csv(survey)
        alone = time.process_time() - began
        began = time.process_time()
        book = lk.draft_codebook(survey)
        seconds = time.process_time() - began
    assert len(book.scales) == 10, book
    print(f"drafted in {seconds:.1f} s (at most {MOST_SECONDS}); pandas.read_csv alone {alone:.1f} s")


if __name__ == "__main__":
    main()
