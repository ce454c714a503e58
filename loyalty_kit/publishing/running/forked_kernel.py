"""What a forked kernel is: its server loads once what reports use, and each request becomes a kernel."""

import json
import os
import pkgutil
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import ipykernel
import matplotlib as mpl
import numpy as np
from ipykernel.kernelapp import IPKernelApp
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import activate_matplotlib
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import configure_inline_support

import loyalty_kit
from loyalty_kit.publishing.running.figures import shown

INLINE = "module://matplotlib_inline.backend_inline"

_LIBRARIES = (
    "factor_analyzer.rotator",
    "great_tables",
    "ipykernel.debugger",
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "seaborn",
)
_NOT_FOR_NOTEBOOKS = ("loyalty_kit.__main__", "loyalty_kit.publishing.running", "loyalty_kit.publishing.batches")
_LAUNCHER = str(Path(ipykernel.__file__).parents[1] / "ipykernel_launcher.py")
_SETTINGS = mpl.matplotlib_fname()
_INSTALLED = ("site-packages", "dist-packages")


def prepare() -> None:
    """Load what reports use, and draw a figure, so that no kernel pays for its first."""
    for name in _LIBRARIES:
        import_module(name)
    for module in pkgutil.walk_packages(loyalty_kit.__path__, "loyalty_kit."):
        if not module.name.startswith(_NOT_FOR_NOTEBOOKS):
            import_module(module.name)
    figure = Figure()
    figure.subplots().set_title("Loyalty")
    shown(figure)


def run(line: socket.socket, content: bytes) -> None:
    """Be the kernel that was asked for, until it is shut down.

    Whatever an ordinary kernel takes from its surroundings at its start is taken from the request.
    """
    line.close()
    request = json.loads(content)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [_LAUNCHER, *request["arguments"]]
    _look_as_ordinary_kernels_do()
    random.seed()
    np.random.mtrand.set_bit_generator(np.random.MT19937())
    if mpl.matplotlib_fname() != _SETTINGS:
        mpl.rc_file(mpl.matplotlib_fname())
    app: Any = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(request["arguments"])
    _show_figures(app.shell)
    app.start()


def _look_as_ordinary_kernels_do() -> None:
    """Look for modules where the surroundings say and, as IPython has it, in the folder before installed packages.

    The server itself looks in no folder, so that nothing there takes the place of a module that it imports.
    """
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [place for place in named if place and place not in sys.path]
    if not os.environ.get("PYTHONSAFEPATH"):
        installed = (number for number, place in enumerate(sys.path) if Path(place).name in _INSTALLED)
        sys.path.insert(next(installed, len(sys.path)), "")


def _show_figures(shell: InteractiveShell) -> None:
    """Show figures below their cells, as an ordinary kernel does from its first import of pyplot on."""
    activate: Callable[[str], None] = activate_matplotlib
    configure: Callable[[InteractiveShell, str], None] = configure_inline_support
    activate(INLINE)
    configure(shell, INLINE)
