"""The browser that all tests of pages share."""

from collections.abc import Iterator

import pytest
from browser import running
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running() as chromium:
        yield chromium
