"""Notebooks read: what old and damaged files hold is mended by rule or told in a sentence; no library warns."""

import json

import pytest

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.publishing.notebooks.notebooks import parse_notebook, read_notebook

CODE = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}


def text(*cells, minor=5):
    return json.dumps({"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": cells})


def lacking(cell, name):
    return {key: value for key, value in cell.items() if key != name}


def test_a_code_cell_without_outputs_is_told_by_its_place(tmp_path):
    file = tmp_path / "report.ipynb"
    file.write_text(text({**CODE, "id": "a"}, {**lacking(CODE, "outputs"), "id": "b"}))
    with pytest.raises(UnreadableError, match=r"report.ipynb' is damaged: cell 2 is code and has no list of outputs"):
        read_notebook(file)


@pytest.mark.parametrize("minor", [0, 4, 5, 9])
def test_cells_without_ids_get_them_by_their_place(minor):
    assert [cell.id for cell in parse_notebook(text(CODE, CODE, minor=minor)).cells] == ["cell-0", "cell-1"]


@pytest.mark.parametrize("ids", [["a", "a", "a"], ["cell-1", None], ["a", "a-3", "a"], ["b", "a"]])
def test_each_cell_has_an_id_of_its_own_that_stays(ids):
    cells = [{**CODE, "id": name} if name else CODE for name in ids]
    first, again = ([cell.id for cell in parse_notebook(text(*cells)).cells] for _ in range(2))
    assert (len(set(first)), first[0], first) == (len(ids), ids[0], again)


def test_a_notebook_of_version_3_is_read():
    cell = {"cell_type": "code", "collapsed": False, "input": "1", "language": "python", "metadata": {}, "outputs": []}
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"metadata": {}, "cells": [cell]}],
    }
    assert parse_notebook(json.dumps(old)).cells[0].source == "1"
