"""What keeps a run within bounds: the time of the whole report, and the length of an error's account."""

import pytest
from small_notebooks import write_notebook
from typer.testing import CliRunner

import loyalty_kit as lk
from loyalty_kit.__main__ import app
from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.history.requests import TIMEOUT, too_late
from loyalty_kit.publishing.reports.jobs import prepare_job
from loyalty_kit.publishing.running.kernel import MOST_FRAMES, cut

DEEP = """
import sys
sys.setrecursionlimit(10**9)

def deep(n):
    return 1 / 0 if n == 0 else deep(n - 1)

deep({depth})
"""


def raised(depth: int) -> BaseException:
    def deep(left: int) -> None:
        if left == 0:
            raise ValueError("deep")
        deep(left - 1)

    try:
        deep(depth)
    except ValueError as error:
        return error
    raise AssertionError


def length(error: BaseException) -> int:
    count, account = 0, error.__traceback__
    while account is not None:
        count, account = count + 1, account.tb_next
    return count


@pytest.mark.parametrize(("depth", "frames"), [(3, 5), (MOST_FRAMES - 2, MOST_FRAMES), (500, MOST_FRAMES)])
def test_a_long_account_keeps_its_first_and_its_last_frames(depth, frames):
    error = raised(depth)
    first, last = error.__traceback__, error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    cut(error)
    end = error.__traceback__
    while end.tb_next is not None:
        end = end.tb_next
    assert (length(error), error.__traceback__, end) == (frames, first, last)


def test_the_accounts_of_the_errors_behind_one_are_cut_too():
    error, behind = raised(500), raised(500)
    error.__context__, behind.__cause__ = behind, error
    cut(error)
    assert (length(error), length(behind)) == (MOST_FRAMES, MOST_FRAMES)


def test_an_error_two_hundred_thousand_calls_deep_does_not_hold_a_report_up(tmp_path):
    result = lk.render(write_notebook(tmp_path / "n.ipynb", DEEP.format(depth=200_000)), tmp_path / "out", timeout=120)
    assert (result.outcome, "ZeroDivisionError" in result.error) == ("failed", True)
    assert result.traceback.count("deep(n - 1)") < 10 * MOST_FRAMES


def test_every_report_has_an_hour_where_nothing_else_is_said(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "1")
    assert (TIMEOUT, prepare_job(path, base=tmp_path).timeout, prepare_job(path, base=tmp_path, timeout=5).timeout) == (
        3600,
        3600,
        5,
    )


def test_a_single_report_is_stopped_in_its_time_and_says_what_allows_more(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "import time\ntime.sleep(600)")
    result = lk.render(path, tmp_path / "out", timeout=8)
    assert (result.outcome, result.error) == ("failed", too_late(8))
    assert "--timeout, or timeout in the batch's file, allows more" in result.error


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_is_a_number_of_seconds(tmp_path, timeout):
    with pytest.raises(InputError, match="'timeout' must be more than 0 seconds"):
        lk.render(write_notebook(tmp_path / "n.ipynb", "1"), tmp_path / "out", timeout=timeout)


def test_the_help_says_the_limit():
    said = " ".join(CliRunner().invoke(app, ["render", "--help"], env={"COLUMNS": "200"}).output.split())
    assert ("stopped after an hour" in said, "3600" in said) == (True, True)
