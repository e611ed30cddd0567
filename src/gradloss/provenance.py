"""What each figure, table and number of the paper was made from."""

import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """

    commit: str | None
    changed: bool

    def __str__(self) -> str:
        """Such as ``commit 1a2b3c4 with changes``."""
        if self.commit is None:
            return "unknown commit"
        return f"commit {self.commit[:SHORT]}" + (" with changes" if self.changed else "")


def read_state(root: Path) -> State:
    """State of the sources in a working copy.

    Args:
        root: Top folder of the working copy. Inside of one of another repository, or without git,
            there is no commit.
    """
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return State(None, changed=False)
        sources = ["--", *SOURCES, f":(exclude){PUBLISHED}"]
        commit = _git(root, "log", "-1", "--format=%H", *sources)
        changes = _git(root, "status", "--porcelain", *sources)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return State(None, changed=False)
    return State(commit or None, bool(changes))


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
        known["setting"] = {**known["version"], "file": "config.yaml", "sha256": self.config}
        return {
            rf"\{command}{{{key}}}": {"text": text, **known[command]}
            for command, key, text in quoted
        }
