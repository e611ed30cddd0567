"""Notebooks: how they are executed, what the page is like, and what may stand in them."""

import ast
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import jupytext
import nbformat
import pytest
from project import ROOT

from gradloss.notebooks.execution import read_notebook

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
SMALL = """\
# %% [markdown]
# # A small notebook
#
# A formula, $x^2 < 1$, and one by itself:
#
# $$\\sum_i x_i$$

# %%
import json
import os

import matplotlib.pyplot as plt
import pandas as pd

print(json.loads(os.environ["GRADLOSS_CONFIG"])["results"])
pd.DataFrame({"column": [1.5]})

# %% alt="A line that rises"
plt.plot([0, 1], [0, 1])
plt.show()
"""
FAILING = """\
# %% [markdown]
# # A failing notebook

# %%
numbers = {"one": 1}

# %%
# Look up
first = numbers["one"]
second = numbers["two"]
"""
LONG = "# %% [markdown]\n# # A long cell\n\n# %%\n" + "x = 0\n" * 14 + "raise ValueError('a\\nb')\n"
DYING = "# %% [markdown]\n# # Dies\n\n# %%\nimport os\n\nos._exit(1)\n"


class Resources(HTMLParser):
    """Collects what a page loads, and the images' descriptions."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.alts: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.loaded += [
            given[name] for name in ("src", "srcset", "data", "poster") if name in given
        ]
        if tag != "a" and "href" in given:
            self.loaded.append(given["href"])
        if tag == "img":
            self.alts.append(given.get("alt"))


def run_script(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess:
    """Execute a notebook with scripts/notebooks/execute_notebook.py into the folder."""
    notebook = folder / "small.py"
    notebook.write_text(text)
    command = [
        sys.executable,
        ROOT / "scripts/notebooks/execute_notebook.py",
        "--notebook",
        notebook,
    ]
    command += ["--config", json.dumps({"results": "here"})]
    command += ["--output", folder / "small.ipynb", "--page", folder / "small.html"]
    known = {"PYTHONPATH": str(ROOT / "src"), **environment}
    return subprocess.run(
        command, cwd=folder, env=os.environ | known, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user's home whose start-up files and kernel fail."""
    folder = tmp_path_factory.mktemp("home")
    startup = folder / ".ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "first.py").write_text("print('start-up file of the user')")
    for share in (".local/share/jupyter", "machine"):
        kernel = folder / share / "kernels/python3"
        kernel.mkdir(parents=True)
        spec = {"argv": ["false"], "display_name": "Another", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def executed(tmp_path_factory, home):
    """Two folders in which the small notebook was executed."""
    before = files(home)
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for folder in folders:
        environment = {"HOME": str(home), "JUPYTER_PATH": str(home / "machine")}
        outcome = run_script(folder, SMALL, **environment)
        assert outcome.returncode == 0, outcome.stderr
    assert files(home) == before, "something was written in the home folder"
    return folders


@pytest.fixture(scope="module")
def page(executed):
    return (executed[0] / "small.html").read_text()


def test_two_executions_give_the_same_bytes(executed):
    for name in ("small.ipynb", "small.html"):
        first, second = ((folder / name).read_bytes() for folder in executed)
        assert first == second


def test_outputs_are_kept_without_times_or_the_machine(executed):
    notebook = nbformat.read(executed[0] / "small.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == ["cell-1", "cell-2", "cell-3"]
    printed, table = notebook.cells[1].outputs
    assert printed.text == "here\n"
    assert "1.5" in table.data["text/html"]
    assert "image/png" in notebook.cells[2].outputs[0].data
    assert all("execution" not in cell.metadata for cell in notebook.cells)


def test_page_loads_nothing_from_elsewhere(page):
    loaded = Resources(page).loaded
    assert len(loaded) == 3  # two formulas and a figure
    assert [source for source in loaded if not source.startswith("data:")] == []
    assert re.findall(r"url\((?!['\"]?data:)|@import|<script", page) == []


def test_page_describes_its_formulas_and_figures(page):
    assert Resources(page).alts == ["x^2 < 1", r"\sum_i x_i", "A line that rises"]
    assert "$" not in re.sub(r"<style.*?</style>|<img[^>]*>", "", page, flags=re.DOTALL)


def test_page_has_the_notebooks_title(page):
    assert "<title>A small notebook</title>" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            FAILING,
            "cell 3 of 3 failed:\n"
            "    # Look up\n"
            '    first = numbers["one"]\n'
            '    second = numbers["two"]\n'
            "KeyError: 'two'\n",
        ),
        (
            LONG,
            "cell 2 of 2 failed:\n"
            + "    x = 0\n" * 12
            + "    ... 3 more line(s)\nValueError: a\nb\n",
        ),
        (
            DYING,
            "cell 2 of 2 failed:\n    import os\n\n    os._exit(1)\n"
            "the process of the notebook ended; perhaps the memory was not enough\n",
        ),
    ],
    ids=["failing", "long", "dying"],
)
def test_failing_cell_is_told_in_one_block_and_nothing_is_written(tmp_path, text, message):
    outcome = run_script(tmp_path, text)
    assert outcome.returncode == 1
    assert outcome.stderr.endswith(f"error: {tmp_path}/small.py: {message}")
    assert files(tmp_path) == [tmp_path / "small.py"]


def test_sockets_are_not_in_the_folder_that_parallel_notebooks_share(tmp_path):
    text = "# %% [markdown]\n# # Title\n\n# %%\nimport os\n\nprint(sorted(os.listdir()))\n"
    assert run_script(tmp_path, text).returncode == 0
    listed = nbformat.read(tmp_path / "small.ipynb", as_version=4).cells[1].outputs[0].text
    assert listed == "['small.py']\n"


def test_notebook_runs_where_the_path_of_temporary_files_is_long(tmp_path):
    temporary = tmp_path / ("long" * 25)
    temporary.mkdir()
    outcome = run_script(tmp_path, SMALL, TMPDIR=str(temporary))
    assert outcome.returncode == 0, outcome.stderr
    assert list(temporary.iterdir()) == []


def test_formula_that_cannot_be_drawn_is_told_with_its_text(tmp_path):
    outcome = run_script(tmp_path, "# %% [markdown]\n# # Title\n#\n# $\\unknown{x}$\n")
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines()[-1] == (
        "error: the formula $\\unknown{x}$ cannot be drawn; write it with the LaTeX that"
        " Matplotlib knows"
    )
    assert files(tmp_path) == [tmp_path / "small.py"]


def body(text: str) -> str:
    """A notebook's text without its header."""
    return text.split("# ---\n", maxsplit=2)[-1].strip()


def markdown(path: Path) -> str:
    cells = read_notebook(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def typed_numbers(text: str) -> list[str]:
    """Numbers in a text that look like results; formulas and code are no text."""
    text = re.sub(r"\$\$.*?\$\$|\$.*?\$|`.*?`", "", text, flags=re.DOTALL)
    return re.findall(r"\d+[.,]\d+|\d+\s?%|\d{2,}", text.replace("95 %", ""))


def test_there_is_a_notebook_for_each_document():
    text = "\n".join(path.read_text() for path in NOTEBOOKS)
    assert sorted(re.findall(r'document="(\d+)"', text)) == ["000", "001", "002", "003", "004"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestShipped:
    def test_text_survives_jupytext(self, path):
        text = path.read_text()
        notebook = jupytext.reads(text, fmt="py:percent")
        assert body(jupytext.writes(notebook, fmt="py:percent")) == body(text)

    def test_code_is_valid_and_has_no_outputs(self, path):
        ast.parse(path.read_text())
        cells = read_notebook(path).cells
        assert cells[0].source.startswith("# ")
        assert all(not cell.outputs for cell in cells if cell.cell_type == "code")

    def test_no_result_is_typed_in_the_text(self, path):
        assert typed_numbers(markdown(path)) == []

    def test_every_figure_is_described(self, path):
        figures = [cell for cell in read_notebook(path).cells if "plt.show()" in cell.source]
        assert figures
        assert [cell.source for cell in figures if not cell.metadata.get("alt")] == []


@pytest.mark.parametrize("text", ["an accuracy of 0.97", "a gain of 3 %", "42 of them", "2,5"])
def test_typed_result_is_noticed(text):
    assert len(typed_numbers(text)) == 1


def test_numbers_in_formulas_and_code_are_no_results():
    assert typed_numbers("$x^{10}$, `seed = 42`, an interval of 95 %, Keras 3") == []
