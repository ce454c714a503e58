"""SPSS, Stata and Parquet files as they stand: codes, labels, declared missing values, dates and code pages."""

import struct

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from code_pages import write_old_dta, write_sav_as

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

CITIES = pd.DataFrame({"Q1": [5.0, 4, 2, 1], "CITY": ["AAAAAA", "BBBBBB"] * 2})
GBK = {"AAAAAA": "北京城".encode("gbk"), "BBBBBB": "上海市".encode("gbk")}


def read(path, known=("Q1",), **options):
    return read_table(path, list(known), what="The survey", options=FileOptions(**options))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (936, None),
        (2, None),
        (3, None),
        (1252, None),
        (65001, None),
        (950, None),
        (12345, None),
        (65001, b"UTF-8"),
        (1252, b"windows-1252"),
        (2, b"GBK"),
    ],
)
def test_chinese_cells_are_read_whatever_the_file_declares(tmp_path, code, name):
    """haven 244 and ReadStat 90: a GBK file without a code page, or with a wrong one."""
    path = write_sav_as(tmp_path / "s.sav", CITIES, GBK, code=code, name=name)
    assert read(path).frame["CITY"].tolist() == ["北京城", "上海市"] * 2


def test_names_and_labels_are_in_the_same_code_page(tmp_path):
    frame = pd.DataFrame({"AAAA": [1.0, 2.0], "g": ["BBBB", "x"]})
    texts = {"AAAA": "题项".encode("gbk"), "CCCC": "满意".encode("gbk"), "BBBB": "门店".encode("gbk")}
    path = write_sav_as(
        tmp_path / "s.sav",
        frame,
        {**texts, "DDDD": "很好".encode("gbk")},
        code=2,
        column_labels={"AAAA": "CCCC?", "g": ""},
        variable_value_labels={"AAAA": {5: "DDDD"}},
    )
    table = read(path, ["题项"])
    assert list(table.frame) == ["题项", "g"]
    assert table.column_labels == {"题项": "满意?"}
    assert table.value_labels["题项"] == {5: "很好"}
    assert table.frame["g"].tolist() == ["门店", "x"]


@pytest.mark.parametrize(("encoding", "text"), [("gbk", "北京城"), ("big5", "臺北市"), ("shift_jis", "東京都")])
def test_an_encoding_that_is_named_is_used(tmp_path, encoding, text):
    texts = {"AAAAAA": text.encode(encoding)}
    path = write_sav_as(tmp_path / "s.sav", CITIES, texts, code=1252)
    assert read(path, encoding=encoding).frame["CITY"].iloc[0] == text
    with pytest.raises(UnreadableError, match=r"'gkb' is no encoding that Python knows: \[file\] encoding ="):
        read(path, encoding="gkb")


def test_an_old_stata_file_declares_no_code_page(tmp_path):
    path = write_old_dta(tmp_path / "s.dta", CITIES, GBK)
    assert read(path).frame["CITY"].tolist() == ["北京城", "上海市"] * 2


def test_western_letters_are_kept(tmp_path):
    """haven 615 and 19: umlauts of a file in Windows-1252 that declares UTF-8, and the other way round."""
    texts = {"AAAAAA": "Größe".encode("cp1252").ljust(6), "BBBBBB": "café".encode("cp1252").ljust(6)}
    for code, name in ((65001, b"UTF-8"), (1252, None), (2, None)):
        path = write_sav_as(tmp_path / "s.sav", CITIES, texts, code=code, name=name)
        assert read(path).frame["CITY"].tolist() == ["Größe", "café"] * 2
    path = write_sav_as(tmp_path / "s.sav", CITIES, {"AAAAAA": "für ".encode().ljust(6)}, code=1252)
    assert read(path).frame["CITY"].iloc[0].strip() == "für"


def labelled_sav(path):
    frame = pd.DataFrame(
        {"Q1": [1.0, 98, 99, 5], "Q2": [1.0, 2, -3, -1], "Q3": [0.5, 1, 2, 3], "S": ["a", "NA", "b", "c"]}
    )
    pyreadstat.write_sav(
        frame,
        path,
        column_labels=["How satisfied are you?", "Fair?", "", "Where?"],
        variable_value_labels={"Q1": {1: "Not at all", 98: "Don't know", 99: "Refused"}},
        missing_ranges={"Q1": [98, 99], "Q2": [{"lo": -9, "hi": -1}], "S": ["NA"]},
    )
    return path


def test_declared_missing_values_are_missing_and_told(tmp_path):
    table = read(labelled_sav(tmp_path / "s.sav"))
    assert table.missing == {"Q1": (98, 99), "Q2": ((-9, -1),), "S": ("NA",)}
    assert table.frame.isna().sum().to_dict() == {"Q1": 2, "Q2": 2, "Q3": 0, "S": 1}
    assert table.column_labels == {"Q1": "How satisfied are you?", "Q2": "Fair?", "S": "Where?"}
    assert table.value_labels["Q1"][98] == "Don't know"


def test_a_declared_missing_code_is_no_answer_though_the_codebook_does_not_list_it(tmp_path):
    """JASP 3375 and jamovi 596: 98 'Don't know' is declared missing."""
    book = Codebook.parse('response = { min = 0, max = 99 }\nscales.s.items = ["Q1", "Q3"]')
    np.testing.assert_array_equal(read_responses(labelled_sav(tmp_path / "s.sav"), book)["Q1"], [1, np.nan, np.nan, 5])


def test_days_are_dates_and_times_are_seconds(tmp_path):
    """A duration above 24 hours is not wrapped round, as it is where it is read as a time of the day."""
    day = 13_923_792_000.0  # R> as.numeric(difftime(as.Date("2024-01-05"), as.Date("1582-10-14"), units = "secs"))
    frame = pd.DataFrame(
        {"day": [day, np.nan], "moment": [day + 3661, day], "took": [100_000.0, 95.0], "far": [1e14, day]}
    )
    formats = {"day": "EDATE10", "moment": "DATETIME20", "took": "TIME8", "far": "DATE11"}
    pyreadstat.write_sav(frame, tmp_path / "s.sav", variable_format=formats)
    found = read(tmp_path / "s.sav", ["day"]).frame
    assert found["day"].tolist() == [pd.Timestamp("2024-01-05"), pd.NaT]
    assert found["moment"].tolist() == [pd.Timestamp("2024-01-05 01:01:01"), pd.Timestamp("2024-01-05")]
    assert found["took"].tolist() == [100_000, 95]
    assert found["far"].tolist() == [1e14, day]


def test_stata_days_moments_and_months_are_dates(tmp_path):
    """Days, milliseconds, months and quarters since 1960: `help datetime` of Stata."""
    frame = pd.DataFrame({"d": [23380.0, np.nan], "c": [23380.25 * 86_400_000, 0], "m": [768.0, 0], "q": [256.0, -1]})
    formats = {"d": "%td", "c": "%tc", "m": "%tm", "q": "%tq"}
    pyreadstat.write_dta(frame, tmp_path / "s.dta", variable_format=formats)
    found = read(tmp_path / "s.dta", ["d"]).frame
    assert found["d"].tolist() == [pd.Timestamp("2024-01-05"), pd.NaT]
    assert found["c"].tolist() == [pd.Timestamp("2024-01-05 06:00"), pd.Timestamp("1960-01-01")]
    assert found["m"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("1960-01-01")]
    assert found["q"].tolist() == [pd.Timestamp("2024-01-01"), pd.Timestamp("1959-10-01")]


def test_statas_extended_missing_values_are_missing_and_their_labels_are_told(tmp_path):
    frame = pd.DataFrame({"Q1": pd.Series([1.0, "a", "b", 4.0], dtype=object), "g": ["x", "y", "x", "y"]})
    pyreadstat.write_dta(
        frame,
        tmp_path / "s.dta",
        column_labels=["How satisfied?", ""],
        missing_user_values={"Q1": ["a", "b"]},
        variable_value_labels={"Q1": {1: "Not at all", "a": "Refused"}},
    )
    table = read(tmp_path / "s.dta")
    np.testing.assert_array_equal(table.frame["Q1"], [1, np.nan, np.nan, 4])
    assert table.missing == {"Q1": (".a",)}
    assert table.column_labels == {"Q1": "How satisfied?"}
    assert table.value_labels["Q1"] == {1: "Not at all", "a": "Refused"}


def test_a_portable_file_is_read_with_its_labels_and_dates(tmp_path):
    frame = pd.DataFrame({"Q1": [1.0, 5.0], "D": pd.to_datetime(["2024-01-05", None]), "CITY": ["AAAAAA", "B"]})
    pyreadstat.write_por(frame, tmp_path / "s.por", column_labels=["How satisfied?", "", ""])
    table = read(tmp_path / "s.por")
    assert table.column_labels == {"Q1": "How satisfied?"}
    assert table.frame["Q1"].tolist() == [1, 5]
    assert table.frame["D"].tolist() == [pd.Timestamp("2024-01-05"), pd.NaT]
    changed = (tmp_path / "s.por").read_bytes().replace(b"AAAAAA", "北京城".encode("gbk"))
    (tmp_path / "s.por").write_bytes(changed)
    with pytest.raises(
        UnreadableError, match=r"save it as \.sav, or read them as '\ufffd': \[file\] encoding = \"ascii\"\."
    ):
        read(tmp_path / "s.por")
    assert read(tmp_path / "s.por", encoding="ascii").frame["CITY"].iloc[0] == "\ufffd" * 6


@pytest.mark.parametrize("ending", [".sav", ".zsav", ".por", ".dta"])
def test_files_damaged_anywhere_are_a_table_or_a_sentence(tmp_path, ending):
    path = tmp_path / f"s{ending}"
    frame = pd.DataFrame({"Q1": np.arange(30.0), "Q2": 1.0, "CITY": ["x", "y", "longer text"] * 10})
    if ending == ".dta":
        pyreadstat.write_dta(frame, path)
    elif ending == ".por":
        pyreadstat.write_por(frame.rename(columns=str.upper), path)
    else:
        pyreadstat.write_sav(frame, path, compress=ending == ".zsav", column_labels=["How?", "Why?", "Where?"])
    whole = path.read_bytes()
    rng = np.random.default_rng(12)
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.choice([0, 255, data[at] ^ 1, ord("9")])
        path.write_bytes(data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.3 else data)
        try:
            assert isinstance(read(path).frame, pd.DataFrame)
        except InputError as error:
            assert str(error).endswith(".")


@pytest.mark.parametrize("ending", [".sav", ".por", ".dta", ".parquet"])
def test_a_file_of_something_else_is_one_sentence(tmp_path, ending):
    (tmp_path / f"s{ending}").write_bytes(b"not what its name says" * 40)
    with pytest.raises(UnreadableError, match="is damaged, protected or no"):
        read(tmp_path / f"s{ending}")


def test_decimal_numbers_of_a_database_are_numbers(tmp_path):
    """pandas 47303: a decimal type comes as objects of Python."""
    frame = pd.DataFrame({"Q1": pd.array(["1.0000", "5.0000"]).astype("string")})
    frame["Q1"] = frame["Q1"].astype(pd.ArrowDtype(pa.decimal128(10, 4)))
    frame.to_parquet(tmp_path / "s.parquet")
    book = Codebook.parse('response = { min = 1, max = 5 }\nscales.s.items = ["Q1"]')
    assert read_responses(tmp_path / "s.parquet", book)["Q1"].tolist() == [1, 5]


def test_the_number_record_of_a_code_page_stands_where_the_helper_changes_it(tmp_path):
    path = write_sav_as(tmp_path / "s.sav", CITIES, {}, code=936)
    assert struct.pack("<i", 936) in path.read_bytes()
    assert pyreadstat.read_sav(path)[1].file_encoding == "CP936"
