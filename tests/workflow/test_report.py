"""The report is one page that shows everything, in a browser that has no network."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, browse
from matplotlib.colors import to_rgb
from study import TEX_PROGRAMS, Finished, Study, add_programs

from gradloss.figures.style import COLOURS

REPORT = "results/report.html"
FIGURES = {f"results/figures/{kind}_two_moons.pdf" for kind in ("noise", "training", "level_sets")}
FIGURES.add("results/figures/verdicts.pdf")
NETWORK = ("http:", "https:", "ws:", "wss:", "ftp:")
CSV = ("metrics", "claims", "comparisons", "design", "coverage", "timings")
FILES = {
    *(f"results/{name}.csv" for name in CSV),
    "results/provenance.json",
    "results/paper.pdf",
}
ARTICLE = b"%PDF-1.5 stands for the article"
# The colours of the first two methods' curves.
CURVES = {tuple(round(255 * part) for part in to_rgb(colour)) for colour in COLOURS[:2]}

# Presses the first button in the row of a table that begins with some words.
PRESS = """
[...document.querySelectorAll("tr")].find(row => row.innerText.startsWith({words}))
  .querySelectorAll("a")[{button}].click()
"""
FOLLOW = '[...document.querySelectorAll("a")].find(a => a.innerText.trim() == {words}).click()'
TEXT = "document.body.innerText"
RULE = """
[...document.querySelectorAll("span")].filter(span => span.innerText.trim() == "plot_noise")
  .at(-1).parentElement.querySelector("a").click()
"""


def drawn(name: str) -> str:
    """JavaScript: whether a diagram of the report is there."""
    return f'document.querySelector("#{name} svg, #{name} canvas") != null'


@pytest.fixture(scope="module")
def study(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The finished study with its report, and with a file in the place of the article."""
    folder = tmp_path_factory.mktemp("reported")
    study = finished.study.copy(folder / "study")
    (study.folder / "results/paper.pdf").write_bytes(ARTICLE)
    path_with_tex = add_programs(folder / "tex", study.path, TEX_PROGRAMS)
    outcome = study.snakemake("--report", REPORT, path=path_with_tex)
    assert outcome.code == 0, outcome.text
    return study


@pytest.fixture(scope="module")
def results(study: Study) -> dict[str, dict]:
    """What the report holds of each file, by its path."""
    text = (study.folder / REPORT).read_text(encoding="utf-8")
    script = re.search(r'<script id="results">\s*var results = (.*?);\s*</script>', text, re.DOTALL)
    return json.loads(script[1])


@pytest.fixture
def page(study: Study, tmp_path: Path) -> Iterator[Page]:
    """The report in a browser."""
    with browse(tmp_path / "profile") as page:
        page.open((study.folder / REPORT).as_uri())
        page.wait_until(drawn("rulegraph"))
        yield page


def test_every_product_is_in_the_report_whole_and_with_a_caption(
    study: Study, results: dict[str, dict], targets: list[str]
):
    pages = {target for target in targets if target.endswith(".html")}
    assert set(results) == FIGURES | FILES | pages
    for path, entry in results.items():
        content = base64.b64decode(entry["data_uri"].partition(";base64,")[2])
        assert content == (study.folder / path).read_bytes(), path
        words = re.sub("<[^>]*>", "", entry["caption"]).split()
        assert len(words) >= 12, f"the caption of {path} is {words}"
        assert "system-message" not in entry["caption"], path


def test_captions_speak_of_the_study(results: dict[str, dict]):
    caption = results["results/figures/noise_two_moons.pdf"]["caption"]
    text = " ".join(re.sub("<[^>]*>", "", caption).split())
    assert "Two moons under Gaussian noise" in text
    assert "mean over 2 replicates, each the mean of 2 draw(s)" in text


def test_the_times_and_a_figure_show_and_nothing_is_fetched(page: Page):
    assert "A paper that reproduces itself" in page.evaluate("document.body.innerText")
    page.evaluate(FOLLOW.format(words='"Statistics"'))
    page.wait_until(drawn("runtimes"))
    page.evaluate(FOLLOW.format(words='"Figures"'))
    assert not CURVES & page.colours()
    page.evaluate(PRESS.format(words='"Noise sweep"', button=0))
    page.wait_for(lambda: page.colours() >= CURVES)
    page.evaluate(PRESS.format(words='"Noise sweep"', button=1))
    assert "under Gaussian noise on the test inputs" in page.evaluate("document.body.innerText")
    # From the figure to its rule, and from there to the script and the command.
    page.evaluate(RULE)
    page.wait_for(lambda: "scripts/figures/plot_noise.py" in page.evaluate(TEXT))
    assert "{input.script} --metrics {input.metrics}" in page.evaluate(TEXT)
    assert page.errors == []
    assert [address for address in page.requests if address.startswith(NETWORK)] == []


def test_without_a_browser_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = "needs Chromium: install the Debian package chromium"
    with pytest.raises(AssertionError, match=reason), browse(tmp_path / "profile"):
        pass


def test_requests_of_a_page_and_of_its_frames_are_noticed(tmp_path: Path):
    """So that their absence means something."""
    addresses = {"https://page.invalid/a.png", "http://frame.invalid/b.png"}
    first, second = sorted(addresses)
    frame = f"<iframe src='data:text/html,<img src={first}>'></iframe>"
    (tmp_path / "page.html").write_text(f"<img src={second}>{frame}")
    with browse(tmp_path / "profile") as page:
        page.open((tmp_path / "page.html").as_uri())
        # Notices of requests arrive with the answers to what the page is asked.
        page.wait_for(lambda: bool(page.evaluate("true")) and addresses <= set(page.requests))
        assert set(filter(lambda address: address.startswith(NETWORK), page.requests)) == addresses
