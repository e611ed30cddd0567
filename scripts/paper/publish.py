"""Put the results of a full run into the repository: the paper, its numbers and README's tables.

Refuses unless the working copy is clean and results/ is what a run of it gives. Everything is
written, or nothing if anything fails.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from gradloss.analysis.verification import CLAIMS, NUMBERS, TIMINGS, read_claims, write_published
from gradloss.configuration.files import read_config_file
from gradloss.data.manifest import load_manifest
from gradloss.paper.benchmark import markdown
from gradloss.paper.plan import SNAKEMAKE, files_of_plan
from gradloss.paper.provenance import git, read_state
from gradloss.paper.publication import (
    UNPUBLISHED,
    Record,
    block_of,
    results_block,
    run_block,
    with_block,
)
from gradloss.paper.stages import FILE as STAGES
from gradloss.paper.stages import measure_stages
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.files import sha256_of
from gradloss.support.results import write_csv
from gradloss.tables.latex import write_text

ROOT = Path(__file__).resolve().parents[2]

README, RECORD, CITATION = "README.md", "docs/published.json", "CITATION.cff"
SWHID = re.compile("swh:1:dir:[0-9a-f]{40}")
COPIES = {
    "docs/paper.pdf": "paper.pdf",
    "docs/headline.png": "figures/headline.png",
    "docs/benchmark.csv": "benchmark.csv",
}
TABLES = [f"paper/{name}" for name in (NUMBERS, CLAIMS, TIMINGS, STAGES)]
ARCHIVE = "paper/published.tar.xz"
CONFIG = "config.yaml"
PACK = [sys.executable, str(ROOT / "scripts/paper/archive.py"), "--small", "--output", ARCHIVE]


def main() -> None:
    """Check and publish."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    results = ROOT / read_config_file(ROOT / CONFIG, needed=["results"])["results"]
    refuse_changes(ROOT)
    refuse_other_results(ROOT)
    refuse_incomplete(results)
    publish(ROOT, results)
    added = f"git add {README} {CITATION} docs paper"
    print(f"published; look at the changes, then: {added} && git commit")


def refuse_changes(root: Path) -> None:
    """Raise UserError unless the working copy is that of a commit that git knows."""
    try:
        changes = [line[3:] for line in git(root, "status", "--porcelain").splitlines()]
    except subprocess.CalledProcessError as error:
        raise UserError(f"git status fails: {error.stderr.strip()}") from error
    if changes:
        raise UserError(
            f"the working copy is not that of a commit ({changes[0]} has changes, one of"
            f" {len(changes)}); commit or remove them and publish again"
        )
    if read_state(root).commit is None:
        raise UserError(
            "the commit of these sources is not known, as a shallow clone ends before it; run"
            " git fetch --unshallow, then make paper, and publish again"
        )


def refuse_other_results(root: Path) -> None:
    """Raise UserError unless Snakemake would compute nothing for config.yaml as it is."""
    plan = subprocess.run([*SNAKEMAKE, "--dry-run"], cwd=root, capture_output=True, text=True)
    said = plan.stdout + plan.stderr
    if plan.returncode:
        raise UserError(f"snakemake --dry-run fails: {said.strip().splitlines()[-1]}")
    if "Nothing to be done" not in said:
        jobs = re.search(r"^total +(\d+)$", said, re.MULTILINE)[1]
        raise UserError(
            f"the results are not those of a full run of this commit, of which {jobs} jobs are to"
            " be done; run make paper, and then publish"
        )


def refuse_incomplete(results: Path) -> None:
    """Raise UserError if a file is missing, or if data are made up."""
    cures = {"benchmark.csv": "run make bench", "paper.pdf": "install TeX and run make paper"}
    for name in COPIES.values():
        if not (results / name).exists():
            raise UserError(f"{results / name} is missing; {cures.get(name, 'run make paper')}")
    sources = pd.read_csv(results / "data_sources.csv", dtype=str)
    surrogates = sources.loc[sources["source"] == "surrogate", "dataset"]
    if len(surrogates):
        raise UserError(
            f"the data of {surrogates.iloc[0]} are a surrogate, which is not published; put the"
            " real ones into a mirror (see README.md, Data), delete the file of that name among the"
            " downloads and run make paper"
        )
    manifest = load_manifest()
    for row in sources[sources["dataset"].isin(list(manifest))].itertuples():
        if row.sha256 != manifest[row.dataset].content_sha256:
            raise UserError(
                f"the data of {row.dataset} have the SHA-256 {row.sha256}, and not that of"
                " src/gradloss/data/manifest.yaml; delete their file among the downloads and run"
                " make paper"
            )


def publish(root: Path, results: Path) -> None:
    """Write everything that the repository carries of a run.

    Args:
        root: The repository.
        results: Its folder of results, checked.

    Raises:
        UserError: The paper cannot be built with the published times, or the results not packed.
        OSError: A file cannot be read or written.
    """
    written = (README, RECORD, CITATION, ARCHIVE, *COPIES, *TABLES)
    with restored_after_failure([root / name for name in written]):
        citation = (root / CITATION).read_text(encoding="utf-8")
        write_text(root / CITATION, SWHID.sub(read_state(root).swhid, citation))
        write_published(results / "metrics.csv", results / "claims.csv", root / "paper")
        plan = files_of_plan(root, SNAKEMAKE)
        stages = measure_stages(plan, root)
        write_csv(stages, root / f"paper/{STAGES}")
        # The paper quotes the published times, now those of this run; the crate, the citation.
        if subprocess.run(SNAKEMAKE, cwd=root).returncode:
            raise UserError("the paper cannot be built with the times of this run; see above")
        if subprocess.run(PACK, cwd=root).returncode:
            raise UserError("the results cannot be packed; see above")
        (root / "docs").mkdir(exist_ok=True)
        for name, source in COPIES.items():
            shutil.copyfile(results / source, root / name)
        record = describe_run(root, results)
        write_text(root / RECORD, json.dumps(record.to_json(), indent=2) + "\n")
        readme = (root / README).read_text(encoding="utf-8")
        for block, content in blocks(root, record).items():
            readme = with_block(readme, block, content)
        write_text(root / README, readme)


@contextmanager
def restored_after_failure(paths: list[Path]) -> Iterator[None]:
    """Put files back to what they were if the body raises, also when it is interrupted."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def describe_run(root: Path, results: Path) -> Record:
    """The record of a run whose published files are written."""
    machine = pd.read_csv(results / "machine.csv", dtype=str).iloc[0]
    state = read_state(root)
    return Record(
        commit=state.commit,
        swhid=state.swhid,
        machine=machine["names"],
        results_mb=megabytes_of(root, results),
        sha256={name: sha256_of(root / name) for name in (ARCHIVE, *COPIES, *TABLES)},
    )


def megabytes_of(root: Path, results: Path) -> int:
    """Size of a run's results; as recorded of one that was restored here without its models."""
    if (root / RECORD).exists() and not any(results.glob("models/**/*.keras")):
        return json.loads((root / RECORD).read_text(encoding="utf-8"))["results_mb"]
    return round(sum(file.stat().st_size for file in results.rglob("*") if file.is_file()) / 1e6)


def blocks(root: Path, record: Record) -> dict[str, str]:
    """README's blocks by name, made from the record and the published files alone."""
    config = read_config_file(root / CONFIG)
    labels = {
        name: entry["label"]
        for part in ("datasets", "methods")
        for name, entry in config[part].items()
    }
    numbers, claims = pd.read_csv(root / f"paper/{NUMBERS}"), read_claims(root / f"paper/{CLAIMS}")
    timings = pd.read_csv(root / f"paper/{TIMINGS}")
    benchmark = pd.read_csv(root / "docs/benchmark.csv")
    return {
        "results": results_block(numbers, claims, timings, config),
        "run": run_block(record, pd.read_csv(root / f"paper/{STAGES}")),
        "speed": markdown(benchmark, labels).rstrip(),
    }


def disagreements(root: Path) -> list[str]:
    """Where the published copies in a repository do not agree with each other, in words."""
    readme = (root / README).read_text(encoding="utf-8")
    if not (root / RECORD).exists():
        stray = [name for name in (ARCHIVE, *COPIES, *TABLES[:2]) if (root / name).exists()]
        found = [f"{name} is there and {RECORD} is not" for name in stray]
        told = [] if block_of(readme, "results") == UNPUBLISHED else [f"{README} tells of results"]
        return found + told
    record = Record(**json.loads((root / RECORD).read_text(encoding="utf-8")))
    missing = [f"{name} is missing" for name in record.sha256 if not (root / name).exists()]
    if missing:
        return missing
    changed = [
        f"{name} is not the file that {RECORD} records"
        for name, sha256 in record.sha256.items()
        if sha256_of(root / name) != sha256
    ]
    if SWHID.findall((root / CITATION).read_text(encoding="utf-8")) != [record.swhid]:
        changed.append(f"{CITATION} does not identify the sources that {RECORD} records")
    return changed + [
        f"{README}: the block '{name}' is not made from the published files"
        for name, content in blocks(root, record).items()
        if block_of(readme, name) != content
    ]


if __name__ == "__main__":
    run(main)
