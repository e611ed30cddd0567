"""List every dataset with its source, content hash, licence and citation."""

import argparse
from importlib import resources
from pathlib import Path

import pandas as pd

from gradloss.data import preparations
from gradloss.data.manifest import content_hash, load_manifest
from gradloss.support.command import run
from gradloss.support.files import read_npz
from gradloss.support.results import write_csv

LIBRARY = {
    "source": "scikit-learn",
    "sha256": "",
    "licence": "BSD-3-Clause",
    "citation": "F. Pedregosa et al. Scikit-learn: machine learning in Python. JMLR 12, 2011.",
}


def describe_generated(name: str) -> dict[str, str]:
    """The row of data without a download, which the module of their name draws or takes."""
    text = (resources.files(preparations) / f"{name}.py").read_text(encoding="utf-8")
    own = {"source": f"preparations/{name}.py", "sha256": "", "licence": "", "citation": ""}
    return {"dataset": name, **(LIBRARY if "sklearn.datasets" in text else own)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--downloads", type=Path, nargs="*", default=[], help=".npz files")
    parser.add_argument("--generated", nargs="*", default=[], help="datasets without a download")
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    arguments = parser.parse_args()
    manifest = load_manifest()
    rows = []
    for path in arguments.downloads:
        entry, arrays = manifest[path.stem], read_npz(path)
        source = str(arrays.pop("source"))
        row = {"source": source, "sha256": content_hash(arrays)}
        row |= {"licence": entry.licence, "citation": entry.citation}
        rows.append({"dataset": path.stem, **row})
    rows += map(describe_generated, arguments.generated)
    write_csv(pd.DataFrame(rows).sort_values("dataset"), arguments.output)


if __name__ == "__main__":
    run(main)
