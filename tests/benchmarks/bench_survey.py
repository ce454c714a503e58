"""Seconds that a large survey takes: 100,000 respondents × 40 items, on one core."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from surveys import simulate

from loyalty_kit.survey.reading import read_responses
from loyalty_kit.survey.scoring import score
from loyalty_kit.survey.screening import screen

RESPONDENTS = 100_000
SCALES = {f"scale{n}": 5 for n in range(1, 9)}


def seconds(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    answers, codebook = simulate(RESPONDENTS, scales=SCALES, missing_share=0.03)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "survey.csv")
        answers.to_csv(path)
        responses = read_responses(path, codebook)
        steps = {
            "reading": seconds(lambda: read_responses(path, codebook)),
            "screening": seconds(lambda: screen(responses, codebook)),
            "scoring": seconds(lambda: score(responses, codebook)),
        }
    for name, spent in steps.items():
        print(f"{name} {RESPONDENTS:,} x {sum(SCALES.values())}: {spent:.2f} s")
    print(f"together: {sum(steps.values()):.2f} s")


if __name__ == "__main__":
    main()
