"""The paper by LaTeX, in a folder of its own."""

import os
import shutil
import subprocess
from pathlib import Path

from gradloss.support.errors import UserError

# Fixed, so that equal inputs give equal bytes.
EPOCH = "1704067200"


def typeset(main: Path, results: Path, work: Path) -> Path:
    """Compile a LaTeX file to PDF.

    Args:
        main: The main .tex file; its folder is searched for sections and the bibliography.
        results: Folder with numbers.tex, tables/ and figures/.
        work: An empty folder, in which LaTeX works. Within, `main` is `paper/NAME.tex`, and what
            LaTeX reads from there and from results/ is named in NAME.fls.

    Returns:
        The PDF, in the folder.

    Raises:
        UserError: If LaTeX fails or leaves a reference undefined.
    """
    # TeX separates and comments with characters that may stand in the path of a folder.
    Path(work, "paper").symlink_to(main.parent.resolve())
    Path(work, "results").symlink_to(results.resolve())
    environment = os.environ | {
        "TEXINPUTS": "paper:results:",
        "BIBINPUTS": "paper:",
        "SOURCE_DATE_EPOCH": EPOCH,
        "FORCE_SOURCE_DATE": "1",
    }
    # -norc: a file of the user's would change how the paper is built.
    command = ["latexmk", "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error"]
    if shutil.which(command[0]) is None:
        raise UserError("latexmk is not installed; make tex, or README.md, tells what TeX needs")
    finished = subprocess.run(
        [*command, f"paper/{main.name}"],
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
    return Path(work, main.with_suffix(".pdf").name)


def first_error(log: str) -> str:
    """The first error of a LaTeX log with the line that it points to."""
    lines = log.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("!")), None)
    if start is None:
        return lines[-1] if lines else "no log was written"
    place = next((line for line in lines[start:] if line.startswith("l.")), "")
    return f"{lines[start].removeprefix('! ')} {place}".strip()
