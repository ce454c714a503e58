"""Replicates in blocks: the same draws however and wherever the blocks are carried out."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.statistics.resampling import block_of, executor, run_blocks, using


def draws(count: int, rng: np.random.Generator, *, width: int = 3) -> np.ndarray:
    """Standard normal numbers, count × width."""
    return rng.standard_normal((count, width))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_threads_give_what_one_after_the_other_gives(workers):
    alone = run_blocks(draws, replicates=50, rng=np.random.default_rng(4), block=7)
    with ThreadPoolExecutor(workers) as pool:
        together = run_blocks(draws, replicates=50, rng=np.random.default_rng(4), block=7, executor=pool)
    np.testing.assert_array_equal(together, alone)


# The tracker of multiprocessing's resources may have gone with an earlier test's workers; then it says so.
@pytest.mark.filterwarnings("ignore:resource_tracker")
def test_processes_give_what_one_after_the_other_gives():
    wide = partial(draws, width=5)
    alone = run_blocks(wide, replicates=20, rng=np.random.default_rng(4), block=7)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, using(pool):
        together = run_blocks(wide, replicates=20, rng=np.random.default_rng(4), block=7)
    np.testing.assert_array_equal(together, alone)


@given(st.integers(0, 40), st.integers(1, 50))
def test_as_many_replicates_come_back_as_were_asked_for(replicates, block):
    found = run_blocks(draws, replicates=replicates, rng=np.random.default_rng(0), block=block)
    assert found.shape == (replicates, 3)
    assert len(np.unique(found)) == found.size


def test_a_second_call_draws_anew():
    rng = np.random.default_rng(0)
    first, second = (run_blocks(draws, replicates=5, rng=rng, block=2) for _ in range(2))
    assert not np.isin(first, second).any()


def test_the_innermost_executor_is_used_and_leaves_when_its_block_ends():
    assert executor() is None
    with ThreadPoolExecutor(1) as outer, ThreadPoolExecutor(1) as inner, using(outer):
        with using(inner):
            assert executor() is inner
        assert executor() is outer
    assert executor() is None


def test_an_error_leaves_no_executor_behind():
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError), using(pool):
        raise ZeroDivisionError
    assert executor() is None


def test_a_block_holds_about_a_million_draws():
    assert block_of(1000) == 1048
    assert block_of(0) == 1 << 20
