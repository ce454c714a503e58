"""What the report says where stores were drawn by lot: of all, and of segments with few of them."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk


@pytest.fixture(scope="module")
def effects():
    """44 stores in three regions: enough over all, few in each region."""
    rng = np.random.default_rng(1)
    store = np.repeat(np.arange(44), 25)
    data = pd.DataFrame({"store": store, "arm": np.where(store % 2, "mail", "none"), "region": store // 2 % 3})
    data["spend"] = 20 + rng.normal(0, 3, 44)[store] + rng.normal(0, 5, len(store))
    known = lk.Campaign(data, arm="arm", control="none", cluster="store", min_cell=30)
    metrics = [lk.Mean("spend")]
    trust = known.trust(metrics, by=["region"], placebos=100, rng=0)
    return known.evaluate(metrics, by=["region"], trust=trust)


def test_few_stores_in_segments_alone_are_said_to_be_so(effects):
    said = str(lk.describe(effects, "trust"))
    assert "In segments with fewer than 20 stores of an arm, the lot was drawn anew among these" in said
    assert "With fewer than 20 stores" not in said


def test_the_note_gives_few_stores_as_a_reason_beside_false_alarms(effects):
    assert "fewer than 20 stores of an arm were drawn" in lk.table(effects, "trust").as_raw_html()
