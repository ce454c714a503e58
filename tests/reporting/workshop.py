"""Reports made without a kernel, for tests of what is done with them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from small_notebooks import write_notebook

from loyalty_kit.reporting.batches.waves import results
from loyalty_kit.reporting.jobs import Job, prepare_job
from loyalty_kit.reporting.notebooks import parse_notebook
from loyalty_kit.reporting.pages.page import report_page
from loyalty_kit.reporting.running.orders import Attempt, Failure, Order


class Workshop:
    """Makes pages without a kernel; reports fail as often as they are told to."""

    def __init__(self, **failures: int) -> None:
        self.failures = failures
        self.made: list[str] = []

    def __call__(self, orders: Iterable[Order]) -> Iterator[tuple[int, Attempt, float]]:
        for place, order in enumerate(orders):
            self.made.append(order.name)
            left = self.failures.get(order.name, 0)
            self.failures[order.name] = left - 1
            page = report_page(parse_notebook(order.notebook), facts=order.facts)
            attempt = Attempt(failure=Failure("It broke.")) if left > 0 else Attempt(page=page)
            yield place, attempt, 1.5


def job(folder: Path, name: str = "a", **options) -> Job:
    path = folder / f"{name}.ipynb"
    if not path.exists():
        write_notebook(path, "open(answers).read()", parameters='answers: str = "answers.csv"', title=f"Report {name}")
    (folder / "answers.csv").touch()
    return prepare_job(path, base=folder, name=name, **options)


def run(jobs: list[Job], folder: Path, workshop: Workshop, **options) -> dict[str, str]:
    return {result.name: result.outcome for result in results(jobs, folder, carry_out=workshop, **options)}
