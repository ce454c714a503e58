"""The simulated club: what was put in is found, what was not is not, and the files are those that its script writes."""

import filecmp
import json
from pathlib import Path

import club
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import loyalty_kit as lk

FOLDER = Path(__file__).parents[1] / "data/club"
TRUTH = json.loads((FOLDER / "truth.json").read_text("utf-8"))
NAMES = {"customer": "member", "time": "time", "amount": "amount", "order": "order"}


@pytest.fixture(scope="module")
def log() -> lk.Transactions:
    return lk.read_transactions(FOLDER / "orders.parquet", **NAMES, category="product", refunds="net")


@pytest.fixture(scope="module")
def kinds() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "kinds.parquet").set_index("member")


def test_the_files_are_those_that_the_script_writes(tmp_path):
    club.write(tmp_path)
    for path in sorted(FOLDER.glob("*.parquet")):
        name = path.stem
        made, kept = (pd.read_parquet(folder / f"{name}.parquet") for folder in (tmp_path, FOLDER))
        pd.testing.assert_frame_equal(made, kept)
    assert filecmp.cmp(tmp_path / "truth.json", FOLDER / "truth.json", shallow=False)


def measures(log: lk.Transactions) -> tuple[pd.DataFrame, pd.Index]:
    found = lk.rfm(log)
    bought = found.ledger.purchases
    ids = pd.Index(found.ledger.ids.to_numpy()[bought.customer[bought.starts]])
    table = found.frame.clip(lower=0)
    return table.assign(basket=table["amount"] / table["purchases"]), ids


def test_the_kinds_are_groups_and_the_twin_is_never_called_so(log, kinds):
    twin = lk.read_transactions(FOLDER / "twin.parquet", **NAMES)
    verdicts = []
    for one in (log, twin):
        table, ids = measures(one)
        columns = ["purchases", "basket"]
        found = lk.segments(table, columns=columns, logs=columns, k=3)
        verdicts.append(found.structure().verdict)
        if one is log:
            truth = kinds["kind"].reindex(ids.astype(int))
            assert adjusted_rand_score(truth, found.labels) > 0.6
    # The twin's counts of purchases lie between 'none' and what a cloud hardly ever shows: neither word is certain.
    assert verdicts[0] == "structure"
    assert verdicts[1] not in ("structure", "columns")


def test_pairs_are_found_and_hold_later(log):
    rules = lk.associations(log, at=TRUTH["cut"]).clear
    pairs = {frozenset((row.antecedent, row.consequent)) for row in rules.itertuples()}
    assert pairs == {frozenset((first, held["with"])) for first, held in TRUTH["pairs"].items()}
    assert (rules["held"] == "yes").all()


def test_engagement_tells_of_later_purchases(log):
    events = lk.read_events([str(FOLDER / "events.parquet"), "member", "time", "kind"])
    index = lk.engagement(events, customer="customer", time="time", kind="kind")
    assert index.validity(log, horizon=110).verdict == "adds"


def test_answers_fall_into_classes_that_go_with_the_kinds(kinds):
    survey = pd.read_parquet(FOLDER / "survey.parquet").set_index("member")
    found = lk.segments(survey, columns=club.QUESTIONS, method="latent_class", k=4, samples=10)
    assert adjusted_rand_score(kinds.loc[survey.index, "kind"], found.labels) > 0.25
    assert found.structure().verdict == "structure"


def test_classes_of_a_survey_meet_the_log_by_id(log):
    """Recency, frequency and amount of those who answered, by class: joined by the text of the id."""
    survey = pd.read_parquet(FOLDER / "survey.parquet")
    found = lk.segments(survey, columns=club.QUESTIONS, method="latent_class", k=4, samples=10)
    table, ids = measures(log)
    joined = table.set_axis(ids).join(survey.set_index(survey["member"].astype(str))["wave"], how="inner")
    assert len(joined) > 0.95 * len(survey) and found.n_used == len(survey)
