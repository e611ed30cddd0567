"""The bundle of the paper's sources has no folders, and no name of one in its texts."""

import io
import tarfile
from pathlib import Path

import pytest
from project import ROOT, module_at

bundle_paper = module_at("scripts/paper/bundle_paper.py")

RECORDED = """PWD /tmp/paper-1
INPUT /usr/share/texmf/tex/latex/base/article.cls
INPUT paper/main.tex
INPUT ./results/figures/noise_boston.pdf
INPUT paper/sections/data.tex
INPUT main.aux
OUTPUT main.log
"""


def test_what_is_bundled_is_what_latex_reads():
    used = bundle_paper.used_files(RECORDED)
    assert {bundle_paper.flat_name(name) for name in used} == {
        "main.tex",
        "figures-noise_boston.pdf",
        "sections-data.tex",
    }


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        (r"\input{sections/data}", r"\input{sections-data}"),
        (r"\includegraphics{figures/#1}", r"\includegraphics{figures-#1}"),
        (r"\made{figures/#1}", r"\made{figures/#1}"),
        (r"\input{numbers}", r"\input{numbers}"),
    ],
)
def test_names_of_files_lose_their_folders_and_keys_do_not(tmp_path: Path, text: str, flat: str):
    for name in ("a.tex", "a.pdf"):
        (tmp_path / name).write_text(text)
    assert bundle_paper.flattened(tmp_path / "a.tex") == flat.encode()
    assert bundle_paper.flattened(tmp_path / "a.pdf") == text.encode()


def test_two_files_never_get_one_name():
    sections = [f"paper/{file.relative_to(ROOT / 'paper')}" for file in ROOT.glob("paper/*/*.tex")]
    names = sections + [name.replace("paper/sections", "results/tables") for name in sections]
    assert len({bundle_paper.flat_name(name) for name in names}) == len(names) > 20


def test_equal_contents_give_equal_bytes_and_no_folder(tmp_path: Path):
    contents = {"main.tex": b"text", "figures-a.pdf": b"%PDF"}
    for name, given in {"a": contents, "b": dict(reversed(contents.items()))}.items():
        bundle_paper.write_bundle(tmp_path / name, given)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "a").read_bytes())) as bundle:
        assert bundle.getnames() == sorted(contents)
        assert bundle.extractfile("main.tex").read() == b"text"
