"""The published copies agree, and are written together from a full run of a commit, or not."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT, module_at
from pypdf import PdfReader
from synthetic_metrics import DATASETS, METHODS, synthetic_metrics

from gradloss.analysis.claims import judge_claims
from gradloss.analysis.words import VERDICTS
from gradloss.data.manifest import load_manifest
from gradloss.paper.benchmark import COLUMNS
from gradloss.paper.publication import (
    UNPUBLISHED,
    Record,
    block_of,
    run_block,
    with_block,
)
from gradloss.paper.stages import COLUMNS as STAGE_COLUMNS
from gradloss.support.errors import UserError

publish = module_at("scripts/paper/publish.py")

BLOCKS = ["results", "run", "speed"]
JOBS = "s\tmax_rss\n{}\t{}\n"
NOTHING_TO_DO = "print('Nothing to be done (all requested files are present).')"
# Stands for Snakemake: it tells of its jobs, and the paper takes the published times.
BUILD = """
import sys
from pathlib import Path
if "--detailed-summary" in sys.argv:
    print("output_file", "log-file(s)", "plan", sep="\\t")
    logs = ("results/logs/train/a.log", "results/logs/tune/restored.log", "results/logs/b.log")
    for log in (*logs, "-"):
        print("a file", log, "no update", sep="\\t")
times = Path("paper/published_timings.csv").read_bytes()
Path("results/paper.pdf").write_bytes(b"%PDF of " + times)
"""
# Stands for the script that packs the results.
PACK = """
from pathlib import Path
Path("paper/published.tar.xz").write_bytes(b"packed " + Path("results/metrics.csv").read_bytes())
"""
NUMBER = r"(?<![\d.])(-?\d+\.\d{4})"


def git(root: Path, *arguments: str) -> None:
    name = ["-c", "user.name=A tester", "-c", "user.email=tester@example.invalid"]
    subprocess.run(["git", "-C", str(root), *name, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-m", "A commit")


def write_results(results: Path) -> None:
    """What a full run leaves behind, as far as it is published."""
    (results / "benchmarks/train").mkdir(parents=True)
    (results / "figures").mkdir()
    metrics = synthetic_metrics(replicates=3)
    metrics = metrics[metrics["method"].isin(["gradient", "baseline", "brier"])]
    metrics.to_csv(results / "metrics.csv", index=False)
    judge_claims(metrics).to_csv(results / "claims.csv", index=False)
    runs = metrics[["dataset", "method"]].drop_duplicates()
    jobs = runs.merge(pd.DataFrame({"replicates": ["10-19", "2-9"], "seconds": [59, 1.5]}), "cross")
    jobs.to_csv(results / "timings.csv", index=False)
    (results / "machine.csv").write_text('names\n"A processor, 2 core(s)"\n')
    sha256 = load_manifest()["trilotropicos"].content_sha256
    sources = f"dataset,source,sha256\ntrilotropicos,mirror,{sha256}\n"
    (results / "data_sources.csv").write_text(sources)
    (results / "benchmarks/train/a.tsv").write_text(JOBS.format(3600.4, 1500.2))
    (results / "benchmarks/b.tsv").write_text(JOBS.format(61.0, "-"))
    (results / "benchmarks/of_another_run.tsv").write_text(JOBS.format(9999.0, 9999.0))
    row = ["boston", "gradient", 3.7, 0.45, 8.3, 7.2, 9.5, 800, 0.09]
    table = pd.DataFrame([row], columns=COLUMNS).assign(machine="Another processor")
    table.to_csv(results / "benchmark.csv", index=False)
    (results / "paper.pdf").write_bytes(b"%PDF of other times")
    (results / "figures/headline.png").write_bytes(b"a picture")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a published run, a commit without changes, and results of it."""
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    marks = "".join(f"<!-- published:{b} -->\n{b}\n<!-- /published:{b} -->\n" for b in BLOCKS)
    (tmp_path / "README.md").write_text(with_block(marks, "results", UNPUBLISHED))
    datasets = {name: {**entry, "noise": {}} for name, entry in DATASETS.items()}
    config = {"results": "results", "methods": METHODS, "datasets": datasets}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (tmp_path / ".gitignore").write_text("/results/\n")
    (tmp_path / "CITATION.cff").write_text(f"title: A study\nvalue: swh:1:dir:{'0' * 40}\n")
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper/published_timings.csv").write_text("dataset,method,seconds\n")
    git(tmp_path, "init")
    commit(tmp_path)
    write_results(tmp_path / "results")
    snakemake(monkeypatch, BUILD)
    monkeypatch.setattr(publish, "PACK", [sys.executable, "-c", PACK])
    return tmp_path


def snakemake(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a script stand for Snakemake."""
    monkeypatch.setattr(publish, "SNAKEMAKE", [sys.executable, "-c", script])


def contents(root: Path) -> dict[str, bytes]:
    files = [file for file in root.rglob("*") if file.is_file() and ".git" not in file.parts]
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def test_the_published_copies_agree_with_each_other():
    assert publish.disagreements(ROOT) == []


def test_the_published_archive_has_the_data_that_a_figure_draws():
    with tarfile.open(ROOT / publish.ARCHIVE) as archive:
        names = archive.getnames()
    assert [name for name in names if name.startswith("results/data/")] == [
        "results/data/trilotropicos.npz"
    ]
    assert not [name for name in names if name.endswith(".keras")]


def farthest_claim(paper: Path, claims: Path) -> float:
    """How far the claim that differs most is from the nearest interval that a paper prints.

    Claims that the paper prints with four decimals are looked at.
    """
    text = " ".join(page.extract_text() for page in PdfReader(paper).pages).replace("−", "-")
    printed = re.findall(rf"{NUMBER}\s*\[\s*{NUMBER},\s*{NUMBER}\s*\]", text)
    found = pd.read_csv(claims)[["replicated", "ci_low", "ci_high"]].dropna().to_numpy()
    largest = np.abs(found).max(axis=1)
    found = found[(largest >= 1e-3) & (largest < 100)]
    assert len(found) > 50
    distances = np.abs(found[:, None] - np.array(printed, dtype=float)).max(axis=2)
    return distances.min(axis=1).max()


def test_the_published_paper_prints_the_published_claims():
    paper, claims = ROOT / "docs/paper.pdf", ROOT / "paper/published_claims.csv"
    assert paper.exists() == claims.exists() == (ROOT / publish.RECORD).exists()
    assert not paper.exists() or farthest_claim(paper, claims) < 1.01e-4


def test_a_browser_shows_the_published_paper_within_the_report():
    # There it is a data: address, and Chromium opens none of more than 2 MiB.
    paper = ROOT / "docs/paper.pdf"
    assert not paper.exists() or paper.stat().st_size * 4 / 3 < 1.9 * 2**20


def test_a_run_is_published_as_a_whole(root: Path):
    publish.publish(root, root / "results")
    assert publish.disagreements(root) == []
    timings = (root / "results/timings.csv").read_bytes()
    assert (root / "docs/paper.pdf").read_bytes() == b"%PDF of " + timings
    assert (root / "docs/headline.png").read_bytes() == b"a picture"
    packed = (root / "paper/published.tar.xz").read_bytes()
    assert packed == b"packed " + (root / "results/metrics.csv").read_bytes()
    tree = subprocess.check_output(["git", "-C", str(root), "rev-parse", "HEAD:"], text=True)
    identified = f"title: A study\nvalue: swh:1:dir:{tree}"
    assert (root / "CITATION.cff").read_text() == identified
    readme = (root / "README.md").read_text()
    head = subprocess.check_output(["git", "-C", str(root), "rev-parse", "HEAD"], text=True)
    assert block_of(readme, "run") == (
        f"The published run, of commit `{head[:7]}` on A processor, 2 core(s): 3 jobs, of which 2"
        " were measured, of together 1 h 1 min on one core (training 1 h 0 min, the rest 1 min 1"
        " s), the largest with 1.5 GB of memory; 0 MB of results."
    )
    assert (root / "paper/published_stages.csv").read_text().splitlines() == [
        "stage,jobs,measured,seconds,peak_mb",
        "training,1,1,3600,1500",
        "the rest,1,1,61,",
        "tuning,1,0,0,",
    ]
    metrics = pd.read_csv(root / "results/metrics.csv")
    clean = metrics.query("dataset == 'mnist' and method == 'gradient' and measure == 'accuracy'")
    mean = clean.query("perturbation == 'none'")["value"].mean()
    results = block_of(readme, "results")
    assert f"\n| MNIST, accuracy | gradient loss | {mean:.4f} [" in results
    made = "| 3 | 1 min 0 s | `results/evaluations/mnist/gradient/{2-9,10-19}.csv` |"
    assert made in results
    assert METHODS["brier"]["label"] not in results
    verdicts = pd.read_csv(root / "results/claims.csv", dtype={"document": str})
    main = verdicts["headline"] & verdicts["can_fail"]
    boston = verdicts.loc[main & (verdicts["document"] == "000"), "verdict"].value_counts()
    counts = [boston.sum(), *(boston.get(verdict, 0) for verdict in VERDICTS)]
    assert f"\n| Boston housing | {' | '.join(map(str, counts))} |\n" in results
    speed = block_of(readme, "speed")
    assert speed.startswith("Measured on Another processor. ")
    assert "| Boston housing | gradient loss | 3.70 | 0.450 | 8.30 (7.20 to 9.50)" in speed


def test_a_commit_of_the_publication_keeps_the_commit_of_the_run(root: Path):
    publish.publish(root, root / "results")
    record = (root / publish.RECORD).read_bytes()
    commit(root)
    publish.refuse_changes(root)
    publish.publish(root, root / "results")
    assert (root / publish.RECORD).read_bytes() == record
    publish.refuse_changes(root)


def test_a_run_that_is_restored_without_its_models_keeps_its_size(root: Path):
    publish.publish(root, root / "results")
    record = root / publish.RECORD
    record.write_text(record.read_text().replace('"results_mb": 0', '"results_mb": 451'))
    publish.publish(root, root / "results")
    assert json.loads(record.read_text())["results_mb"] == 451
    model = root / "results/models/mnist/brier/0-9/replicate_000.keras"
    model.parent.mkdir(parents=True)
    model.write_bytes(bytes(2_000_000))
    publish.publish(root, root / "results")
    assert json.loads(record.read_text())["results_mb"] == 2


@pytest.mark.parametrize("published_before", [False, True])
def test_a_publication_that_fails_leaves_everything_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch, published_before: bool
):
    if published_before:
        publish.publish(root, root / "results")
    (root / "results/timings.csv").write_text("dataset,method,seconds\nboston,gradient,13\n")
    before = contents(root)
    failing = 'sys.exit("--detailed-summary" not in sys.argv)\ntimes ='
    snakemake(monkeypatch, BUILD.replace("times =", failing))
    with pytest.raises(UserError, match="the paper cannot be built with the times of this run"):
        publish.publish(root, root / "results")
    assert contents(root) == before


def test_a_plan_that_fails_without_a_word_is_told(root: Path, monkeypatch: pytest.MonkeyPatch):
    snakemake(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(UserError, match="snakemake --summary fails: exit code 3"):
        publish.publish(root, root / "results")


def test_results_that_cannot_be_packed_are_not_published(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    before = contents(root)
    monkeypatch.setattr(publish, "PACK", [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(UserError, match="the results cannot be packed"):
        publish.publish(root, root / "results")
    after = contents(root)
    assert {name: after[name] for name in before if "paper.pdf" not in name} == {
        name: before[name] for name in before if "paper.pdf" not in name
    }


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("docs/paper.pdf", "docs/paper.pdf is not the file that docs/published.json records"),
        ("paper/published.csv", "paper/published.csv is not the file"),
        ("README.md", "README.md: the block 'speed' is not made from the published files"),
        ("CITATION.cff", "CITATION.cff does not identify the sources that docs/published.json"),
    ],
)
def test_an_edit_of_a_published_copy_is_noticed(root: Path, file: str, reason: str):
    publish.publish(root, root / "results")
    content = (root / file).read_text()
    (root / file).write_text(
        content.replace("8.30", "9.30").replace("swh:", "SWH:").replace("\n", "\n\n", 1)
    )
    assert any(found.startswith(reason) for found in publish.disagreements(root))


def test_a_missing_copy_is_noticed(root: Path):
    publish.publish(root, root / "results")
    (root / "docs/headline.png").unlink()
    assert publish.disagreements(root) == ["docs/headline.png is missing"]


def test_copies_without_a_record_are_noticed(root: Path):
    assert publish.disagreements(root) == []
    publish.publish(root, root / "results")
    (root / publish.RECORD).unlink()
    assert publish.disagreements(root)[-1] == "README.md tells of results"
    assert len(publish.disagreements(root)) == 7


def test_changes_are_refused(root: Path):
    publish.refuse_changes(root)
    (root / "notes.txt").write_text("new")
    (root / "config.yaml").write_text("{}")
    reason = r"not that of a commit \(config.yaml has changes, one of 2\); commit or remove them"
    with pytest.raises(UserError, match=reason):
        publish.refuse_changes(root)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="git status fails: fatal: not a git repository"):
        publish.refuse_changes(tmp_path)


def test_a_commit_that_a_shallow_clone_does_not_reach_is_refused(root: Path, tmp_path: Path):
    clone = tmp_path / "clone"
    git(root, "clone", "--depth=1", root.as_uri(), str(clone))
    with pytest.raises(UserError, match="run git fetch --unshallow, then make paper"):
        publish.refuse_changes(clone)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('total    12')", "of which 12 jobs are to be done; run make paper"),
        ("raise SystemExit('error: config: a fault')", "--dry-run fails: error: config: a fault"),
    ],
)
def test_other_results_are_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
):
    snakemake(monkeypatch, NOTHING_TO_DO)
    publish.refuse_other_results(root)
    snakemake(monkeypatch, script)
    with pytest.raises(UserError, match=reason):
        publish.refuse_other_results(root)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("benchmark.csv", "run make bench"),
        ("paper.pdf", "install TeX and run make paper"),
        ("figures/headline.png", "run make paper"),
    ],
)
def test_missing_results_are_refused(root: Path, name: str, cure: str):
    publish.refuse_incomplete(root / "results")
    (root / "results" / name).unlink()
    with pytest.raises(UserError, match=rf"results/{name} is missing; {cure}$"):
        publish.refuse_incomplete(root / "results")


def test_made_up_data_are_refused(root: Path):
    sources = "dataset,source\nboston,mirror\ntrilotropicos,surrogate\n"
    (root / "results/data_sources.csv").write_text(sources)
    with pytest.raises(UserError, match="the data of trilotropicos are a surrogate"):
        publish.refuse_incomplete(root / "results")


def test_data_other_than_those_of_the_manifest_are_refused(root: Path):
    known = load_manifest()["boston"].content_sha256
    sources = root / "results/data_sources.csv"
    sources.write_text(f"dataset,source,sha256\nboston,mirror,{known}\ntwo_moons,scikit-learn,\n")
    publish.refuse_incomplete(root / "results")
    sources.write_text(f"dataset,source,sha256\nboston,mirror,{'0' * 64}\n")
    with pytest.raises(
        UserError, match=r"the data of boston have the SHA-256 0{64}, and not that of"
    ):
        publish.refuse_incomplete(root / "results")


def test_a_readme_without_the_marks_is_refused():
    reason = "README.md lacks the block 'run': put <!-- published:run --> and <!-- /published:run"
    with pytest.raises(UserError, match=reason):
        with_block("<!-- published:run -->\n", "run", "text")


def test_the_record_survives_its_file():
    copies = {"docs/paper.pdf": "ab"}
    record = Record("0123456789", "swh:1:dir:89", "A processor", 12, copies)
    assert Record(**json.loads(json.dumps(record.to_json()))) == record
    jobs = [("training", 2, 2, 60, 250), ("tuning", 1, 1, 10, 100)]
    stages = pd.DataFrame(jobs, columns=STAGE_COLUMNS)
    took = "1 min 10 s on one core (training 1 min 0 s, tuning 10 s), the largest with 0.2 GB"
    told = f"commit `0123456` on A processor: 3 jobs of together {took}"
    assert told in run_block(record, stages)
