"""Pack what a run computed into one file, with Snakemake's records of it and what each job took.

Packed is whatever is made directly from downloads, prepared data or models, and what that needs;
all products follow from it. Downloads are left out, and on request models, prepared data that no
figure shows, and of a finished run what no product reads of training curves and of which examples
are right. Of a run that is not finished it is what has been computed so far; a run goes on from
there.
"""

import argparse
import json
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from gradloss.configuration.files import read_config_file
from gradloss.paper.archive import Origin, write_archive
from gradloss.paper.plan import files_of_plan
from gradloss.paper.provenance import read_state
from gradloss.paper.stages import benchmark_of
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.files import sha256_of

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ".snakemake/metadata"
DIGESTS = ".snakemake/modules"
CONFIG = "config.yaml"


def main() -> None:
    """Read the command line, find the files and pack them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="without prepared data, models, unread values"
    )
    parser.add_argument("--output", type=Path, required=True, help=".tar.xz file to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradloss-") as work:
        packed, pending = pack(ROOT, arguments.output, arguments.small, Path(work))
    size = arguments.output.stat().st_size / 1e6
    left = f"; the run is not finished, {pending} files are to be made" if pending else ""
    print(f"{arguments.output}: {packed} files, {size:.1f} MB{left}")


def pack(root: Path, output: Path, small: bool, work: Path) -> tuple[int, int]:
    """Pack the results of a working copy.

    Args:
        root: The working copy.
        output: The archive to write.
        small: Whether to leave out prepared data, models, and what no product reads.
        work: An empty folder.

    Returns:
        The numbers of members, and of files that a full run would still make.

    Raises:
        UserError: The working copy has no results.
    """
    config = read_config_file(root / CONFIG, needed=("results", "downloads"))
    plan = files_of_plan(root)
    finished, pending = files_of_run(root, plan)
    results = config["results"]
    downloads, data, trained = (
        below(folder, finished)
        for folder in (config["downloads"], f"{results}/data", f"{results}/models")
    )
    # Of downloads that another checkout made, or a person put there, Snakemake has no record.
    own = [
        name for name in finished if name not in downloads or (root / record_name(name)).exists()
    ]
    records = {name: read_record(root, name) for name in own}
    models = {name for name in trained if not Path(name).suffix}  # folders
    sources = downloads | data | models
    computed = {name for name in records if not sources.isdisjoint(records[name]["input"])}
    if not computed:
        raise UserError("there is nothing to archive: no results of these sources; run make paper")
    known = with_inputs(computed, records)
    # What a product takes is known as soon as it has been made.
    curves, evaluated = (below(f"{results}/{name}", known) for name in ("histories", "evaluations"))
    images = {name for name in evaluated if name.endswith(".npz")}
    unseen = set() if pending else (curves | images) - shown(plan, computed)
    # A figure that shows the data is made again from them.
    drawn = {name for file in below(f"{results}/figures", known) for name in records[file]["input"]}
    kept = known - (sources - (data & drawn) | unseen if small else downloads)
    members = {str(file.relative_to(root)): file for name in kept for file in files_of(root / name)}
    for name in known:
        # The command holds paths of this machine, and nothing compares it.
        text = json.dumps({**records[name], "shellcmd": None}, sort_keys=True)
        member = record_name(name)
        members[member] = work / str(len(members))
        members[member].write_text(text, encoding="utf-8")
    for log in {log for name in known for log in records[name]["log"]}:
        measured = benchmark_of(log)
        if measured.parts[0] == results and (root / measured).exists():
            members[str(measured)] = root / measured
    origin = origin_of(root, (records[name]["input"] for name in known - downloads))
    write_archive(output, members, origin)
    return len(members), len(pending)


def shown(plan: Iterable[Mapping[str, str]], computed: Collection[str]) -> set[str]:
    """What products are made from: the inputs of jobs that make none of the computed files."""
    products = (row for row in plan if row["output_file"] not in computed)
    return {name for row in products for name in row["input-file(s)"].split(",")}


def files_of_run(root: Path, plan: Sequence[Mapping[str, str]]) -> tuple[list[str], list[str]]:
    """Whatever jobs of a full run make: what is up to date, and what is to be made.

    Up to date is what is there and all behind it, which an archive may have left out: what is there
    is planned for by itself, as in the plan of a full run it is to be made again where something
    else still needs a model that is not there.
    """
    missing = {row["log-file(s)"] for row in plan if not (root / row["output_file"]).exists()}
    whole = [row["output_file"] for row in plan if row["log-file(s)"] not in missing]
    own = files_of_plan(root, targets=whole) if whole else []
    finished = [row["output_file"] for row in own if row["plan"] == "no update"]
    return finished, [row["output_file"] for row in plan if row["plan"] != "no update"]


def record_name(name: str) -> str:
    """Where Snakemake keeps its record of a file."""
    return f"{RECORDS}/{urlsafe_b64encode(name.encode()).decode()}"


def read_record(root: Path, name: str) -> dict:
    """What Snakemake knows of how a file was made."""
    return json.loads((root / record_name(name)).read_text(encoding="utf-8"))


def below(folder: str, names: Iterable[str]) -> set[str]:
    """Those of some names that lie in a folder."""
    return {name for name in names if name.startswith(f"{folder}/")}


def with_inputs(names: set[str], records: Mapping[str, dict]) -> set[str]:
    """Files, and all from which they are made: a job that ran would make those that need it run."""
    found = set(names)
    pending = set(names)
    while pending:
        inputs = {name for made in pending for name in records[made]["input"]}
        pending = (inputs & records.keys()) - found
        found |= pending
    return found


def files_of(path: Path) -> list[Path]:
    """The file itself, or those in a folder; hidden ones are Snakemake's."""
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and file.name[0] != "."]


def origin_of(root: Path, inputs: Iterable[Iterable[str]]) -> Origin:
    """What jobs with these inputs were computed with, besides results and downloads."""
    names = {name for each in inputs for name in each}
    digests = below(DIGESTS, names)
    lines = {line for name in digests for line in (root / name).read_text().splitlines()}
    modules = dict(reversed(line.split("  ")) for line in lines if "  " in line)
    scripts = below("scripts", names) | below("notebooks", names)
    files: Mapping[str, str] = {name: sha256_of(root / name) for name in {*scripts, CONFIG}}
    versions = sorted(line for line in lines if "  " not in line)
    return Origin(str(read_state(root)), {**modules, **files}, versions)


if __name__ == "__main__":
    run(main)
