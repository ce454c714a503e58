"""Sentences that keep what they were made of."""

import ast
import copy
import pickle
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from loyalty_kit.messages import Message, message

PACKAGE = Path(__file__).parents[1] / "loyalty_kit"


def calls() -> list[tuple[str, ast.Call]]:
    """Every call of `note` in the package, with its place."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "note":
                found.append((f"{path.relative_to(PACKAGE)}:{node.lineno}", node))
    return found


CALLS = calls()


def test_a_note_is_its_english_sentence():
    assert message("Only {n} of {total} answered.", n=3, total=10) == "Only 3 of 10 answered."
    assert isinstance(message("Fixed."), str)


def test_a_note_keeps_template_and_values():
    told = message("Scale '{scale}': {share:.0%}.", scale="trust", share=0.25)
    assert told == "Scale 'trust': 25%."
    assert (told.template, told.values) == ("Scale '{scale}': {share:.0%}.", {"scale": "trust", "share": 0.25})


def test_negative_numbers_have_a_true_minus_sign_and_zero_has_none():
    assert message("From {low:.2f} to {high:+.3f}.", low=-0.291, high=-0.0001) == "From −0.29 to +0.000."
    assert message("{n} at {p:.1g}, not '{item}'.", n=-3, p=np.float64(1e-5), item="-3") == "−3 at 1e-05, not '-3'."


def test_a_list_of_names_is_quoted_and_the_rest_of_a_long_one_counted():
    assert message("Items {items}.", items=["a", "b"]) == "Items 'a', 'b'."
    assert message("Items {items}.", items=list("abcdefghij")).endswith("'g', 'h' and 2 more.")


def test_a_brace_in_a_name_from_the_data_stays_as_it_is():
    assert message("Item '{item}'.", item="{n}") == "Item '{n}'."


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda told: pickle.loads(pickle.dumps(told))])
def test_a_note_survives_copying_and_other_processes(again):
    told = again(message("Scale '{scale}': {why}", scale="trust", why=message("{n} left", n=2)))
    inner = told.values["why"]
    assert told == "Scale 'trust': 2 left"
    assert isinstance(told, Message)
    assert isinstance(inner, Message)
    assert inner.template == "{n} left"


def test_each_template_of_the_package_stands_where_it_is_used():
    """A catalogue can only know a literal template."""
    made_again = "reporting/wording/notes.py:"
    assert {place for place, call in CALLS if not isinstance(call.args[0], ast.Constant)} == {
        place for place, call in CALLS if ast.unparse(call.args[0]) == "text.template" and place.startswith(made_again)
    }


def test_each_name_of_a_template_is_given_a_value():
    for place, call in CALLS:
        given = {keyword.arg for keyword in call.keywords}
        if None not in given:
            assert {name for _, name, *_ in Formatter().parse(call.args[0].value) if name} == given, place
