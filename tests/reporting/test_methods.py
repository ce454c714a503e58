"""How was this computed: every class that is drawn or laid out says so, with the settings of the run and no others."""

from dataclasses import dataclass, fields
from string import Formatter

import pytest
from surveys import simulate

import loyalty_kit as lk
from loyalty_kit.core.errors import GroupsError
from loyalty_kit.core.language import phrases
from loyalty_kit.core.selection import Selection
from loyalty_kit.core.tables import METHOD
from loyalty_kit.reporting import verbs
from loyalty_kit.reporting.methods import has_method, method_of
from loyalty_kit.reporting.provenance import Provenance

NO_RESULT = (type(None), GroupsError, Selection, Provenance)
"""What is laid out without having been computed."""

for part in verbs._parts():
    verbs._load(part)
VIEWS = [
    (result, view)
    for views in (verbs.TABLES, verbs.FIGURES)
    for result, known in views.items()
    if result not in NO_RESULT
    for view in known
]
SPOKEN = [one for one in verbs.SENTENCES if not any(one in views for views in (verbs.TABLES, verbs.FIGURES))]
CLASSES = {result.__name__: result for views in (verbs.TABLES, verbs.FIGURES, verbs.SENTENCES) for result in views}


@pytest.fixture(scope="module")
def survey():
    return simulate(120, scales={"a": 3, "b": 3}, rng=3)


@pytest.mark.parametrize(("result", "view"), VIEWS, ids=lambda one: getattr(one, "__name__", one))
def test_every_view_that_is_drawn_or_laid_out_says_how_it_was_computed(result, view):
    assert has_method(result, view)


def test_so_does_what_a_notebook_only_describes_with_a_figure_in_it():
    told = {one.__name__ for one in SPOKEN if has_method(one, "")}
    assert {"AdequacyResult", "CommonMethodResult", "SharesResult", "StructureResult", "ValidationResult"} <= told


def test_no_method_has_outlived_its_class():
    keys = {key.partition(".")[2] for key in phrases("en") if key.startswith(("computed.", "formula.", "source."))}
    assert {key for key in keys if key.partition(".")[0] not in CLASSES} == set()
    views = {
        f"{name}.{view}"
        for name, one in CLASSES.items()
        for kind in (verbs.TABLES, verbs.FIGURES)
        for view in kind.get(one, ())
    }
    assert {key for key in keys if "." in key and key not in views} == set()


def test_names_in_a_method_are_fields_of_its_class():
    for key, phrase in phrases("en").items():
        section, _, rest = key.partition(".")
        if section == "computed":
            names = {name for _, name, _, _ in Formatter().parse(phrase) if name}
            assert names <= {field.name for field in fields(CLASSES[rest.partition(".")[0]])}


def test_settings_are_those_of_the_run(survey):
    answers, book = survey
    told = [
        " ".join(method_of(lk.reliability(answers, book, bootstrap=b, confidence=c))) for b, c in ((0, 0.9), (50, 0.99))
    ]
    assert "level of intervals 90\xa0%" in told[0]
    assert "level of intervals 99\xa0%" in told[1]
    assert "bootstrap samples 50" in told[1]
    assert "n = 120" in told[0]


def test_a_view_has_its_own_words_and_those_of_its_class(survey):
    answers, book = survey
    quality = lk.reliability(answers, book)
    scales, items = method_of(quality, "scales"), method_of(quality, "items")
    assert len(items) == len(scales) + 1
    assert set(scales) < set(items)


def test_describe_tells_the_method_of_a_result_in_either_language(survey, monkeypatch):
    answers, book = survey
    quality = lk.reliability(answers, book)
    assert "Feldt, Woodruff & Salih (1987)" in str(lk.describe(quality, "method"))
    monkeypatch.setenv("LOYALTY_KIT_LANGUAGE", "zh")
    assert "置信水平 95%" in str(lk.describe(quality, "method"))


def test_a_table_brings_its_method_along_and_a_sentence_where_nothing_else_does(survey):
    answers, book = survey
    quality = lk.reliability(answers, book)
    assert lk.table(quality)._repr_mimebundle_()[METHOD] == list(method_of(quality, "scales"))
    adequate = lk.adequacy(answers[list(book.measures)])
    assert lk.describe(adequate)._repr_mimebundle_()[METHOD] == list(method_of(adequate))
    assert lk.describe(quality)._repr_mimebundle_() == {}


def test_a_class_without_phrases_tells_nothing():
    @dataclass
    class Unknown:
        confidence: float = 0.95

    assert method_of(Unknown()) == ()
