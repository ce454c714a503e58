"""The file of a batch: what it may say, and the reports that come of it; no kernel is started."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import TIMEOUT_MAX

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import write_notebook

from loyalty_kit.campaigns.customer_file import read_campaign
from loyalty_kit.core.cells import plain_text
from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.core.selection import keep_only
from loyalty_kit.publishing.batches import batch_file as batch_file_module
from loyalty_kit.publishing.batches.batch_file import PlannedReport, read_plan
from loyalty_kit.publishing.batches.column_values import column_values
from loyalty_kit.publishing.batches.needs import fits, in_order, resolved
from loyalty_kit.publishing.files.naming import file_part, safe_name
from loyalty_kit.publishing.files.publication import check_report_name
from loyalty_kit.survey.reading import read_responses

GOOD = '[[report]]\nnotebook = "n.ipynb"\n'
TAKES = 'survey: str = ""\nchannel: str = "all"\nwave: int = 1\nfactor: float = 1.0\nsince: "date | None" = None'


def batch_file(folder: Path, text: str) -> Path:
    """File of a batch beside a notebook that takes a channel, and one that keeps rows."""
    write_notebook(folder / "n.ipynb", parameters=TAKES, title="Small")
    write_notebook(folder / "rows.ipynb", parameters='survey: str = ""\nonly: list[str] = []')
    path = folder / "reports.toml"
    path.write_text(text, "utf-8")
    return path


def planned(folder: Path, text: str) -> tuple[PlannedReport, ...]:
    return read_plan(batch_file(folder, text)).reports


def names(reports: tuple[PlannedReport, ...]) -> list[str]:
    return [report.name for report in reports]


def survey(folder: Path, channels: list[object], *, times: int = 5) -> None:
    """Survey in which each of some channels has so many rows, enough for a report if nothing else is said."""
    rows = channels * times
    pd.DataFrame({"row": range(len(rows)), "channel": rows}).to_csv(folder / "survey.csv", index=False)


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read_plan(batch_file(folder, text))
    return str(error.value).splitlines()


def test_a_report_has_what_its_table_says(tmp_path):
    text = GOOD + 'name = "网店"\ntitle = "Web"\nparameters = { wave = 2 }\nretries = 2\ntimeout = 90\nlanguage = "zh"'
    [report] = planned(tmp_path, text)
    assert (report.name, report.title, report.labels) == ("网店", "Web", ())
    assert (report.parameters, report.retries, report.timeout) == ({"wave": 2}, 2, 90.0)
    assert (report.language, report.needs, report.where) == ("zh", (), "report '网店'")


def test_a_report_that_says_little_leaves_the_rest_open(tmp_path):
    [report] = planned(tmp_path, GOOD)
    assert (report.name, report.title, report.retries, report.timeout) == ("n", None, 0, None)
    assert (report.language, report.where) == (None, "report 1")


def test_output_and_what_history_keeps_stand_at_the_top(tmp_path):
    plan = read_plan(batch_file(tmp_path, 'output = "built"\nkeep = 30\n' + GOOD))
    assert (plan.output, plan.keep) == ("built", 30)
    plan = read_plan(batch_file(tmp_path, GOOD))
    assert (plan.output, plan.keep) == ("reports", None)


def test_defaults_stand_under_what_each_report_says(tmp_path):
    text = """
    [defaults]
    notebook = "n.ipynb"
    parameters = { channel = "web", wave = 3 }
    retries = 1
    timeout = 60
    language = "zh"
    [[report]]
    [[report]]
    name = "own"
    parameters = { wave = 4 }
    retries = 0
    timeout = 5.5
    language = "en"
    """
    first, own = planned(tmp_path, text)
    assert (first.notebook, first.parameters) == ("n.ipynb", {"channel": "web", "wave": 3})
    assert (first.retries, first.timeout, first.language) == (1, 60.0, "zh")
    assert own.parameters == {"channel": "web", "wave": 4}
    assert (own.retries, own.timeout, own.language) == (0, 5.5, "en")


def test_a_default_parameter_goes_to_the_notebooks_that_take_it(tmp_path):
    text = '[defaults.parameters]\nchannel = "web"\n' + GOOD + '[[report]]\nnotebook = "rows.ipynb"'
    first, second = planned(tmp_path, text)
    assert (first.parameters, second.parameters) == ({"channel": "web"}, {})


def test_a_default_parameter_that_no_notebook_takes_is_refused(tmp_path):
    lines = refused(tmp_path, '[defaults.parameters]\nchanel = "web"\n' + GOOD)
    assert lines == [
        "reports.toml, defaults: no report's notebook has a parameter 'chanel'; did you mean 'channel'?",
    ]


def test_a_matrix_makes_a_report_of_each_combination(tmp_path):
    reports = planned(tmp_path, GOOD + 'matrix = { channel = ["store", "web"], wave = [1, 2] }')
    assert names(reports) == ["n-store-1", "n-store-2", "n-web-1", "n-web-2"]
    assert reports[1].parameters == {"channel": "store", "wave": 2}
    assert (reports[1].title, reports[1].labels) == (None, ("store", "2"))


def test_names_and_titles_come_from_templates(tmp_path):
    text = GOOD + 'name = "{wave}-q-{channel}"\ntitle = "Quality, {channel} {{{wave}}}"\n'
    reports = planned(tmp_path, text + 'matrix = { channel = ["a/b"], wave = [2] }')
    assert [(report.name, report.title) for report in reports] == [("2-q-a-b", "Quality, a/b {2}")]


def test_a_name_and_a_title_without_places_get_the_values_behind_them(tmp_path):
    text = GOOD + 'name = "q"\ntitle = "质量"\nlanguage = "zh"\nmatrix = { channel = ["门店"], wave = [2] }'
    assert [(report.name, report.title) for report in planned(tmp_path, text)] == [("q-门店-2", "质量：门店，2")]


def test_braces_of_a_report_that_stands_alone_are_text(tmp_path):
    [report] = planned(tmp_path, GOOD + 'name = "a{b}"\ntitle = "{"')
    assert (report.name, report.title) == ("a{b}", "{")


def test_values_of_a_matrix_may_be_of_any_type_that_the_parameter_has(tmp_path):
    reports = planned(tmp_path, GOOD + "matrix = { factor = [1, 1.5], since = [2026-03-01] }")
    assert names(reports) == ["n-1-2026-03-01", "n-1.5-2026-03-01"]
    assert reports[0].parameters["factor"] == 1.0


def test_a_key_that_is_no_parameter_keeps_rows(tmp_path):
    text = '[[report]]\nnotebook = "rows.ipynb"\nmatrix = { channel = ["web"], wave = [2] }\n'
    [report] = planned(tmp_path, text + 'parameters = { only = ["age = 30"] }')
    assert report.parameters == {"only": ["age = 30", "channel = web", "wave = 2"]}


def test_for_each_makes_a_report_of_each_value_in_the_data(tmp_path):
    survey(tmp_path, ["web", "门店", None, "web", " app "])
    reports = planned(tmp_path, GOOD + 'parameters = { survey = "survey.csv" }\nfor_each = "channel"')
    assert names(reports) == ["n-app", "n-web", "n-门店"]
    assert reports[0].parameters == {"survey": "survey.csv", "channel": "app"}


def test_for_each_gives_values_of_the_parameters_type(tmp_path):
    pd.DataFrame({"wave": [10, 9, 10] * 5}).to_csv(tmp_path / "survey.csv", index=False)
    reports = planned(tmp_path, GOOD + 'parameters = { survey = "survey.csv" }\nfor_each = "wave"')
    assert [report.parameters["wave"] for report in reports] == [9, 10]


def test_for_each_and_a_matrix_multiply(tmp_path):
    survey(tmp_path, ["web", "store"])
    text = 'parameters = { survey = "survey.csv" }\nfor_each = "channel"\nmatrix = { wave = [1, 2] }'
    assert names(planned(tmp_path, GOOD + text)) == ["n-store-1", "n-store-2", "n-web-1", "n-web-2"]


def test_for_each_and_a_matrix_make_no_more_reports_than_a_matrix_may(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_file_module, "MOST", 3)
    survey(tmp_path, ["web", "store"])
    text = 'parameters = { survey = "survey.csv" }\nfor_each = "channel"\nmatrix = { wave = [1, 2] }'
    assert refused(tmp_path, GOOD + text) == [
        "reports.toml, report 1: 'matrix' and 'for_each' make 4 reports; at most 3 are made of one [[report]]."
    ]


@pytest.mark.parametrize("values", [["Web", "web", "app"], ["a/b", "a-b", "app"], ["x:Y", "X?y", "app"]])
def test_values_that_file_names_cannot_tell_apart_get_names_that_do(tmp_path, values):
    text = 'parameters = { survey = "survey.csv" }\nfor_each = "channel"\n'
    text = GOOD + text + GOOD + 'name = "m-{channel}"\nneeds = ["n-{channel}"]\n' + text
    survey(tmp_path, values)
    reports = planned(tmp_path, text)
    by_value = {report.parameters["channel"]: report for report in reports if report.name.startswith("m")}
    assert by_value.keys() == set(values) and by_value["app"].name == "m-app"
    assert len({report.name.casefold() for report in reports}) == 6
    assert all(len(report.needs) == 1 for report in by_value.values())
    survey(tmp_path, values[::-1])
    assert {report.name: report.parameters for report in planned(tmp_path, text)} == {
        report.name: report.parameters for report in reports
    }


def test_for_each_finds_the_default_file_beside_the_notebook(tmp_path):
    write_notebook(tmp_path / "books" / "m.ipynb", parameters='survey: str = "survey.csv"\nchannel: str = ""')
    survey(tmp_path / "books", ["web"])
    reports = planned(tmp_path, '[[report]]\nnotebook = "books/m.ipynb"\nfor_each = "channel"')
    assert names(reports) == ["m-web"]


def test_text_that_no_path_could_be_is_no_data(tmp_path):
    survey(tmp_path, ["web"])
    write_notebook(tmp_path / "m.ipynb", parameters='long: str\nsurvey: str\nchannel: str = ""')
    values = {"long": "a" * 5000, "survey": "survey.csv"}
    text = '[[report]]\nnotebook = "m.ipynb"\nfor_each = "channel"\n[report.parameters]\n'
    assert names(planned(tmp_path, text + "\n".join(f'{name} = "{value}"' for name, value in values.items()))) == [
        "m-web"
    ]


def test_for_each_leaves_out_what_the_codebook_calls_missing(tmp_path):
    write_notebook(tmp_path / "c.ipynb", parameters="survey: str\ncodebook: str\nonly: list[str] = []")
    survey(tmp_path, [1, 2, 99])
    (tmp_path / "book.toml").write_text(
        'missing = [99]\nresponse = { min = 1, max = 5 }\nscales.loyalty.items = ["q1", "q2"]', "utf-8"
    )
    text = '[[report]]\nnotebook = "c.ipynb"\nfor_each = "channel"\n[report.parameters]\n'
    reports = planned(tmp_path, text + 'survey = "survey.csv"\ncodebook = "book.toml"')
    assert [report.parameters["only"] for report in reports] == [["channel = 1"], ["channel = 2"]]


def test_a_report_stands_behind_those_that_it_needs(tmp_path):
    text = GOOD + 'name = "summary"\nneeds = ["n-*"]\n' + GOOD + "matrix = { wave = [1, 2] }\n" + GOOD + 'name = "z"'
    reports = planned(tmp_path, text)
    assert names(reports) == ["n-1", "n-2", "summary", "z"]
    assert reports[2].needs == ("n-1", "n-2")


def test_each_report_of_a_matrix_may_need_its_counterpart(tmp_path):
    matrix = 'matrix = { channel = ["store", "web"] }\n'
    reports = planned(tmp_path, GOOD + matrix + GOOD + 'name = "drivers"\nneeds = ["n-{channel}"]\n' + matrix)
    assert {report.name: report.needs for report in reports}["drivers-web"] == ("n-web",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("keep = 0\n" + GOOD, "key 'keep': must be 1 or more; got 0."),
        ("keep = '1'\n" + GOOD, "key 'keep': must be a whole number; got '1'."),
        ("defaults = 3\n" + GOOD, "key 'defaults': must be a table, { name = value }; got 3."),
        ("[defaults]\nretires = 1\n" + GOOD, "defaults, key 'retires': no such key; did you mean 'retries'?"),
        ("[defaults]\ntimeout = '9'\n" + GOOD, "defaults, key 'timeout': must be a number; got '9'."),
        (GOOD + "retries = -1", "report 1, key 'retries': must be 0 or more; got -1."),
        (GOOD + "retries = 1.5", "report 1, key 'retries': must be a whole number; got 1.5."),
        (GOOD + "retries = true", "report 1, key 'retries': must be a whole number; got True."),
        (GOOD + "timeout = 0", "report 1, key 'timeout': must be more than 0"),
        (GOOD + "timeout = 1e300", f"key 'timeout': must be {int(TIMEOUT_MAX)} or less; got 1e+300."),
        ("[defaults]\ntimeout = 1e10\n" + GOOD, "defaults, key 'timeout': must be"),
        (
            GOOD + f"matrix = {{ wave = {list(range(40))}, factor = {list(map(float, range(26)))} }}",
            "report 1: 'matrix' makes 1040 reports; at most 1000 are made of one [[report]].",
        ),
        (GOOD + "timeout = inf", "report 1, key 'timeout': must be a number; got inf."),
        (GOOD + "language = 'fr'", "report 1, key 'language': must be 'en' or 'zh'; got 'fr'."),
        (GOOD + "needs = 'a'", "report 1, key 'needs': must be a list, [ … ]; got 'a'."),
        (GOOD + "matrix = { wave = 1 }", "report 1, key 'matrix.wave': must be a list, [ … ]; got 1."),
        (GOOD + "matrix = { wave = [] }", "report 1, key 'matrix.wave': needs at least one entry; got []."),
        (GOOD + "matrix = { wave = ['a'] }", "report 1: Parameter 'wave' of 'n' must be int; got 'a'."),
        (
            GOOD + "matrix = { wav = [1] }",
            "report 1: 'n' has no parameter 'wav' and no 'only' that keeps rows; did you",
        ),
        (GOOD + "matrix = { x = [1] }", "no parameter 'x' and no 'only' that keeps rows; it takes 'survey', 'channel'"),
        (GOOD + "parameters = { wave = 1 }\nmatrix = { wave = [1] }", "report 1: 'wave' stands in 'parameters' and"),
        (
            GOOD + "for_each = 'wave'\nmatrix = { wave = [1] }",
            "report 1: 'wave' stands in both 'for_each' and 'matrix'",
        ),
        (GOOD + "for_each = 'wave'", "report 1: 'for_each' needs data, but no parameter of 'n' names a table that is"),
        (GOOD + "matrix = { wave = [1, 1] }", "report 'n-1': a report before it is named 'n-1' already"),
        (GOOD + "name = 'x{{'\nmatrix = { wave = [1, 2] }", "report 'x{': a report before it is named 'x{' already"),
        (
            GOOD + "name = 'x-{wav}'\nmatrix = { wave = [1] }",
            "Key 'name' holds 'x-{wav}'; places for values are '{wave}'",
        ),
        (
            GOOD + "name = 'x-{wave'\nmatrix = { wave = [1] }",
            "Key 'name' holds 'x-{wave'; places for values are '{wave}'",
        ),
        (GOOD + "name = '{wave.real}'\nmatrix = { wave = [1] }", "Key 'name' holds '{wave.real}'; places for values"),
        (GOOD + "title = '{wave:d}'\nmatrix = { wave = [1] }", "Key 'title' holds '{wave:d}'; places for values"),
        (
            GOOD + "name = '../{wave}'\nmatrix = { wave = [1] }",
            "report '../{wave}': Report of 'n.ipynb': '../1' cannot",
        ),
        (GOOD + "needs = ['m']", "report 'n' needs 'm', and no report is named so"),
        (GOOD + "name = 'a'\nneeds = ['a']", "reports.toml, report 'a' needs 'a': no order can serve them"),
        (
            "".join(f"{GOOD}name = '{a}'\nneeds = ['{b}']\n" for a, b in ("ab", "bc", "ca")),
            "reports.toml, report 'a' needs 'b' needs 'c' needs 'a': no order can serve them",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_report_and_key(tmp_path, text, sentence):
    lines = refused(tmp_path, text)
    assert len(lines) == 1
    assert lines[0].startswith("reports.toml, ")
    assert sentence in lines[0]


def test_one_fault_of_many_variants_is_told_once(tmp_path):
    lines = refused(tmp_path, GOOD + "parameters = { factor = 'x' }\nmatrix = { wave = [1, 2, 3] }")
    assert lines == ["reports.toml, report 1: Parameter 'factor' of 'n' must be float; got 'x'."]


@pytest.mark.parametrize(
    ("channels", "sentence"),
    [
        ([" ", " "], "'for_each': column 'channel' of 'survey.csv' holds no value."),
        (list(range(201)), "column 'channel' of 'survey.csv' holds 201 different values; at most 200 reports"),
    ],
)
def test_a_column_without_values_or_with_too_many_is_refused(tmp_path, channels, sentence):
    survey(tmp_path, channels)
    [line] = refused(tmp_path, GOOD + 'parameters = { survey = "survey.csv" }\nfor_each = "channel"')
    assert sentence in line


def test_a_column_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    survey(tmp_path, ["web"])
    write_notebook(tmp_path / "m.ipynb", parameters='survey: str = "survey.csv"\nonly: list[str] = []')
    [line] = refused(tmp_path, '[[report]]\nnotebook = "m.ipynb"\nfor_each = "chanel"')
    assert "report 1: 'for_each': 'survey.csv' has no column 'chanel'; did you mean 'channel'?" in line


def test_damaged_data_is_told_with_its_report(tmp_path):
    (tmp_path / "survey.csv").write_bytes(b"\xff\xff\x00")
    [line] = refused(tmp_path, GOOD + 'parameters = { survey = "survey.csv" }\nfor_each = "channel"')
    assert line.startswith("reports.toml, report 1: The customer file 'survey.csv'")


CHANNELS = pd.DataFrame({"id": [1, 2, 3, 4], "渠道": ["网店", "门店", None, "网店"]})


@pytest.mark.parametrize("name", ["a.csv", "gb.csv", "a.xlsx", "a.parquet", "a.sav"])
def test_values_are_found_in_every_kind_of_file(tmp_path, name):
    path = tmp_path / name
    match path.suffix:
        case ".csv":
            CHANNELS.to_csv(path, index=False, encoding="gb18030" if name == "gb.csv" else "utf-8")
        case ".xlsx":
            CHANNELS.to_excel(path, index=False)
        case ".parquet":
            CHANNELS.to_parquet(path)
        case _:
            coded = CHANNELS.assign(渠道=[2.0, 1.0, None, 2.0])
            pyreadstat.write_sav(coded, path, variable_value_labels={"渠道": {1.0: "门店", 2.0: "网店"}})
    assert column_values(path, "渠道", min_cell=1).values == ["网店", "门店"]


BOOK = 'missing = [99]\nrespondent = "id"\nresponse = { min = 1, max = 5 }\nscales.loyalty.items = ["q1", "q2"]\n'


@pytest.mark.parametrize(
    ("column", "groups", "values"),
    [
        ("渠道", 'groups = ["渠道"]', ["网店", "门店"]),
        ("渠道", "", ["1", "2"]),
        ("q1", "", ["1", "2"]),
    ],
)
def test_spss_values_are_those_that_a_notebook_finds(tmp_path, column, groups, values):
    answers = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 99.0]
    coded = pd.DataFrame(
        {"id": range(1, 8), "q1": answers, "q2": answers, "渠道": [2.0, 1.0, 99.0, 2.0, 1.0, 2.0, None]}
    )
    labels = {"渠道": {1.0: "门店", 2.0: "网店", 99.0: "不知道"}, "q1": {1.0: "完全不同意"}}
    pyreadstat.write_sav(coded, tmp_path / "a.sav", variable_value_labels=labels)
    book = tmp_path / "book.toml"
    book.write_text(BOOK + groups, "utf-8")
    found = column_values(tmp_path / "a.sav", column, codebook=book, min_cell=1).values
    assert found == values
    kept = read_responses(tmp_path / "a.sav", book)
    sizes = [len(keep_only(kept, [f"{column} = {value}"], min_cell=1)) for value in found]
    assert min(sizes) >= 1
    assert sum(sizes) == (kept[column].notna() & (kept[column] != 99)).sum()


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_values_without_a_codebook_are_those_that_a_campaign_finds(tmp_path, ending):
    path = tmp_path / f"customers.{ending}"
    shops = ["01", "1", " 网店　2 ", "TRUE"] if ending != "parquet" else [1.0, 2.5, 3.0, 4.0]
    table = pd.DataFrame({"arm": ["A"] * 8 + ["none"] * 8, " shop ": shops * 4, "bought": [0, 1] * 8, "spend": 1.0})
    match ending:
        case "csv":
            table.to_csv(path, index=False)
        case "xlsx":
            table.to_excel(path, index=False)
        case _:
            table.to_parquet(path)
    plan = {"arm": "arm", "shares": ["none: 1", "A: 1"], "outcomes": ["bought", "spend"], "profit": "spend"}
    for column, size in (("shop", 4), ("bought", 8), ("arm", 8)):
        found = column_values(path, column, min_cell=4).values
        read = [read_campaign(path, only=[f"{column} = {value}"], min_cell=4, **plan) for value in found]
        assert [len(campaign.frame) for campaign in read] == [size] * (16 // size)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=8))
def test_every_value_planned_keeps_rows(texts):
    table = pd.DataFrame({"c": texts})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "c.parquet")
        table.to_parquet(path)
        try:
            found = column_values(path, "c", min_cell=1).values
        except InputError:
            found = []
    sizes = [len(keep_only(table, [f"c = {value}"], min_cell=1)) for value in found]
    assert sum(sizes) == sum(bool(plain_text(text)) for text in texts)


def test_faults_of_other_columns_are_left_for_the_report_to_tell(tmp_path):
    (tmp_path / "book.toml").write_text(BOOK + 'groups = ["channel", "wave"]', "utf-8")
    rows = "\n".join(f"{number},77,3,{'web' if number % 2 else 'app'}" for number in range(10))
    (tmp_path / "a.csv").write_text("id,q1,q2,channel\n" + rows, "utf-8")
    assert column_values(tmp_path / "a.csv", "channel", codebook=tmp_path / "book.toml").values == ["app", "web"]


def test_no_report_is_made_of_a_respondent(tmp_path):
    (tmp_path / "book.toml").write_text(BOOK, "utf-8")
    (tmp_path / "a.csv").write_text("id,q1,q2\n1,2,3\n", "utf-8")
    with pytest.raises(InputError, match="'for_each': column 'id' names respondents, and no report is made of one."):
        column_values(tmp_path / "a.csv", "id", codebook=tmp_path / "book.toml")


def test_values_that_few_rows_have_get_no_report_and_are_not_named(tmp_path, caplog):
    (tmp_path / "survey.csv").write_text("channel\n" + "web\n" * 5 + "app\n" * 4 + "Anna\n", "utf-8")
    text = 'parameters = { survey = "survey.csv" }\nfor_each = "channel"'
    assert names(planned(tmp_path, GOOD + text)) == ["n-web"]
    assert caplog.messages == [
        "report 1: values of 'channel' that fewer than 5 rows have get no report (min_cell): 2 left out."
    ]


def test_how_few_rows_make_a_report_is_what_the_notebook_takes_them_to_be(tmp_path, caplog):
    (tmp_path / "survey.csv").write_text("channel\n" + "web\n" * 5 + "app\n" * 4, "utf-8")
    write_notebook(tmp_path / "m.ipynb", parameters='survey: str = "survey.csv"\nmin_cell: int = 4\nchannel: str = ""')
    text = '[[report]]\nnotebook = "m.ipynb"\nfor_each = "channel"\n'
    assert names(planned(tmp_path, text)) == ["m-app", "m-web"]
    assert not caplog.messages
    assert names(planned(tmp_path, text + "parameters = { min_cell = 5 }")) == ["m-web"]
    [line] = refused(tmp_path, text + "parameters = { min_cell = 6 }")
    assert line.endswith("'for_each': no value of column 'channel' can have a report: each has fewer than 6 rows.")


def test_rows_are_counted_under_all_the_conditions_of_a_report(tmp_path, caplog):
    rows = ["web,1"] * 5 + ["app,1"] * 5 + ["web,2"] * 5 + ["app,2"] * 4 + ["app,3"] * 9
    (tmp_path / "survey.csv").write_text("\n".join(["channel,wave", *rows]), "utf-8")
    text = '[[report]]\nnotebook = "rows.ipynb"\nfor_each = "channel"\nparameters = { survey = "survey.csv" }\n'
    reports = planned(tmp_path, text + "matrix = { wave = [1, 2] }")
    assert names(reports) == ["rows-app-1", "rows-web-1", "rows-web-2"]
    assert "1 left out" in caplog.text
    only = text.replace(" }", ', only = ["wave = 3"] }')
    assert names(planned(tmp_path, only)) == ["rows-app"]


def test_conditions_are_written_as_rows_are_compared(tmp_path):
    text = '[[report]]\nnotebook = "rows.ipynb"\nmatrix = { member = [true], size = [2.0], day = [2026-03-01] }'
    [report] = planned(tmp_path, text)
    table = pd.DataFrame({"member": [True, False], "size": [2.0, 3.5], "day": pd.to_datetime(["2026-03-01"] * 2)})
    assert len(keep_only(table, report.parameters["only"], min_cell=1)) == 1


def test_numbers_are_sorted_by_size_before_texts(tmp_path):
    survey(tmp_path, ["10", "9", "x", "2.5"])
    assert column_values(tmp_path / "survey.csv", "channel").values == ["2.5", "9", "10", "x"]


@given(st.text(max_size=300))
def test_any_value_makes_a_name_that_a_report_may_have(value):
    name = safe_name(file_part(value))
    check_report_name(name, "here")
    assert Path(name).name == name


@pytest.mark.parametrize("value", ["../../etc", "C:\\x", "a\x00b", "\u202eabc", "nul", "index", "x.failed", "店" * 99])
def test_what_a_system_would_obey_stays_out_of_names(value):
    name = safe_name(file_part(value))
    check_report_name(name, "here")
    assert name.isprintable()
    assert not set(name) & set('/\\:*?"<>|')


def test_long_names_that_begin_alike_stay_apart():
    assert safe_name("a" * 300) != safe_name("a" * 301)


def test_one_text_in_two_unicode_forms_makes_one_name():
    assert file_part("Cafe\u0301") == file_part("Caf\u00e9") == "Caf\u00e9"


def test_a_name_is_meant_whatever_its_case_and_brackets():
    assert fits("Quality-Web", "quality-*")
    assert fits("a[1]", "a[1]")
    assert not fits("quality", "qual")


def test_a_pattern_does_not_mean_the_report_that_needs():
    assert resolved({"a": ["*"], "b": []}) == {"a": ("b",), "b": ()}


@given(st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=20))
def test_each_report_stands_behind_its_needs_and_none_moves_without_cause(lists):
    needs = {str(i): tuple(str(j) for j in wanted if j < i) for i, wanted in enumerate(lists)}
    assert in_order(needs) == list(needs)
    turned = dict(reversed(needs.items()))
    order = in_order(turned)
    assert all(order.index(other) < order.index(name) for name, wanted in turned.items() for other in wanted)


def test_a_plan_without_for_each_loads_no_pandas(tmp_path):
    path = batch_file(tmp_path, GOOD)
    code = (
        "import sys; from loyalty_kit.publishing.batches.batch_file import read_plan; read_plan(sys.argv[1]); "
        "import json; print(json.dumps('pandas' in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(run.stdout) is False


def test_a_missing_notebook_is_told_without_what_follows_from_it(tmp_path):
    lines = refused(tmp_path, '[defaults.parameters]\nx = 1\n[[report]]\nnotebook = "m.ipynb"')
    assert len(lines) == 1
    assert "report 1: The notebook 'm.ipynb' does not exist" in lines[0]


def test_a_missing_file_is_told_with_the_way_to_one(tmp_path):
    with pytest.raises(UnreadableError, match="does not exist; `loyalty-kit new FOLDER`"):
        read_plan(tmp_path / "reports.toml")
