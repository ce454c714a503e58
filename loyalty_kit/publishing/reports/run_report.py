"""A request carried out: the notebook run, its page made, nothing published; the same in whatever process."""

import traceback
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.files.publication import scratch_folder
from loyalty_kit.publishing.history.recording import recorded
from loyalty_kit.publishing.history.requests import Failure, RenderRequest, RenderResponse
from loyalty_kit.publishing.notebooks.notebooks import parse_notebook
from loyalty_kit.publishing.pages.interactive import still
from loyalty_kit.publishing.pages.page import report_page
from loyalty_kit.publishing.pages.tables import tables_of
from loyalty_kit.publishing.pages.tiles import led_by_tiles, tiles_of
from loyalty_kit.publishing.running.execution import RunError, run_notebook


def run_report(request: RenderRequest) -> RenderResponse:
    """Run a request's notebook and make its page; whatever goes wrong is told in the answer and never raised."""
    try:
        with scratch_folder() as scratch:
            done = run_notebook(
                parse_notebook(request.notebook),
                folder=Path(request.folder),
                scratch=scratch,
                language=request.language,
                timeout=request.timeout,
            )
        estimates, tables = led_by_tiles(recorded(done), tiles_of(done)), tables_of(done)
        done, left_out = still(done, request.language)
        page = report_page(
            done,
            facts=request.facts,
            folder=Path(request.images),
            language=request.language,
            estimates=estimates,
            past=request.past,
        )
    except RunError as error:
        return RenderResponse(failure=error.failure)
    except InputError as error:
        return RenderResponse(failure=Failure(error.anonymous, traceback=traceback.format_exc()))
    except Exception as error:
        # Whatever else a page can fail from must not stop the reports after it.
        sentence = f"{type(error).__name__}: {error}"
        return RenderResponse(failure=Failure(sentence, traceback=traceback.format_exc(), public=type(error).__name__))
    return RenderResponse(page=page, estimates=estimates, tables=tables, left_out=left_out)
