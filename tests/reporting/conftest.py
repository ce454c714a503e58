"""What tests of pages share: the browser, and that those which need a font are skipped where there is none."""

from collections.abc import Iterator

import pytest
from browser import running
from playwright.sync_api import Browser

from loyalty_kit.core.fonts import cjk_font


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running() as chromium:
        yield chromium


@pytest.fixture(autouse=True)
def _font(request) -> None:
    if request.node.get_closest_marker("font") and cjk_font() is None:
        pytest.skip("no font with Chinese characters is installed")
