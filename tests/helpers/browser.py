"""A report as Chromium shows it: checks that hold for any report, each for the address of a file."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = 1280, 400


def chromium() -> str:
    """Path of an installed Chromium; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no Chromium is installed (looked for {', '.join(NAMES)})")
    return found


def axe() -> str:
    """Source of axe-core; skips the test where it is not installed."""
    here = Path(__file__).parents[2] / ".venv" / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("AXE_JS") or here)
    if not path.is_file():
        pytest.skip("axe-core is not installed (npm install --prefix .venv axe-core, or AXE_JS=FILE)")
    return path.read_text(encoding="utf-8")


@contextmanager
def running() -> Iterator[Browser]:
    """A Chromium without network services, closed at the end."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, *, width: int = WIDE, scheme: str = "light") -> Iterator[Page]:
    """Report in a window of its own, offline; any request but for itself and any console error fails at the end."""
    faults: list[str] = []

    def judge(route: Route) -> None:
        if route.request.url.partition("#")[0] == url:
            route.continue_()
        else:
            faults.append(f"request: {route.request.url[:200]}")
            route.abort()

    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.route("**/*", judge)
    context.set_offline(True)
    page = context.new_page()
    page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.goto(url)
    try:
        yield page
    finally:
        context.close()
    assert faults == []


def check_toggle(page: Page) -> None:
    """Code is hidden at first; mouse, Enter and Space each turn it, and the button says so."""
    button, code = page.locator("#page-code"), page.locator(".code").first
    states = [(code.is_visible(), button.get_attribute("aria-pressed"))]
    button.click()
    states.append((code.is_visible(), button.get_attribute("aria-pressed")))
    for key in ("Enter", "Space"):
        button.press(key)
        states.append((code.is_visible(), button.get_attribute("aria-pressed")))
    assert states == [(False, "false"), (True, "true"), (False, "false"), (True, "true")]


def check_contents(page: Page) -> None:
    """Each entry of the contents brings its heading into view, by mouse on a wide and on a narrow screen."""
    count = page.locator("nav a").count()
    assert count > 0
    for place in range(count):
        if not page.locator("nav a").first.is_visible():
            page.locator("nav summary").click()
        link = page.locator("nav a").nth(place)
        link.click()
        heading = page.locator(f"[id={json.dumps((link.get_attribute('href') or '')[1:], ensure_ascii=False)}]")
        assert heading.inner_text() == link.text_content()
        page.wait_for_function(
            "id => { const top = document.getElementById(id).getBoundingClientRect().top;"
            " return top >= 0 && top < innerHeight; }",
            arg=heading.get_attribute("id"),
            timeout=3000,
        )


def check_width(page: Page) -> None:
    """The page does not scroll sideways, code shown or hidden."""
    for _ in range(2):
        scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert scroll <= client
        page.locator("#page-code").click()


def check_accessible(page: Page, source: str) -> None:
    """axe-core finds nothing serious or critical, code hidden or shown."""
    page.evaluate(source)
    for _ in range(2):
        found = page.evaluate("axe.run().then(result => result.violations)")
        grave = [
            f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert grave == []
        page.locator("#page-code").click()
