"""Fixtures that all tests share; pytest puts the folder `helpers` on the path, hence `import surveys`."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from browser import running
from hypothesis import settings
from playwright.sync_api import Browser

from loyalty_kit.core.drawing.fonts import cjk_font
from loyalty_kit.publishing.notebooks.syntax import undisturbed

ROOT = Path(__file__).parents[1]

# The same examples at every run, however busy the machine; more of them with the slow tests.
settings.register_profile("kit", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("thorough", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("kit")


def _parse(*args, parse=ast.parse, **options) -> ast.AST:
    with undisturbed():
        return parse(*args, **options)


# pytest reads code to show a failure, and on the way may have to show, by its code too, what the end of some object
# complains of. Python 3.11 then breaks off (see `syntax_tree`), and the whole run with it.
ast.parse = _parse


def pytest_terminal_summary(terminalreporter) -> None:
    """Each reason for which tests were skipped, once, however many they are."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    if reasons:
        terminalreporter.section("skipped")
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"{tests}: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _lasting(tmp_path_factory) -> None:
    """Settle where the folders of tests lie, before any of them gives passing files a place that goes with it."""
    tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session")
def _frames() -> dict[str, pd.DataFrame]:
    files = {
        "bfi": ROOT / "tests/reference/bfi.csv",
        "holzinger": ROOT / "tests/reference/holzinger1939.csv",
        "ecsi": ROOT / "data/ecsi_mobile/survey.csv",
    }
    return {name: pd.read_csv(path) for name, path in files.items()}


@pytest.fixture
def bfi(_frames):
    """2,800 respondents × 25 items answered from 1 to 6, with group (gender) and age."""
    return _frames["bfi"].copy()


@pytest.fixture
def holzinger(_frames):
    """301 pupils × 9 ability tests, with group (school)."""
    return _frames["holzinger"].copy()


@pytest.fixture
def ecsi(_frames):
    """250 mobile-phone customers × 24 items answered from 1 to 10."""
    return _frames["ecsi"].copy()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running() as chromium:
        yield chromium


@pytest.fixture(autouse=True)
def _figures() -> Iterator[None]:
    """Close what a test has drawn: pyplot keeps figures, and warns of many."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def _font(request) -> None:
    """Skip what needs a font with Chinese characters where there is none."""
    if request.node.get_closest_marker("font") and cjk_font() is None:
        pytest.skip("no font with Chinese characters is installed")
