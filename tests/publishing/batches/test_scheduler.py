"""A batch carried out: what is unchanged is left, what failed is tried again, what needs another waits for it."""

from pathlib import Path

import pytest
from small_notebooks import names
from workshop import Workshop, job, run

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.batches.scheduler import results
from loyalty_kit.publishing.history.history import History
from loyalty_kit.publishing.reports.outcomes import forecast


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


def test_a_second_run_of_the_same_batch_makes_nothing(tmp_path, folder):
    jobs, workshop = [job(tmp_path, "a"), job(tmp_path, "b")], Workshop()
    assert run(jobs, folder, workshop) == {"a": "rendered", "b": "rendered"}
    before = (folder / "a.html").read_bytes()
    assert run(jobs, folder, workshop) == {"a": "unchanged", "b": "unchanged"}
    assert workshop.made == ["a", "b"]
    assert (folder / "a.html").read_bytes() == before


def test_force_makes_the_same_bytes_again(tmp_path, folder):
    jobs, workshop = [job(tmp_path)], Workshop()
    run(jobs, folder, workshop)
    before = (folder / "a.html").read_bytes()
    assert run(jobs, folder, workshop, force=True) == {"a": "rendered"}
    assert (folder / "a.html").read_bytes() == before


def test_new_data_make_only_the_reports_that_read_them(tmp_path, folder):
    (tmp_path / "study").mkdir()
    jobs, workshop = [job(tmp_path, "a"), job(tmp_path / "study", "b")], Workshop()
    run(jobs, folder, workshop)
    (tmp_path / "answers.csv").write_text("id,A1\n1,5\n")
    assert forecast(jobs[0], folder) == "render: changed"
    assert run(jobs, folder, workshop) == {"a": "rendered", "b": "unchanged"}


def test_a_failed_report_is_tried_again_as_often_as_it_says(tmp_path, folder):
    workshop = Workshop(a=2, b=2)
    jobs = [job(tmp_path, "a", retries=2), job(tmp_path, "b", retries=1)]
    assert run(jobs, folder, workshop) == {"a": "rendered", "b": "failed"}
    assert sorted(workshop.made) == ["a", "a", "a", "b", "b"]
    assert "a.failed.html" not in names(folder)


def test_a_report_waits_for_what_it_needs(tmp_path, folder):
    workshop = Workshop(b=1)
    jobs = [job(tmp_path, "a", needs=("b",)), job(tmp_path, "b", retries=1)]
    assert run(jobs, folder, workshop) == {"b": "rendered", "a": "rendered"}
    assert workshop.made == ["b", "b", "a"]


def test_what_needs_a_failed_report_fails_with_it_and_does_not_run(tmp_path, folder):
    workshop = Workshop(a=1)
    jobs = [job(tmp_path, "c", needs=("b",)), job(tmp_path, "b", needs=("a",)), job(tmp_path, "a")]
    told = {result.name: result.error for result in results(jobs, folder, carry_out=workshop)}
    assert told == {"a": "It broke.", "b": "It needs 'a', which failed.", "c": "It needs 'b', which failed."}
    assert workshop.made == ["a"]


def test_fail_fast_ends_the_batch(tmp_path, folder):
    workshop = Workshop(a=1)
    jobs = [job(tmp_path, "a"), job(tmp_path, "b"), job(tmp_path, "c", needs=("b",))]
    assert run(jobs, folder, workshop, fail_fast=True) == {"a": "failed"}
    assert workshop.made == ["a"]


def test_fail_fast_tries_a_report_again_before_another_begins(tmp_path, folder):
    jobs = [job(tmp_path, "a", retries=1), job(tmp_path, "b"), job(tmp_path, "c")]
    workshop = Workshop(a=2)
    assert run(jobs, folder, workshop, fail_fast=True) == {"a": "failed"}
    assert workshop.made == ["a", "a"]
    assert run(jobs, folder, Workshop(a=1), fail_fast=True) == dict.fromkeys("abc", "rendered")


def test_a_failed_report_is_not_taken_for_unchanged(tmp_path, folder):
    jobs = [job(tmp_path)]
    run(jobs, folder, Workshop())
    (tmp_path / "answers.csv").write_text("new")
    assert run(jobs, folder, Workshop(a=1)) == {"a": "failed"}
    (tmp_path / "answers.csv").write_text("")
    assert run(jobs, folder, Workshop()) == {"a": "rendered"}
    assert names(folder) == [name for name in names(folder) if "failed" not in name]


def test_input_that_changes_during_the_run_fails_the_report(tmp_path, folder):
    class Meddling(Workshop):
        def __call__(self, requests):
            for answer in super().__call__(requests):
                (tmp_path / "answers.csv").write_text("changed")
                yield answer

    (result,) = results([job(tmp_path)], folder, carry_out=Meddling())
    assert result.outcome == "failed"
    assert "'answers.csv' was changed during the run" in result.error
    assert "a.html" not in names(folder)


def test_a_second_batch_on_the_folder_leaves_at_once_if_it_must_not_wait(tmp_path, folder):
    first = results([job(tmp_path, "a"), job(tmp_path, "b")], folder, carry_out=Workshop())
    next(first)
    with pytest.raises(InputError, match="Another batch"):
        next(results([job(tmp_path, "a")], folder, carry_out=Workshop(), wait=False))
    first.close()
    assert run([job(tmp_path, "b")], folder, Workshop(), wait=False) == {"b": "rendered"}


def test_what_took_longest_goes_first(tmp_path, folder):
    with History(folder) as history:
        for name, seconds in (("a", 2.0), ("b", 60.0)):
            history.finish(history.begin(name, key="k"), outcome="rendered", seconds=seconds)
    workshop = Workshop()
    run([job(tmp_path, "a"), job(tmp_path, "b")], folder, workshop)
    assert workshop.made == ["b", "a"]


def test_of_reports_that_never_ran_the_one_with_the_most_data_goes_first(tmp_path, folder):
    jobs = [job(tmp_path / "little", "a"), job(tmp_path / "much", "b")]
    (tmp_path / "much" / "answers.csv").write_text("much" * 100)
    workshop = Workshop()
    run(jobs, folder, workshop)
    assert workshop.made == ["b", "a"]
