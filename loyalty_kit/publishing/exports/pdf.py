"""A report as a tagged PDF, printed by a Chromium that is installed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.publishing.files.publication import publish_bytes, scratch_folder

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
_SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
)
_SECONDS = 120
_LONGEST_WORD = 300


def find_browser() -> Path:
    """Browser that can print a report: Chromium, Chrome or Edge, on the path or where installers put it.

    Raises
    ------
    InputError
        If there is none.
    """
    on_path = (shutil.which(name) for name in NAMES)
    folders = [folder for name in _WINDOWS_FOLDERS if (folder := os.environ.get(name))]
    elsewhere = [*_MAC, *(str(Path(folder, name)) for folder in folders for name in _WINDOWS)]
    for place in (*on_path, *elsewhere):
        if place and os.access(place, os.X_OK) and Path(place).is_file():
            return Path(place)
    raise InputError(
        "A PDF needs a browser to print it, and neither Chromium nor Chrome nor Edge is installed here; "
        "on Debian install the package chromium, elsewhere any of the three."
    )


def write_pdf(html: Path, target: Path) -> None:
    """Print a report to a PDF whose headings, tables and texts in the place of figures are tagged.

    Parameters
    ----------
    html : Path
        The report's file.
    target : Path
        The PDF, put in its place when it is whole.

    Raises
    ------
    InputError
        If there is no such report, no browser is installed, or it prints nothing within two minutes.

    Notes
    -----
    The browser starts with a profile of its own, which is removed, and reaches no other machine.
    """
    if not html.is_file():
        raise InputError("The report '{html}' does not exist, so there is nothing to print.", html=html)
    browser = find_browser()
    with scratch_folder() as scratch:
        printed = scratch / "report.pdf"
        command = [
            str(browser),
            *_SWITCHES,
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            f"--user-data-dir={scratch / 'profile'}",
            f"--print-to-pdf={printed}",
            html.resolve().as_uri(),
        ]
        said = _run(command, browser)
        data = printed.read_bytes() if printed.is_file() else b""
        if not data.startswith(b"%PDF-"):
            last = " ".join(said.split())[-_LONGEST_WORD:] or message("nothing")
            raise InputError(
                "'{name}' printed no PDF of '{file}'; it said: {said}", name=browser.name, file=html.name, said=last
            )
    publish_bytes(data, target)


def _run(command: list[str], browser: Path) -> str:
    """Run the browser to its end, with all processes that it starts; what it said."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            _, said = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise InputError(
                "'{name}' printed no PDF within {seconds} seconds.", name=browser.name, seconds=_SECONDS
            ) from None
        finally:
            _end(process)
    return said.decode(errors="replace")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the browser and what it left running."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
    elif process.poll() is None:
        process.kill()
