"""An order carried out: the notebook run, its page made, nothing published; the same in whatever process."""

import traceback
from pathlib import Path

from loyalty_kit.errors import InputError
from loyalty_kit.reporting.notebooks import parse_notebook
from loyalty_kit.reporting.pages.page import report_page
from loyalty_kit.reporting.publication import scratch_folder
from loyalty_kit.reporting.recording import recorded
from loyalty_kit.reporting.running.execution import RunError, run_notebook
from loyalty_kit.reporting.running.orders import Attempt, Failure, Order


def attempt(order: Order) -> Attempt:
    """Run an order's notebook and make its page; whatever goes wrong is told in the answer and never raised."""
    try:
        with scratch_folder() as scratch:
            done = run_notebook(
                parse_notebook(order.notebook), folder=Path(order.folder), scratch=scratch, language=order.language
            )
        estimates = recorded(done)
        page = report_page(
            done,
            facts=order.facts,
            folder=Path(order.images),
            language=order.language,
            estimates=estimates,
            past=order.past,
        )
    except RunError as error:
        return Attempt(failure=error.failure)
    except InputError as error:
        return Attempt(failure=Failure(error.anonymous, traceback=traceback.format_exc()))
    except Exception as error:
        # Whatever else a page can fail from must not stop the reports after it.
        sentence = f"{type(error).__name__}: {error}"
        return Attempt(failure=Failure(sentence, traceback=traceback.format_exc(), public=type(error).__name__))
    return Attempt(page=page, estimates=estimates)
