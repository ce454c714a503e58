"""What runs in the kernel before a notebook's first cell; it imports nothing that counts its threads at import."""

import os
from collections.abc import Callable
from types import TracebackType

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from loyalty_kit.publishing.running.servers import ENVIRONMENT

MOST_FRAMES = 60
"""Frames of an account of an error; of a longer one the first and the last are shown."""


def prepare() -> None:
    """Set the kernel's environment, then let figures come out as the report shows them.

    A hidden first cell calls it. Outside IPython only the environment is set.
    """
    os.environ.update(ENVIRONMENT)
    shell = get_ipython()
    if shell is not None:
        shell.run_line_magic("load_ext", "loyalty_kit.publishing.running.figures")
        handle: Callable[..., None] = shell.set_custom_exc  # IPython's own is untyped
        handle((Exception,), _show_cut)


def cut(error: BaseException) -> None:
    """Take the middle out of long accounts, an error's own and those of the errors behind it."""
    known: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting and len(known) < MOST_FRAMES:
        one = waiting.pop()
        if one is None or id(one) in known:
            continue
        known.add(id(one))
        waiting += [one.__cause__, one.__context__]
        frames = []
        account = one.__traceback__
        while account is not None:
            frames.append(account)
            account = account.tb_next
        if len(frames) > MOST_FRAMES:
            frames[MOST_FRAMES // 2 - 1].tb_next = frames[-MOST_FRAMES // 2]


def _show_cut(
    shell: InteractiveShell,
    kind: type[BaseException],
    error: BaseException,
    account: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show an error as IPython does, which takes hours for an account of a million frames."""
    cut(error)
    shell.showtraceback((kind, error, account), tb_offset=tb_offset, running_compiled_code=True)
