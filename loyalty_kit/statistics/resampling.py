"""Bootstrap samples and placebo campaigns in blocks, each with its own seed, wherever the blocks are carried out."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from loyalty_kit.core.machine import CLUSTER, dask
from loyalty_kit.statistics.moments import Floats

Integers = npt.NDArray[np.intp]

DRAWS_AT_ONCE = 1 << 20
"""Single draws that one block holds in memory."""

_used: list[Executor] = []


def executor() -> Executor | None:
    """Give the executor that blocks go to in this process; None where they are carried out here, one by one."""
    return _latest()


@contextmanager
def using(pool: Executor) -> Iterator[Executor]:
    """Send the blocks of this process to an executor.

    Parameters
    ----------
    pool : Executor
        Of `concurrent.futures`, or like one: `client.get_executor()` of Dask.

    Yields
    ------
    Executor

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool, using(pool):
    ...     executor() is pool
    True
    """
    _used.append(pool)
    try:
        yield pool
    finally:
        _used.remove(pool)


def block_of(width: int, *, draws: int = DRAWS_AT_ONCE) -> int:
    """Replicates in one block of about so many draws, where each replicate makes `width`.

    Examples
    --------
    >>> block_of(2_436), block_of(10_000_000)
    (430, 1)
    """
    return max(draws // max(width, 1), 1)


def run_blocks(
    function: Callable[[int, np.random.Generator], Floats],
    *,
    replicates: int,
    rng: np.random.Generator,
    block: int,
    executor: Executor | None = None,
) -> Floats:
    """Make replicates block by block: what comes out depends neither on who makes them nor on how many at a time.

    Parameters
    ----------
    function : callable
        Of a count and a source of chance, gives an array of shape (count, …). For executors of processes
        or other machines it must be a function of a module or a `functools.partial` of one.
    replicates : int
        How many in all.
    rng : Generator
        Each block gets a child of its seed.
    block : int
        Replicates in a block, a matter of the data alone: another size gives other draws.
    executor : Executor, optional
        Where blocks are carried out; that of `using` where not given, and here where there is none.

    Returns
    -------
    array of shape (replicates, …)

    Notes
    -----
    Children are spawned from the generator's SeedSequence, so that their streams do not overlap and a
    later call with the same generator gets others.

    Examples
    --------
    >>> def means(count, rng):
    ...     return rng.standard_normal((count, 10)).mean(axis=1)
    >>> run_blocks(means, replicates=5, rng=np.random.default_rng(0), block=2).round(2).tolist()
    [0.51, 0.03, -0.31, 0.04, 0.04]
    """
    sizes = [min(block, replicates - first) for first in range(0, replicates, block)] or [0]
    pool = executor or _latest()
    parts = (pool.map if pool else map)(function, sizes, rng.spawn(len(sizes)))
    return np.concatenate(list(parts))


def over_samples(
    function: Callable[[Floats, np.random.Generator], Floats],
    n: int,
    replicates: int,
    *,
    rng: np.random.Generator,
    clusters: Integers | None = None,
) -> Floats:
    """Results of a function of bootstrap samples, samples × …, block by block.

    Parameters
    ----------
    function : callable
        Of counts (samples × n: how often each sample holds each row) and a source of chance for what else it
        draws, gives an array of shape (samples, …); as for `run_blocks`.
    n : int
        Rows.
    replicates : int
        Samples.
    rng : Generator
        As for `run_blocks`.
    clusters : array of shape (n,), optional
        Number of each row's cluster from 0 on; whole clusters are drawn where there are any.

    Returns
    -------
    array of shape (replicates, …)

    References
    ----------
    Efron, B. & Tibshirani, R. (1993). An introduction to the bootstrap. Chapman & Hall, chapter 6.

    Examples
    --------
    >>> def means(counts, rng):
    ...     return counts @ np.array([1.0, 2.0, 6.0]) / 3
    >>> over_samples(means, 3, 4, rng=np.random.default_rng(0)).shape
    (4,)
    """
    return run_blocks(partial(_over_some, function, n, clusters), replicates=replicates, rng=rng, block=block_of(n))


def _over_some(
    function: Callable[[Floats, np.random.Generator], Floats],
    n: int,
    clusters: Integers | None,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    if clusters is None:
        return function(resample_counts(n, count, rng), rng)
    return function(resample_counts(int(clusters.max()) + 1, count, rng)[:, clusters], rng)


def resample_counts(n: int, count: int, rng: np.random.Generator) -> Floats:
    """How often each of n rows stands in each of some bootstrap samples of n rows.

    Parameters
    ----------
    n, count : int
        Rows, and samples.
    rng : Generator
        Source of chance.

    Returns
    -------
    array of shape (count, n)

    Examples
    --------
    >>> resample_counts(4, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [4.0, 4.0]
    """
    drawn = rng.integers(0, n, size=(count, n)) + n * np.arange(count)[:, None]
    return np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).astype(float)


def _latest() -> Executor | None:
    return _used[-1] if _used else _cluster()


@cache
def _cluster() -> Executor | None:
    """Cluster that this process belongs to, asked for at the first block."""
    address = os.environ.get(CLUSTER)
    pool: Executor | None = dask().Client(address, set_as_default=False).get_executor(pure=False) if address else None
    return pool
