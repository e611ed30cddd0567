"""Put a run with its provenance into a folder, as a Workflow Run RO-Crate."""

import argparse
import csv
import json
from pathlib import Path

import yaml

from gradloss.data.manifest import load_manifest
from gradloss.paper.crate import Product, build_crate
from gradloss.paper.provenance import checked_records
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.files import atomic_folder

REQUIRED = ("title", "version", "date-released", "license", "authors")


def read_citation(path: Path) -> dict:
    """Content of a file such as CITATION.cff.

    Raises:
        UserError: It lacks what a crate needs.
    """
    try:
        citation = yaml.safe_load(path.read_text(encoding="utf-8"))
        missing = [key for key in REQUIRED if not citation.get(key)]
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        raise UserError(f"{path}: no readable citation file ({error}); correct it") from error
    if missing:
        raise UserError(f"{path}: {missing[0]} is missing; add it")
    return citation


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Read the command line, check the files and save them in a folder of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provenance", required=True, help="provenance.json")
    parser.add_argument("--paper", nargs="*", default=[], help="paper.pdf, where there is one")
    parser.add_argument("--workflow", required=True, help="the Snakefile")
    parser.add_argument("--citation", type=Path, required=True, help="CITATION.cff")
    parser.add_argument("--sources", type=Path, required=True, help="data_sources.csv")
    parser.add_argument("--machine", type=Path, required=True, help="machine.csv")
    parser.add_argument("--output", type=Path, required=True, help="metadata file of the folder")
    arguments = parser.parse_args()
    provenance = json.loads(Path(arguments.provenance).read_text(encoding="utf-8"))
    products = [
        *(Product.at(file, record["rule"]) for file, record in checked_records(provenance).items()),
        Product.at(arguments.provenance, "write_provenance"),
        *(Product.at(paper, "build_paper") for paper in arguments.paper),
    ]
    crate = build_crate(
        provenance,
        read_citation(arguments.citation),
        Product.at(arguments.workflow),
        products,
        read_rows(arguments.sources),
        load_manifest(),
        read_rows(arguments.machine)[0]["names"],
    )
    with atomic_folder(arguments.output.parent) as folder:
        crate.write(folder)


if __name__ == "__main__":
    run(main)
