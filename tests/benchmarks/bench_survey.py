"""Seconds that a large survey takes: 100,000 respondents × 40 items, on one core."""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from surveys import simulate

from loyalty_kit.survey.reading import read_responses

RESPONDENTS = 100_000
SCALES = {f"scale{n}": 5 for n in range(1, 9)}


def bench_reading() -> float:
    """Seconds from a CSV file to checked answers."""
    responses, codebook = simulate(RESPONDENTS, scales=SCALES, missing_share=0.03)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "survey.csv")
        responses.to_csv(path)
        start = time.perf_counter()
        read_responses(path, codebook)
        return time.perf_counter() - start


def main() -> None:
    print(f"reading {RESPONDENTS:,} x {sum(SCALES.values())}: {bench_reading():.2f} s")


if __name__ == "__main__":
    main()
