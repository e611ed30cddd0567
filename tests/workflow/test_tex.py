"""The paper is built where TeX is; elsewhere a run ends with what to install."""

import re
import shutil
from pathlib import Path

import pandas as pd
from study import ROOT, TEX_PROGRAMS, Finished, Study, add_programs

from gradloss.analysis.words import NOT_COMPUTED, VERDICTS

# Commands of gradloss.sty that show a file of the results.
INCLUDING = {
    "panel": "figures",
    "widepanel": "figures",
    "onefigure": "figures",
    "onetable": "tables",
    "longtablefile": "tables",
}


def test_paper_is_planned_where_tex_is(shipped: Study, path_with_tex: str):
    assert shipped.plan(path=path_with_tex).jobs["build_paper"] == 1


def included() -> set[str]:
    """Files without suffix that the text takes in by \\input or as a figure or table."""
    text = "\n".join(file.read_text() for file in (ROOT / "paper").glob("**/*.tex"))
    found = set(re.findall(r"\\(?:input|includegraphics)\{([^{}#]+)\}", text))
    for command, folder in INCLUDING.items():
        found |= {f"{folder}/{name}" for name in re.findall(rf"\\{command}\{{(\w+)\}}", text)}
    return {name for name in found if not (ROOT / f"paper/{name}.tex").exists()}


def test_rules_make_all_that_the_text_includes(shipped: Study, path_with_tex: str):
    summary = shipped.snakemake("--summary", path=path_with_tex).text
    made = {Path(line.split("\t")[0]).with_suffix("") for line in summary.splitlines()}
    wanted = {Path("results", name) for name in included()}
    assert {Path("results/numbers"), Path("results/figures/noise_boston")} <= wanted
    assert wanted - made == set()


def test_paper_is_not_planned_where_tex_is_not_whole(
    shipped: Study, tmp_path: Path, path_with_tex: str, path_without_tex: str
):
    assert shutil.which("latexmk", path=path_without_tex) is None
    whole = shipped.plan(path=path_with_tex).jobs
    assert "build_paper" in whole
    for lacking, names in (("latexmk", TEX_PROGRAMS[1:]), ("siunitx", TEX_PROGRAMS)):
        path = add_programs(tmp_path / f"no {lacking}", path_without_tex, names, status=1)
        planned = shipped.plan(path=path).jobs
        assert "build_paper" not in planned, lacking
        assert planned["tabulate"] == whole["tabulate"]


def test_run_without_tex_ends_with_the_packages_to_install(finished: Finished):
    script = (finished.study.folder / "workflow/install.sh").read_text()
    packages = re.search(r'^TEX_PACKAGES="(.*)"$', script, re.MULTILINE)[1]
    assert "latexmk" in packages
    assert finished.outcome.last_line == (
        "Everything but the PDF is in results/: TeX is missing. Install the Debian packages"
        f" {packages} (or the same from TeX Live) and run again."
    )


def test_run_ends_with_what_it_found_and_how_long_it_took(finished: Finished):
    found, _ = finished.outcome.text.strip().splitlines()[-2:]
    claims = pd.read_csv(finished.study.folder / "results/claims.csv", dtype={"document": str})
    verdicts = claims.loc[claims["headline"] & claims["can_fail"], "verdict"].value_counts()
    # Those of the other documents are left out.
    counts = ", ".join(f"{verdicts.get(name, 0)} {name}" for name in (*VERDICTS, NOT_COMPUTED))
    assert 0 < verdicts[NOT_COMPUTED] < verdicts.sum() < claims["headline"].sum()
    file = "results/claims.csv"
    expected = rf"{file}: headline claims: {counts}; all claims: {file}; (\d+ min )?\d+ s"
    assert re.fullmatch(expected, found)


def test_run_with_tex_ends_with_the_paper(computed: Study, path_with_tex: str):
    """The paper of an earlier run, and a figure that is drawn anew."""
    (computed.folder / "results/paper.pdf").write_bytes(b"%PDF")
    figure = "results/figures/noise_two_moons.pdf"
    outcome = computed.snakemake("--forcerun", "plot_noise", "--", figure, path=path_with_tex)
    assert outcome.code == 0, outcome.text
    assert re.fullmatch(
        r"results/paper\.pdf: headline claims: \d+ reproduced, .*; (\d+ min )?\d+ s",
        outcome.last_line,
    )


def test_run_does_not_announce_a_paper_that_was_not_built(fresh: Study, path_with_tex: str):
    outcome = fresh.snakemake("results/tables/protocol.tex", path=path_with_tex)
    assert outcome.code == 0, outcome.text
    assert not (fresh.folder / "results/paper.pdf").exists()
    assert "headline claims" not in outcome.text


def test_the_log_of_a_training_tells_how_far_it_is(finished: Finished):
    log = (finished.study.folder / "results/logs/train/two_moons/baseline/0-1.log").read_text()
    assert re.search(r"INFO epoch 1 of 2, mean loss [\d.]+, \d+ s left$", log, re.MULTILINE)
    assert re.search(r"INFO epoch 2 of 2, mean loss [\d.]+$", log, re.MULTILINE)
