"""Bundle the sources of the paper, as arXiv takes them: one flat .tar.gz that latexmk compiles."""

import argparse
import gzip
import io
import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gradloss.paper.typesetting import EPOCH, typeset
from gradloss.support.command import run
from gradloss.support.files import atomic_write

# Commands that name a file in a folder, which the bundle has as a part of the file's name.
IN_FOLDER = re.compile(r"(\\(?:input|includegraphics)\{)(\w+)/")
TEXTS = {".tex", ".sty", ".bbl"}


def members(main: Path, results: Path, work: Path) -> dict[str, bytes]:
    """Name to content of whatever LaTeX reads, without folders, and the typeset bibliography.

    Args:
        main: The main .tex file.
        results: Folder with numbers.tex, tables/ and figures/.
        work: An empty folder, in which LaTeX works.

    Raises:
        UserError: If LaTeX fails.
    """
    typeset(main, results, work)
    used = used_files((work / f"{main.stem}.fls").read_text(encoding="utf-8"))
    files = {flat_name(name): work / name for name in used}
    files[f"{main.stem}.bbl"] = work / f"{main.stem}.bbl"
    return {name: flattened(path) for name, path in files.items()}


def used_files(recorded: str) -> set[str]:
    """Files of the paper and of its results among those that LaTeX has recorded."""
    return set(re.findall(r"^INPUT (?:\./)?((?:paper|results)/.+)$", recorded, re.MULTILINE))


def flat_name(name: str) -> str:
    """Such as figures-noise_boston.pdf for results/figures/noise_boston.pdf."""
    return "-".join(Path(name).parts[1:])


def flattened(path: Path) -> bytes:
    """Content of a file, whose text names the others as the bundle does."""
    if path.suffix not in TEXTS:
        return path.read_bytes()
    return IN_FOLDER.sub(r"\1\2-", path.read_text(encoding="utf-8")).encode()


def write_bundle(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write a .tar.gz; equal contents give equal bytes."""
    with (
        atomic_write(target) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=int(EPOCH)) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as bundle,
    ):
        for name, content in sorted(contents.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), int(EPOCH)
            bundle.addfile(member, io.BytesIO(content))


def main() -> None:
    """Read the command line, compile and bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--main", type=Path, required=True, help="main .tex file")
    parser.add_argument("--results", type=Path, required=True, help="folder of the results")
    parser.add_argument("--output", type=Path, required=True, help=".tar.gz file to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paper-") as work:
        write_bundle(arguments.output, members(arguments.main, arguments.results, Path(work)))


if __name__ == "__main__":
    run(main)
