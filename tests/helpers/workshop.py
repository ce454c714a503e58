"""Reports made without a kernel, for tests of what is done with them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from small_notebooks import write_notebook

from loyalty_kit.publishing.batches.scheduler import results
from loyalty_kit.publishing.history.requests import Failure, RenderRequest, RenderResponse
from loyalty_kit.publishing.notebooks.notebooks import parse_notebook
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.reports.jobs import Job, prepare_job


class Workshop:
    """Makes pages without a kernel; reports fail as often as they are told to."""

    def __init__(self, **failures: int) -> None:
        self.failures = failures
        self.made: list[str] = []

    def __call__(self, requests: Iterable[RenderRequest]) -> Iterator[tuple[int, RenderResponse, float]]:
        for place, request in enumerate(requests):
            self.made.append(request.name)
            left = self.failures.get(request.name, 0)
            self.failures[request.name] = left - 1
            page = report_page(parse_notebook(request.notebook), facts=request.facts)
            response = RenderResponse(failure=Failure("It broke.")) if left > 0 else RenderResponse(page=page)
            yield place, response, 1.5


def job(folder: Path, name: str = "a", **options) -> Job:
    path = folder / f"{name}.ipynb"
    if not path.exists():
        write_notebook(path, "open(answers).read()", parameters='answers: str = "answers.csv"', title=f"Report {name}")
    (folder / "answers.csv").touch()
    return prepare_job(path, base=folder, name=name, **options)


def run(jobs: list[Job], folder: Path, workshop: Workshop, **options) -> dict[str, str]:
    return {result.name: result.outcome for result in results(jobs, folder, carry_out=workshop, **options)}
