"""What Snakemake knows of the files that a full run makes."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gradloss.support.errors import UserError

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all"]


def files_of_plan(
    root: Path, snakemake: Sequence[str] = SNAKEMAKE, targets: Sequence[str] = ()
) -> list[dict[str, str]]:
    """A row per file that a job makes, as ``snakemake --detailed-summary`` tells them.

    Args:
        root: The working copy.
        snakemake: The command, with its options.
        targets: Files to plan for, instead of all.

    Returns:
        Among others "output_file", "input-file(s)", with commas between them, "log-file(s)", "-"
        for none, and "plan", which is "no update" of what is up to date.

    Raises:
        UserError: There can be no plan.
    """
    command = [*snakemake, "--detailed-summary", *targets]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if told.returncode:
        reason = (told.stderr.strip() or f"exit code {told.returncode}").splitlines()[-1]
        raise UserError(f"snakemake --summary fails: {reason}")
    header, *rows = [line.split("\t") for line in told.stdout.splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]
