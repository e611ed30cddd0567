"""Compile the paper with latexmk."""

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from gradloss.command import run
from gradloss.errors import UserError
from gradloss.files import atomic_write

# Fixed, so that equal inputs give equal bytes.
EPOCH = "1704067200"


def build(main: Path, results: Path, output: Path) -> None:
    """Compile a LaTeX file to PDF in a temporary folder.

    Args:
        main: The main .tex file; its folder is searched for sections and the bibliography.
        results: Folder with numbers.tex, tables/ and figures/.
        output: The PDF to write.

    Raises:
        UserError: If LaTeX fails or leaves a reference undefined.
    """
    with tempfile.TemporaryDirectory(prefix="paper-") as work:
        environment = os.environ | {
            "TEXINPUTS": f"{main.parent.resolve()}:{results.resolve()}:",
            "BIBINPUTS": f"{main.parent.resolve()}:",
            "SOURCE_DATE_EPOCH": EPOCH,
            "FORCE_SOURCE_DATE": "1",
        }
        command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
        finished = subprocess.run(
            [*command, f"-output-directory={work}", str(main.resolve())],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
        )
        print(finished.stdout)
        log = Path(work, main.with_suffix(".log").name)
        text = log.read_text(errors="replace") if log.exists() else finished.stderr
        if finished.returncode:
            raise UserError(f"{main}: LaTeX failed: {first_error(text)}")
        if "undefined references" in text or "undefined citations" in text:
            raise UserError(f"{main}: a reference or citation is undefined; see the log above")
        with atomic_write(output) as temporary:
            shutil.copyfile(Path(work, main.with_suffix(".pdf").name), temporary)


def first_error(log: str) -> str:
    """The first error of a LaTeX log with the line that it points to."""
    lines = log.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("!")), None)
    if start is None:
        return lines[-1] if lines else "no log was written"
    place = next((line for line in lines[start:] if line.startswith("l.")), "")
    return f"{lines[start].removeprefix('! ')} {place}".strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--main", type=Path, required=True, help="main .tex file")
    parser.add_argument("--results", type=Path, required=True, help="folder of the results")
    parser.add_argument("--output", type=Path, required=True, help=".pdf file to write")
    arguments = parser.parse_args()
    build(arguments.main, arguments.results, arguments.output)


if __name__ == "__main__":
    run(main)
