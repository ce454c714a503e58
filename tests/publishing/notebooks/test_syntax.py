"""Code read as a tree, whatever else the process has to do meanwhile."""

import ast
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty_kit.publishing.notebooks.syntax import syntax_tree

LONG = "\n".join(f"def f{number}(a, b=[1, 2]):\n    return {{'x': a.b[{number}](b)}}" for number in range(2_000))


class Last:
    """An object whose end reads code, so many calls deep, as that of a file left open does where a warning is shown."""

    def __init__(self, depth: int) -> None:
        self.itself, self.depth = self, depth

    def __del__(self) -> None:
        self.read(self.depth)

    def read(self, depth: int) -> None:
        if depth:
            self.read(depth - 1)
        else:
            ast.parse("1 + 1")


@pytest.fixture
def often_collected():
    """Collections so frequent that each tree meets some."""
    before = gc.get_threshold()
    gc.set_threshold(100, 2, 2)
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("read", [syntax_tree, ast.parse], ids=["the kit", "pytest"])
def test_a_tree_is_whole_though_objects_end_meanwhile(often_collected, read):
    for depth in range(5):
        assert [Last(depth) for _ in range(20)]
        assert len(read(LONG).body) == 2_000


def test_threads_read_code_at_one_time(often_collected):
    start = threading.Barrier(4)

    def reading(_: int) -> int:
        start.wait()
        return sum(len(syntax_tree(LONG).body) for _ in range(3))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reading, range(4))) == [6_000] * 4


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_afterwards_as_before(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(SyntaxError):
            syntax_tree("1 +")
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
