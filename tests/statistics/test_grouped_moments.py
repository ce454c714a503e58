"""Moments by group: exact at any mean, pooled in any split and order, the same from every engine."""

from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.grouped_moments import Block, GroupedMoments
from loyalty_kit.statistics.moments import Moments
from tests.helpers import spark

ENGINES = ["pandas", "polars lazy", "duckdb", pytest.param("pyspark", marks=spark.MARKS)]
COLUMNS = ["x", "y"]


def held_by(engine, frame, folder):
    """The rows in an engine, read from Parquet."""
    path = str(folder / "rows.parquet")
    frame.to_parquet(path, index=False)
    if engine == "polars lazy":
        return pytest.importorskip("polars", reason="Polars is not installed").scan_parquet(path)
    if engine == "duckdb":
        return pytest.importorskip("duckdb", reason="DuckDB is not installed").read_parquet(path)
    if engine == "pyspark":
        return spark.held_by_spark(path)
    return frame


def exact(frame, group=None):
    """Means and scatter of x and y in whole arithmetic, rounded once at the end."""
    rows = frame if group is None else frame[frame["group"].isna() if group == "nan" else frame["group"] == group]
    values = [[Fraction(v) for v in rows[name].tolist()] for name in COLUMNS]
    means = [sum(column) / len(column) for column in values]
    away = [[value - mean for value in column] for column, mean in zip(values, means, strict=True)]
    scatter = [[sum(v * w for v, w in zip(first, second, strict=True)) for second in away] for first in away]
    return np.array(means, dtype=float), np.array(scatter, dtype=float)


@pytest.fixture
def far():
    """Two groups and a nameless one with sd 1 at means of 1e8 and −3e8, which no one shift brings near 0."""
    rng = np.random.default_rng(5)
    group = np.resize(["a", "b", None], 3000).astype(object)
    x = rng.normal(size=3000)
    center = np.where(pd.isna(group), 7.0, np.where(group == "a", 1e8, -3e8))
    return pd.DataFrame({"group": group, "x": center + x, "y": 1e8 + 0.5 * x + rng.normal(size=3000)})


@pytest.mark.parametrize("engine", ENGINES)
def test_means_far_from_zero_lose_no_digits_in_any_engine(far, engine, tmp_path):
    """Cross-products of 1,000 rows a group at mean 1e8 and sd 1 equal those of exact arithmetic."""
    found = Moments.by(held_by(engine, far, tmp_path), COLUMNS, by=["group"])
    for i, level in enumerate(found.groups["group"]):
        means, scatter = exact(far, "nan" if pd.isna(level) else level)
        assert_allclose(found.blocks[0].means[i], means, rtol=1e-15)
        assert_allclose(found.blocks[0].scatter[i], scatter, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("weight", [None, "w"])
def test_one_group_is_what_moments_of_rows_are(far, engine, missing, weight, tmp_path):
    """Holes, an infinite value, a weight of zero: the sums of a query give the matrices of the rows."""
    far = far.assign(w=np.resize([0.0, 0.5, 1.0, 2.0], len(far)))
    far.loc[::7, "x"], far.loc[::5, "y"], far.loc[3, "y"] = np.nan, np.nan, np.inf
    rows = Moments.of(far, COLUMNS, weight=weight, missing=missing)
    found = Moments.of(held_by(engine, far, tmp_path), COLUMNS, weight=weight, missing=missing)
    assert (found.n_used, found.n_dropped) == (rows.n_used, rows.n_dropped)
    for name in ("counts", "weights", "weight_squares", "centers", "comoments", "squares"):
        assert_allclose(getattr(found, name), getattr(rows, name), rtol=1e-8, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_missing_values_and_weights_count_by_group_as_in_memory(far, engine, tmp_path):
    far = far.assign(w=np.resize([0.0, 0.5, 1.0, 2.0], len(far)), week=np.resize([1, 2], len(far)))
    far.loc[::7, "x"] = np.nan
    far.loc[far["week"] == 2, "y"] = np.nan
    whole, found = (
        Moments.by(frame, COLUMNS, by=["group", "week"], weight="w") for frame in (far, held_by(engine, far, tmp_path))
    )
    assert whole.blocks[0].n.tolist()[1::2] == [0.0, 0.0, 0.0]
    assert found.rows.tolist() == whole.rows.tolist()
    for name, part in whole.blocks[0].parts().items():
        assert_allclose(getattr(found.blocks[0], name), part, rtol=1e-10, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_lazily_held_weights_are_checked(engine, tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "lacking": [1.0, None, 2.0], "below": [1.0, -1.0, 0.0], "none": 0.0})
    held = held_by(engine, frame, tmp_path)
    for weight, message in (
        ("lacking", "'lacking' is missing or infinite in 1 row"),
        ("below", "'below' is negative in 1 row"),
        ("none", "'none' is zero in every row"),
    ):
        for call in (lambda w: Moments.of(held, ["x"], weight=w), lambda w: Moments.by(held, ["x"], by=[], weight=w)):
            with pytest.raises(InputError, match=message):
                call(weight)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_keys_there_is_one_group(far, engine, tmp_path):
    far = far[far["group"] == "a"]
    found = Moments.by(held_by(engine, far, tmp_path), COLUMNS, by=[])
    assert found.groups.shape == (1, 0)
    assert_allclose(found.blocks[0].scatter[0], exact(far)[1], rtol=1e-9)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Rows of three groups, answers 1–7 with holes, and a weight, zero for some."""
    rows = draw(st.integers(1, 25))
    values = draw(hnp.arrays(float, (rows, 2), elements=st.sampled_from([1.0, 2.0, 5.0, 7.0, np.nan])))
    table = pd.DataFrame(values, columns=COLUMNS)
    table["group"] = draw(st.lists(st.sampled_from(["a", "b", None]), min_size=rows, max_size=rows))
    table["w"] = draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=rows, max_size=rows))
    return table


def by_group(table: pd.DataFrame, weight: str | None = "w") -> GroupedMoments:
    return Moments.by(table.astype({"group": object}), COLUMNS, by=["group"], weight=weight)


def assert_same(first: Block, second: Block) -> None:
    for name, part in first.parts().items():
        assert_allclose(getattr(second, name), part, rtol=1e-12, atol=1e-12, err_msg=name)


@given(tables(), st.data())
@settings(max_examples=25)
def test_parts_in_any_split_and_order_pool_to_the_whole(table, data):
    part = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(table), max_size=len(table))))
    first, *others = (by_group(table[part == i]) for i in data.draw(st.permutations(range(4))) if (part == i).any())
    pooled = sum(others, start=first)
    whole = by_group(table)
    assert pooled.groups["group"].astype(str).tolist() == whole.groups["group"].astype(str).tolist()
    assert pooled.rows.tolist() == whole.rows.tolist()
    assert_same(whole.blocks[0], pooled.blocks[0])


@given(tables(), st.sampled_from([2.0**20, -3.0, 2.0**33]))
@settings(max_examples=15)
def test_adding_a_constant_moves_means_and_leaves_the_scatter(table, constant):
    block, moved = by_group(table).blocks[0], by_group(table.assign(x=table["x"] + constant)).blocks[0]
    assert_allclose(moved.scatter, block.scatter, atol=1e-4)
    assert_allclose(moved.means - block.means, np.where(np.isnan(block.means), np.nan, [constant, 0.0]), atol=1e-5)


@given(tables())
@settings(max_examples=15)
def test_weights_of_one_are_no_weights(table):
    assert_same(by_group(table.assign(w=1.0)).blocks[0], by_group(table, weight=None).blocks[0])


def test_a_thousand_parts_far_from_zero_pool_without_loss():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal([1e8, 1e9], size=(5000, 2)), columns=COLUMNS).assign(part=np.arange(5000) % 1000)
    parts = Moments.by(table, COLUMNS, by=["part"]).blocks[0]
    means, scatter = exact(table)
    pooled = parts.over(slice(None))
    assert_allclose(pooled.means[0], means, rtol=1e-15)
    assert_allclose(pooled.scatter[0], scatter, rtol=1e-9, atol=1e-5)


def test_a_column_that_never_varies_has_no_scatter_wherever_it_is_cut():
    table = pd.DataFrame({"x": 0.1, "y": np.arange(9.0), "part": np.arange(9) % 4})
    block = Moments.by(table, COLUMNS, by=["part"]).blocks[0].over(slice(None))
    assert (block.means[0, 0], *block.scatter[0, 0]) == (0.1, 0.0, 0.0)


def test_only_zeros_and_ones_are_binary():
    table = pd.DataFrame({"x": [0, 1, 1, 0], "y": [0, 0.5, 1, 1], "k": 0})
    block = Moments.by(table, COLUMNS, by=["k"]).blocks[0]
    assert (block.binary("x"), block.binary("y")) == (True, False)


def test_a_group_without_a_complete_row_has_nothing_but_its_rows():
    table = pd.DataFrame({"group": ["a", "b"], "x": [1.0, np.nan], "y": [2.0, 2.0]})
    found = Moments.by(table, COLUMNS, by=["group"])
    assert (found.rows.tolist(), found.blocks[0].n.tolist()) == ([1.0, 1.0], [1.0, 0.0])
    assert np.isnan(found.blocks[0].means[1]).all()
    assert found.blocks[0].over([1, 1]).sums.tolist() == [[0.0, 0.0]]


def test_different_moments_do_not_pool():
    table = pd.DataFrame({"group": ["a"], "x": [1.0], "y": [2.0]})
    kinds = [(["x"], ["group"]), (["y"], ["group"]), (["x"], [])]
    for (columns, by), (others, keys) in product(kinds, kinds):
        if (columns, by) != (others, keys):
            with pytest.raises(InputError, match="pool only over the same columns and the same keys"):
                Moments.by(table, columns, by=by) + Moments.by(table, others, by=keys)


def test_its_text_shows_no_group(far):
    assert repr(by_group(far, weight=None)) == "GroupedMoments(3 groups by 'group'; 3000 rows)"
