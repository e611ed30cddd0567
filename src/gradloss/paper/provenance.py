"""What each figure, table and number of the paper was made from."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gradloss.support.errors import UserError
from gradloss.support.files import sha256_of

# What the paper is made from, in the repository. Whatever else a commit changes, the paper is as
# it was, and names the same commit.
SOURCES = (
    "Snakefile",
    "config.yaml",
    "workflow",
    "scripts",
    "src",
    "paper",
    "requirements.lock",
)
# Copied from a run that is published: the commit that made it stays the one that is named.
PUBLISHED = "paper/published*"
SHORT = 7  # digits of a commit in the text
CONFIG = "config.yaml"  # its record has the SHA-256 of the merged configuration

# The file of the results from which a command of the text takes its values; training times are
# those of the published run.
FILES = {
    "result": "metrics.csv",
    "resultci": "metrics.csv",
    "difference": "metrics.csv",
    "ratio": "metrics.csv",
    "verdict": "claims.csv",
    "reported": "claims.csv",
    "finding": "claims.csv",
    "claimcount": "claims.csv",
    "probability": "comparisons.csv",
    "holm": "comparisons.csv",
    "comparisoncount": "comparisons.csv",
    "machine": "machine.csv",
}


@dataclass(frozen=True)
class State:
    """Of the sources.

    Attributes:
        commit: The last one that changed them, or None where there is no repository.
        changed: Whether they differ from it.
        swhid: Identifier of the tree of that commit, whatever repository holds it.
        date: When it was made, in ISO 8601, or None without one.
    """

    commit: str | None
    changed: bool
    swhid: str | None = None
    date: str | None = None

    def __str__(self) -> str:
        """Such as ``commit 1a2b3c4 with changes``."""
        if self.commit is None:
            return "unknown commit"
        return f"commit {self.commit[:SHORT]}" + (" with changes" if self.changed else "")


def read_state(root: Path) -> State:
    """State of the sources in a working copy.

    Args:
        root: Top folder of the working copy. Inside of one of another repository, or without git,
            there is no commit, nor where a shallow clone does not reach back to it.
    """
    try:
        if Path(git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return State(None, changed=False)
        sources = ["--", *SOURCES, f":(exclude){PUBLISHED}"]
        # Neither `git log` nor its format: settings of the user's add to what it prints.
        found = git(root, "rev-list", "-1", "--timestamp", "HEAD", *sources)
        seconds, _, commit = found.partition(" ")
        changes = git(root, "status", "--porcelain", *sources)
        if not commit or _is_cut_off(root, commit):
            return State(None, bool(changes))
        # The SWHID of a directory is the hash that git gives its tree (ISO/IEC 18670).
        tree = git(root, "rev-parse", f"{commit}^{{tree}}")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return State(None, changed=False)
    date = datetime.fromtimestamp(int(seconds), UTC).isoformat()
    return State(commit, bool(changes), f"swh:1:dir:{tree}", date)


def _is_cut_off(root: Path, commit: str) -> bool:
    """Whether a shallow clone ends at a commit, which then seems to have made every file."""
    is_shallow = git(root, "rev-parse", "--is-shallow-repository") == "true"
    return is_shallow and not git(root, "rev-parse", f"{commit}^@")


def git(root: Path, *arguments: str) -> str:
    """What git prints about the repository of a folder.

    It is that of the folder, whatever the environment says, and whoever owns it: who calls this
    runs what is in the folder anyway.

    Raises:
        FileNotFoundError: There is no git.
        subprocess.CalledProcessError: It fails, as where there is no repository.
    """
    command = ["git", "-c", "safe.directory=*", "-C", str(root), *arguments]
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    finished = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=True, env=environment
    )
    return finished.stdout.rstrip()


@dataclass(frozen=True)
class Origins:
    """How records are made.

    Attributes:
        rules: Files of the results to the rules that make them.
        config: SHA-256 of the merged configuration, as canonical JSON.
        commit: State of the sources, in words.
    """

    rules: Mapping[str, str]
    config: str
    commit: str

    def record(self, file: str) -> dict[str, str | None]:
        """File, its SHA-256, the rule that makes it (None: it is a source), config and commit."""
        return {
            "file": file,
            "sha256": sha256_of(Path(file)),
            "rule": self.rules.get(file),
            "config": self.config,
            "commit": self.commit,
        }

    def products(self, kind: str) -> dict[str, dict]:
        """Records by stem of the files in a folder of the results, such as "figures"."""
        files = [Path(file) for file in self.rules]
        return {file.stem: self.record(str(file)) for file in files if file.parent.name == kind}

    def numbers(self, quoted: Iterable[tuple[str, str, str]]) -> dict[str, dict]:
        r"""Records, and the text, by macro such as ``\result{mnist/gradient/accuracy}``.

        Times are those of the published run, versions those of requirements.lock, settings those of
        config.yaml with what is laid over it: their SHA-256 is that of the merged configuration.

        Args:
            quoted: Command, key and text of each macro.
        """
        by_name = {Path(file).name: file for file in self.rules}
        known = {
            name: self.record(by_name[file]) for name, file in FILES.items() if file in by_name
        }
        known["timing"] = self.record("paper/published_timings.csv")
        known["version"] = self.record("requirements.lock")
        known["setting"] = {**known["version"], "file": CONFIG, "sha256": self.config}
        return {
            rf"\{command}{{{key}}}": {"text": text, **known[command]}
            for command, key, text in quoted
        }


def checked_records(provenance: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    """The records that provenance.json has of files, by path, held against the files.

    Raises:
        UserError: A file is missing, or is not the one that is recorded.
    """
    records = {
        record["file"]: record
        for kind in ("figures", "tables", "numbers")
        for record in provenance[kind].values()
        if record["file"] != CONFIG
    }
    for file, record in sorted(records.items()):
        if not Path(file).is_file():
            raise UserError(f"{file}, of which provenance.json tells, is missing; run snakemake")
        if (found := sha256_of(Path(file))) != record["sha256"]:
            raise UserError(
                f"{file} has the SHA-256 {found} and not {record['sha256']}, of which"
                " provenance.json tells; run snakemake"
            )
    return dict(sorted(records.items()))
