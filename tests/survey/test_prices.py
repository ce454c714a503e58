"""Columns of prices: how the codebook marks them, and how people type them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses
from loyalty_kit.survey.screening import screen

FOUR = 'too_cheap = "P1", cheap = "P2", expensive = "P3", too_expensive = "P4"'
BOOK = Codebook.parse(f'respondent = "id"\nmissing = ["不知道"]\nprice = {{ {FOUR} }}')


def written(folder: Path, *rows: str) -> Path:
    path = folder / "survey.csv"
    path.write_text("\n".join(["id,P1,P2,P3,P4", *rows]), encoding="utf-8")
    return path


def test_prices_are_read_as_people_type_them(tmp_path):
    path = written(tmp_path, "a,¥25,30元,40,50块", "b,２０,25,,不知道", 'c,20,30,1万,"¥12,000.00"')
    read = read_responses(path, BOOK)
    expected = [[25, 30, 40, 50], [20, 25, np.nan, np.nan], [20, 30, 10_000, 12_000]]
    pd.testing.assert_frame_equal(
        read,
        pd.DataFrame(expected, columns=["P1", "P2", "P3", "P4"], index=pd.Index(["a", "b", "c"], name="id")),
        check_dtype=False,
    )


def test_prices_in_words_below_zero_or_in_another_currency_are_named_with_the_line_that_mends_them(tmp_path):
    path = written(tmp_path, "a,¥25,¥30,about 30,50", "b,¥20,$25,-3,60", "c,¥20,¥26,40,25-30")
    with pytest.raises(InputError) as caught:
        read_responses(path, BOOK)
    allowed = "a price is a number of zero or more, or a text to which [price] labels gives one"
    assert str(caught.value).splitlines() == [
        f"Price 'P2' holds '$25', in another unit than the other cells, in 1 row (first: respondent b); {allowed}; "
        "say which with [price] labels = { \"$25\" = … }, or add it to 'missing'.",
        f"Price 'P3' holds 'about 30' in 1 row (first: respondent a); {allowed}; "
        "say which with [price] labels = { \"about 30\" = … }, or add it to 'missing'.",
        f"Price 'P3' holds -3 in 1 row (first: respondent b); {allowed}.",
        f"Price 'P4' holds '25-30', which is no number, in 1 row (first: respondent c); {allowed}; "
        "say which with [price] labels = { \"25-30\" = … }, or add it to 'missing'.",
    ]
    assert "about" not in str(caught.value.anonymous)


def test_a_price_of_two_readings_names_the_line_that_decides(tmp_path):
    with pytest.raises(InputError, match=r'that is 1.2 or 1200; say which with \[file\] decimal = "."'):
        read_responses(written(tmp_path, 'a,1,2,3,"1,200"'), BOOK)


def test_labels_give_prices_in_words_their_numbers_and_invalid_ones_can_be_missing(tmp_path):
    path = written(tmp_path, "a,25,30,About 40,50", "b,20,25,30,soon")
    book = BOOK.edit(price={"labels": {"about 40": 40}})
    read = read_responses(path, book, invalid="missing")
    assert read["P3"].tolist() == [40, 30]
    assert read["P4"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ('too_cheap = "P1"', "lacks 'cheap', 'expensive', 'too_expensive'; the four questions go together."),
        ('label = "Pass"', "names neither 'too_cheap', 'cheap', 'expensive', 'too_expensive' nor a ladder."),
        (f'{FOUR}, intent_cheap = "I1"', "lacks 'intent_expensive'; the two questions go together."),
        (FOUR.replace("P4", "P1"), "names 'P1' twice."),
        ("ladder = { L1 = 20 }", "'ladder' needs two prices or more, each of its own."),
        ("ladder = { L1 = 20, L2 = 20 }", "'ladder' needs two prices or more, each of its own."),
        (f"{FOUR}, chances = {{ often = 0.5 }}", "'chances' names 'often'; its keys are answers in numbers."),
        (f"{FOUR}, chances = {{ 1 = 1.5 }}", "'chances' holds shares from 0 to 1."),
        (f'{FOUR}, too_dear = "P5"', "key 'price.too_dear': no such key"),
        ("ladder = { L1 = 20, L2 = 30 }", "price.buys_from is needed: the lowest answer from 1 to 7 that counts as"),
        ("buys_from = 8, ladder = { L1 = 20, L2 = 30 }", "price.buys_from must be above 1 and up to 7; got 8."),
        (f'{FOUR}, intent_cheap = "I1", intent_expensive = "I2"', "price.chances is needed: how likely each answer"),
    ],
)
def test_what_is_wrong_under_price_is_said(price, told):
    with pytest.raises(InputError) as caught:
        Codebook.parse(f"response = {{ min = 1, max = 7 }}\nprice = {{ {price} }}")
    assert told in str(caught.value)


def test_a_column_of_prices_stands_in_one_place_and_must_be_in_the_file(tmp_path):
    with pytest.raises(InputError, match="'P1' stands in price.too_cheap and in items.P1"):
        Codebook.parse(f"response = {{ min = 1, max = 5 }}\nitems.P1.wording = 'x'\nprice = {{ {FOUR} }}")
    path = tmp_path / "survey.csv"
    path.write_text("id,P1,P2,P3\na,1,2,3")
    with pytest.raises(InputError, match="lacks the column 'P4'"):
        read_responses(path, BOOK)


def test_a_codebook_with_prices_is_written_as_it_was_read():
    price = f'{FOUR}, currency = "¥", labels = {{ free = 0 }}, ladder = {{ L1 = 20, L2 = 30 }}'
    book = Codebook.parse(f"response = {{ min = 0, max = 1 }}\nprice = {{ {price} }}")
    assert Codebook.parse(book.to_toml()) == book
    assert book.columns == ("L1", "L2", "P1", "P2", "P3", "P4")


def test_who_stops_on_the_ladder_is_not_careless():
    book = Codebook.parse(
        "response = { min = 0, max = 1 }\nitems.a = {}\nitems.b = {}\n"
        "price.ladder = { L1 = 20, L2 = 30, L3 = 40, L4 = 50, L5 = 60 }"
    )
    table = pd.DataFrame({name: [1.0, np.nan, np.nan] for name in ["L1", "L2", "L3", "L4", "L5"]})
    assert not screen(table.assign(a=[1.0, 0, 1], b=[0.0, 1, 1]), book).dropped.any()
