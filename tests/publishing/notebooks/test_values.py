"""Values of parameters: typed, and refused by name before anything runs."""

import json
import tomllib
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parameter_cells import PARAMETERS

from loyalty_kit.core.errors import InputError
from loyalty_kit.publishing.notebooks.parameters import read_parameters
from loyalty_kit.publishing.notebooks.values import check_parameters, check_texts, described, injected_source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"survey": "007"}, "007"),
        ({"survey": "true"}, "true"),
        ({"codebook": "a.toml"}, Path("a.toml")),
        ({"channel": "3"}, 3),
        ({"wave": "3"}, 3),
        ({"wave": "none"}, None),
        ({"wave": ""}, None),
        ({"confidence": "1e-1"}, 0.1),
        ({"screen_out": "true"}, True),
        ({"screen_out": "false"}, False),
        ({"since": "2026-02-28"}, date(2026, 2, 28)),
        ({"weeks": "3, 4"}, [3, 4]),
        ({"weeks": " "}, []),
        ({"channels": '"Pudong, east", west'}, ["Pudong, east", "west"]),
        ({"channels": 'a "b", c'}, ['a "b"', "c"]),
        ({"seed": "007"}, 7),
        ({"since_when": "2026-02-28T10:30"}, datetime(2026, 2, 28, 10, 30)),
        (
            {"since_when": "2026-02-28 10:30:05+08:00"},
            datetime(2026, 2, 28, 10, 30, 5, tzinfo=timezone(timedelta(hours=8))),
        ),
        ({"since_when": "2026-02-28"}, datetime(2026, 2, 28)),
        ({"limits": '{"low": 2, "high": 3.5}'}, {"low": 2.0, "high": 3.5}),
        ({"limits": "{'low': 2}"}, {"low": 2.0}),
        ({"table": '{"a": [1, null, {"b": true}]}'}, {"a": [1, None, {"b": True}]}),
        ({"table": "{1: (2, 3)}"}, {1: (2, 3)}),
        ({"bounds": "2, 2.5"}, (2, 2.5)),
        ({"bounds": "(2, 2.5)"}, (2, 2.5)),
        ({"pair": "3,4,5"}, (3, 4, 5)),
        ({"pair": ""}, ()),
    ],
)
def test_text_becomes_what_the_type_says(text, value):
    [name] = text
    assert check_texts(text | {"needed": "1"}, PARAMETERS, "report")[name] == value


@pytest.mark.parametrize(
    "values",
    [
        {"survey": 7},
        {"screen_out": "true"},
        {"screen_out": 1},
        {"seed": 1.0},
        {"seed": True},
        {"confidence": "0.9"},
        {"confidence": float("nan")},
        {"channel": "app"},
        {"weeks": ["1"]},
        {"weeks": 1},
        {"since": "March"},
        {"since": 20260301},
        {"weeks": (1, 2)},
    ],
)
def test_a_value_of_another_type_is_refused_with_its_name_type_and_value(values):
    [(name, value)] = values.items()
    types = {entry.name: entry.type for entry in PARAMETERS}
    with pytest.raises(InputError) as refused:
        check_parameters(values | {"needed": 1}, PARAMETERS, "report")
    assert str(refused.value) == f"Parameter '{name}' of 'report' must be {types[name]}; got {value!r}."


@pytest.mark.parametrize(
    ("values", "example"),
    [
        ({"since_when": "March"}, "2026-02-03T10:00"),
        ({"since_when": 20260301}, "2026-02-03T10:00"),
        ({"limits": "low = 1"}, '{"low": 1}'),
        ({"limits": {"low": "1"}}, '{"low": 1}'),
        ({"limits": ["low"]}, '{"low": 1}'),
        ({"table": {"a": object}}, '{"low": 1}'),
        ({"table": {"a": float("nan")}}, '{"low": 1}'),
        ({"table": {(1, 2): 3}}, '{"low": 1}'),
        ({"bounds": [1]}, "0, 1"),
        ({"bounds": ["1", 2]}, "0, 1"),
        ({"pair": 1}, "0, 1"),
    ],
)
def test_a_refused_value_of_several_parts_is_told_how_one_is_written(values, example):
    [(name, value)] = values.items()
    types = {entry.name: entry.type for entry in PARAMETERS}
    with pytest.raises(InputError) as refused:
        check_parameters(values | {"needed": 1}, PARAMETERS, "report")
    expected = f"Parameter '{name}' of 'report' must be {types[name]}, such as {example}; got {value!r}."
    assert str(refused.value) == expected


def test_lists_and_tables_of_toml_stand_for_tuples_and_dicts():
    toml = tomllib.loads(
        'since_when = 2026-02-03T10:00:00\nbounds = [0, 2]\nlimits = { low = 1 }\ntable = { "1" = 2026-01-01 }'
    )
    assert check_parameters(toml | {"needed": 1}, PARAMETERS, "report") == {
        "since_when": datetime(2026, 2, 3, 10),
        "bounds": (0, 2.0),
        "limits": {"low": 1.0},
        "table": {"1": date(2026, 1, 1)},
        "needed": 1.0,
    }


def test_a_date_of_a_file_is_a_date_and_one_that_is_none_is_refused():
    """nteract/papermill 345: `a_date: 2019-01-01` in a file raised an error, the text '2019-01-01' did not."""
    entries = read_parameters("a_date: date = date(2018, 1, 1)")
    from_file = check_parameters(tomllib.loads("a_date = 2019-01-01"), entries, "report")
    assert from_file == check_texts({"a_date": "2019-01-01"}, entries, "report") == {"a_date": date(2019, 1, 1)}
    with pytest.raises(InputError, match="Parameter 'a_date' of 'report' must be date; got '2019-02-30'"):
        check_texts({"a_date": "2019-02-30"}, entries, "report")


def test_names_that_must_be_numbers_may_be_text_as_toml_writes_them():
    (weights,) = read_parameters("weights: dict[int, float] = {}")
    assert check_parameters({"weights": {"1": 0.5}}, (weights,), "report") == {"weights": {1: 0.5}}


@pytest.mark.parametrize(
    ("default", "text", "value"), [("[0.5]", "1", [1.0]), ("[1]", "2,3", [2, 3]), ("[]", "2", ["2"])]
)
def test_entries_of_a_list_of_anything_are_read_as_those_of_its_default(default, text, value):
    assert check_texts({"x": text}, read_parameters(f"x: list = {default}"), "report") == {"x": value}


def test_a_line_of_a_type_that_no_parameter_may_have_is_refused_by_that_type():
    with pytest.raises(InputError, match="'report' declares 'x' as set, and no parameter may have that type; allowed"):
        check_texts({"x": "1"}, (), "report", others={"x": "set"})


def test_values_of_the_type_pass_unchanged():
    values = {"survey": "a", "since": date(2026, 1, 1), "weeks": [1], "wave": None, "needed": 2.5, "channel": 3}
    assert check_parameters(values, PARAMETERS, "report") == values


def test_a_whole_number_stands_for_a_float_and_text_for_path_and_date():
    values = check_parameters({"needed": 1, "codebook": "a", "since": "2026-01-02"}, PARAMETERS, "report")
    assert values == {"needed": 1.0, "codebook": Path("a"), "since": date(2026, 1, 2)}


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="'report' has no parameter 'surve'; did you mean 'survey'"):
        check_parameters({"surve": "a", "needed": 1}, PARAMETERS, "report")


def test_a_notebook_without_parameters_takes_none():
    with pytest.raises(InputError, match="'report' has no parameter 'survey'; it takes none"):
        check_parameters({"survey": "a"}, (), "report")


def test_a_parameter_without_default_must_be_given():
    with pytest.raises(InputError, match="Parameter 'needed' of 'report' must be given: float"):
        check_parameters({}, PARAMETERS, "report")


def test_every_problem_is_told_on_a_line_of_its_own():
    with pytest.raises(InputError) as refused:
        check_parameters({"seed": "x", "surve": 1}, PARAMETERS, "report")
    assert len(str(refused.value).splitlines()) == 3


@given(
    st.dictionaries(
        st.sampled_from(["one", "two"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.lists(st.text())
        | st.dates()
        | st.dates().map(lambda day: [day])
        | st.datetimes(timezones=st.none() | st.just(timezone(timedelta(hours=8))))
        | st.tuples(st.integers(), st.text())
        | st.tuples(st.text())
        | st.dictionaries(st.text() | st.integers(), st.none() | st.dates() | st.lists(st.booleans())),
    )
)
def test_injected_code_gives_back_the_values(values):
    space: dict[str, object] = {}
    exec(injected_source(values), space)
    assert {name: space[name] for name in values} == values


def test_injected_moments_leave_the_modules_of_the_cell_alone():
    space: dict[str, object] = {}
    exec(
        "import datetime\n" + injected_source({"since": datetime(2026, 2, 3)}) + "\nday = datetime.date(2026, 1, 1)",
        space,
    )
    assert (space["since"], space["day"]) == (datetime(2026, 2, 3), date(2026, 1, 1))


def test_an_injected_path_is_a_path():
    space: dict[str, object] = {}
    exec(injected_source({"file": Path("a b/'c'")}), space)
    assert space["file"] == Path("a b/'c'")


def test_parameters_are_described_as_json_knows_them():
    entries = {entry["name"]: entry for entry in json.loads(json.dumps(described(PARAMETERS), allow_nan=False))}
    assert list(entries) == [entry.name for entry in PARAMETERS]
    assert entries["survey"] == {
        "name": "survey",
        "type": "str",
        "default": "../a=b.csv",
        "required": False,
        "choices": None,
        "help": "file of answers = one row a respondent",
    }
    assert (entries["codebook"]["default"], entries["since"]["default"]) == ("codebook.toml", "2026-03-01")
    assert (entries["weeks"]["default"], entries["screen_out"]["default"]) == ([1, 2], False)
    assert (entries["since_when"]["default"], entries["bounds"]["default"]) == ("2026-03-01T09:00:00", [0, 1.5])
    assert entries["limits"]["default"] == {"low": 1}
    assert (entries["needed"]["default"], entries["needed"]["required"]) == (None, True)
    assert (entries["wave"]["default"], entries["wave"]["required"]) == (None, False)
    assert entries["channel"]["choices"] == ["store", "web", 3]


@pytest.mark.parametrize(
    ("hint", "choices"),
    [
        ('Literal["a"]', ["a"]),
        ('Literal["a", "b"] | None', ["a", "b", None]),
        ('list[Literal["a", "b"]]', ["a", "b"]),
        ('Literal["a"] | int', None),
        ("int | None", None),
        ("list[str]", None),
    ],
)
def test_choices_are_listed_where_the_type_allows_no_other_value(hint, choices):
    [entry] = described(read_parameters(f"x: {hint} = None"))
    assert entry["choices"] == choices


@pytest.mark.parametrize("default", ["1e999", "[1e999]", "3 * 2", "b''"])
def test_a_default_that_json_does_not_know_is_null(default):
    [entry] = described(read_parameters(f"x: float = {default}"))
    assert entry["default"] in (None, [None])
    assert not entry["required"]


def test_a_list_that_ends_within_a_line_is_refused_as_a_value():
    with pytest.raises(InputError, match="Parameter 'channels' of 'report' must be list"):
        check_texts({"channels": "a\nb", "needed": "1"}, PARAMETERS, "report")
