"""The hidden first cell: environment before numpy, figures as the page needs them."""

import os
import subprocess
import sys
from io import BytesIO

import matplotlib.pyplot as plt
import nbformat
import nbformat.v4 as v4
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image

from loyalty_kit.core.errors import ANONYMOUS
from loyalty_kit.publishing.running.figures import alternative_text, png
from loyalty_kit.publishing.running.kernel import prepare
from loyalty_kit.publishing.running.servers import ENVIRONMENT


def drawn(title: str = "Loyalty") -> Figure:
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 3, 2])
    axes.set(title=title, xlabel="Score (0–100)", ylabel="Customers")
    return figure


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """Notebook run by a kernel, as a render runs it."""
    notebook = v4.new_notebook(
        cells=[
            v4.new_code_cell("from loyalty_kit.publishing.running.kernel import prepare; prepare()"),
            v4.new_code_cell(
                "import os; print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['LOYALTY_KIT_ANONYMOUS'])"
            ),
            v4.new_code_cell(
                "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots(figsize=(4, 3))\nax.set(title='Loyalty');"
            ),
            v4.new_code_cell("%matplotlib inline\nplt.plot([1, 2]); plt.ylabel('Customers');"),
        ]
    )
    return NotebookClient(notebook, timeout=60, kernel_name="python3").execute()


def test_importing_the_kernel_module_loads_no_numerical_library():
    code = (
        "import sys, loyalty_kit.publishing.running.kernel; "
        "print(sorted({'numpy', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_prepare_sets_one_thread_and_anonymous_errors(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")
    prepare()
    assert {name: os.environ[name] for name in ENVIRONMENT} == dict.fromkeys(ENVIRONMENT, "1")


def test_the_environment_names_the_variable_that_errors_read():
    assert ANONYMOUS in ENVIRONMENT


def test_a_kernel_carries_the_environment(executed):
    assert executed.cells[1].outputs[0].text == "1 1\n"


def test_the_hidden_cell_shows_nothing(executed):
    assert executed.cells[0].outputs == []


def test_a_kernel_shows_a_figure_once_with_its_alternative_text(executed):
    (output,) = executed.cells[2].outputs
    assert output.metadata["image/svg+xml"]["alt"] == "Loyalty"


def test_a_second_inline_magic_leaves_figures_as_they_are(executed):
    (output,) = executed.cells[3].outputs
    assert output.metadata["image/svg+xml"]["alt"] == "Customers"


def test_a_figure_is_shown_at_its_size_in_inches_at_96_dots():
    _, about = png(drawn())
    assert abs(about["width"] - 4 * 96) < 40


def test_equal_figures_give_equal_bytes():
    assert png(drawn())[0] == png(drawn())[0]


def test_a_figure_has_a_palette_and_carries_no_text_chunk():
    data, _ = png(drawn())
    with Image.open(BytesIO(data)) as image:
        assert (image.mode, image.info) == ("P", {})


def test_a_transparent_figure_comes_out_on_white():
    figure = drawn()
    figure.set_facecolor("none")
    with Image.open(BytesIO(png(figure)[0])) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_alternative_text_is_the_label_where_a_figure_has_one():
    figure = drawn()
    figure.set_label("Loyalty rises with image.")
    assert alternative_text(figure) == "Loyalty rises with image."


def test_alternative_text_joins_titles_and_axis_labels():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.set(title="Image", xlabel="Score", ylabel="Customers")
    right.set_title("Value", loc="left")
    figure.suptitle("Scores\nof two scales")
    assert alternative_text(figure) == "Scores of two scales; Image: Customers by Score; Value"


def test_alternative_text_says_equal_panels_once():
    figure = Figure()
    for axes in figure.subplots(2, 2).flat:
        axes.set_xlabel("Score")
    assert alternative_text(figure) == "Score"


def test_alternative_text_of_a_figure_without_words_is_empty():
    assert alternative_text(Figure()) == ""


def test_a_figure_of_pyplot_has_no_label_of_its_own():
    figure = plt.figure()
    plt.close(figure)
    assert alternative_text(figure) == ""
