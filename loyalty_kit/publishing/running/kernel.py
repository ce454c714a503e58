"""What runs in the kernel before a notebook's first cell; it imports nothing that counts its threads at import."""

import os

from IPython.core.getipython import get_ipython

from loyalty_kit.publishing.running.servers import ENVIRONMENT


def prepare() -> None:
    """Set the kernel's environment, then let figures come out as the report shows them.

    A hidden first cell calls it. Outside IPython only the environment is set.
    """
    os.environ.update(ENVIRONMENT)
    shell = get_ipython()
    if shell is not None:
        shell.run_line_magic("load_ext", "loyalty_kit.publishing.pages.figures")
