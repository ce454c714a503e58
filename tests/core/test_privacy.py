"""Pseudonyms by HMAC-SHA256 against RFC 4231; keys from a file or the environment; small cells."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.privacy import KEY, pseudonym

RFC_4231 = {
    "1": (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    "2": (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    "3": (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    "6": (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
}


@pytest.mark.parametrize(("key", "text", "known"), RFC_4231.values(), ids=RFC_4231)
def test_pseudonyms_are_those_of_rfc_4231(key, text, known):
    assert pseudonym(key, text) == known


@pytest.fixture
def key(tmp_path):
    (tmp_path / "key").write_text("correct horse battery staple\n")
    return tmp_path / "key"


def test_one_customer_has_one_pseudonym_in_whatever_spelling(key):
    found = lk.pseudonymise(pd.Series([17850.0, np.nan, 12346.0]), key_file=key)
    again = lk.pseudonymise(pd.Series(["12346", "17850"]), key_file=key)
    assert found.tolist() == [again[1], None, again[0]]
    assert again.str.fullmatch("[0-9a-f]{32}").all()


def test_the_key_of_the_environment_is_the_same(key, monkeypatch):
    monkeypatch.setenv(KEY, "correct horse battery staple")
    ids = pd.Series(["a", "b"])
    assert lk.pseudonymise(ids).tolist() == lk.pseudonymise(ids, key_file=key).tolist()
    monkeypatch.setenv(KEY, "another key that is long")
    assert not set(lk.pseudonymise(ids)) & set(lk.pseudonymise(ids, key_file=key))


def test_a_key_is_needed_and_never_shown(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(lk.InputError, match=f"Pseudonyms need a key: name its file .* {KEY}"):
        lk.pseudonymise(pd.Series(["a"]))
    (tmp_path / "key").write_text("short-secret")
    with pytest.raises(lk.InputError, match="has 12 bytes; it needs 16 or more") as told:
        lk.pseudonymise(pd.Series(["a"]), key_file=tmp_path / "key")
    assert "secret" not in str(told.value)
    with pytest.raises(lk.UnreadableError, match="cannot be read"):
        lk.pseudonymise(pd.Series(["a"]), key_file=tmp_path / "absent")


def test_a_small_cell_is_marked_with_the_one_that_would_give_it_away():
    counts = pd.Series({"web": 40, "store": 12, "fax": 2})
    assert lk.small_cells(counts).to_dict() == {"web": False, "store": True, "fax": True}
    assert not lk.small_cells(counts[:2]).any()


def test_small_cells_of_one_label_are_told_apart_by_their_place():
    assert lk.small_cells(pd.Series([40, 12, 2], index=["a", "a", "b"])).tolist() == [False, True, True]
