"""Whatever stands in the place of a table or a codebook gets one sentence."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.reliability.reliability import reliability
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.constant_items import drop_constant_items
from loyalty_kit.survey.groups import group_counts
from loyalty_kit.survey.reading import read_responses
from loyalty_kit.survey.scoring import reverse_key, score
from loyalty_kit.survey.screening import screen
from loyalty_kit.survey.shares import marked_shares

BOOK = Codebook.parse("""
weight = "w"
groups = ["channel"]
response = { min = 0, max = 100 }
scales.trust = { items = ["a", "b"], reverse = ["b"] }
items.a.role = "satisfaction"
""")
TABLE = pd.DataFrame({"a": [10.0, 40, 90], "b": [80.0, 50, 20], "channel": ["web"] * 3, "w": [1.0, 2, 1]})
ENTRIES = [reverse_key, score, screen, reliability, group_counts, marked_shares, drop_constant_items]
WEIGHTED = [score, reliability, marked_shares]
ANSWERED = [reverse_key, score, screen, reliability]


def refusal(entry: Callable, responses: object, codebook: object = BOOK) -> str:
    with pytest.raises(InputError) as caught:
        entry(responses, codebook)
    return str(caught.value)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_sound_table_is_taken(entry):
    entry(TABLE, BOOK)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("responses", "kind"), [([[1, 2]], "list"), (np.ones((2, 2)), "ndarray"), (None, "None"), (TABLE["a"], "Series")]
)
def test_what_is_no_table_is_refused(entry, responses, kind):
    told = f"'responses' must be a pandas DataFrame, respondents × columns; got {kind}."
    assert refusal(entry, responses) == told


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(("codebook", "kind"), [("codebook.toml", "str"), (None, "None"), ({}, "dict")])
def test_what_is_no_codebook_is_refused_with_the_way_to_one(entry, codebook, kind):
    assert refusal(entry, TABLE, codebook) == (
        f"'codebook' must be a Codebook; got {kind}; read it with Codebook.read."
    )


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_column_that_stands_twice_is_refused(entry):
    assert refusal(entry, pd.concat([TABLE, TABLE], axis="columns")).endswith(
        "more than once; each column may stand once."
    )


@pytest.mark.parametrize("entry", WEIGHTED)
@pytest.mark.parametrize(
    ("responses", "told"),
    [
        (TABLE.drop(columns="w"), "The table of responses lacks the column 'w'."),
        (TABLE.assign(w="heavy"), "'w' must hold numbers; got str."),
        (TABLE.assign(w=[1.0, None, 1.0]), "'w' is missing or infinite in 1 row"),
        (TABLE.assign(w=[1.0, -1.0, 1.0]), "'w' is negative in 1 row"),
    ],
)
def test_weights_that_cannot_weigh_are_refused(entry, responses, told):
    assert told in refusal(entry, responses).replace("'weight' ", "'w' ")


@pytest.mark.parametrize("entry", ANSWERED)
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([240.0, 50, -3], "'b' holds 240 in 2 rows; allowed is 0 to 100."),
        ([np.inf, 50, 20], "'b' holds inf in 1 row; allowed is 0 to 100."),
        (["much", "50", "20"], "The table of responses must hold numbers in 'b'; got str."),
    ],
)
def test_answers_outside_the_range_and_texts_are_refused(entry, wrong, told):
    assert refusal(entry, TABLE.assign(b=wrong)) == told


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float32", object])
def test_every_kind_of_number_is_taken(dtype):
    typed = TABLE.assign(a=TABLE["a"].astype(dtype), b=pd.Series([80, None, 20], dtype="Int64"))
    plain = TABLE.assign(b=[80.0, np.nan, 20.0])
    if dtype is object:
        assert refusal(score, typed).endswith("must hold numbers in 'a'; got object.")
    else:
        assert score(typed, BOOK).frame["trust"].equals(score(plain, BOOK).frame["trust"])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Codebook.read(None), "'path' must be the path of a file; got None."),
        (lambda: Codebook.parse(None), "'text' must be TOML text; got None."),
        (lambda: read_responses(None, BOOK), "'path' must be the path of a file; got None."),
        (lambda: read_responses("a.csv", None), "'codebook' must be the path of a file; got None."),
    ],
)
def test_what_is_no_path_is_refused(call, told):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == told


def test_of_copied_items_the_first_is_kept_and_the_others_are_named():
    book = Codebook.parse("response = { min = 1, max = 5 }\nscales.t.items = ['a', 'b', 'c']")
    answers = pd.DataFrame({"a": [1.0, 2, 3, 4, 5, None] * 2, "b": [1.0, 2, 3, 4, 5, None] * 2, "c": [1.0, 2] * 6})
    kept = drop_constant_items(answers, book)
    assert kept.codebook.item_names == ("a", "c")
    assert kept.warnings == ("Left out, as its answers are a copy of those to item 'a': item 'b'.",)
    assert drop_constant_items(answers[:6], book).codebook.item_names == ("a", "b", "c")
