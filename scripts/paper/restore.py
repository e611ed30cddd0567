"""Lay the results of an archive into this working copy, or say why not and write nothing."""

import argparse
import tempfile
from pathlib import Path

import pooch
import requests

from gradloss.configuration.files import read_config_file
from gradloss.paper.archive import unpack_archive
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.files import sha256_of

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = "paper/published.tar.xz"
STATE = ".snakemake"
RECORDS = f"{STATE}/metadata"
RESTORED = f"{STATE}/restored"  # SHA-256 of the archive that results began with


def main() -> None:
    """Read the command line, fetch, check and restore."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", help="path or URL")
    parser.add_argument("--sha256", default="", help="of the archive; a URL needs it")
    arguments = parser.parse_args()
    (ROOT / STATE).mkdir(exist_ok=True)
    # Beside the results, so that they can be moved at once.
    with tempfile.TemporaryDirectory(prefix="restore-", dir=ROOT / STATE) as work:
        archive = fetch(arguments.archive, arguments.sha256, Path(work))
        done = restore(archive, ROOT, Path(work) / "members")
    told = f"restored {arguments.archive}" if done else f"{arguments.archive} is restored already"
    print(f"{told}; make paper, or snakemake -n, tells what is left to do")


def fetch(address: str, sha256: str, folder: Path) -> Path:
    """The archive as a file of this machine, its SHA-256 checked where one is given.

    Raises:
        UserError: It is not to be had, or not the one that is meant.
    """
    is_remote = address.startswith(("http://", "https://"))
    if is_remote and not sha256:
        raise UserError(f"{address}: give the SHA-256 of the archive too, as ARCHIVE_SHA256")
    if address == PUBLISHED and not (ROOT / PUBLISHED).exists():
        raise UserError(f"{PUBLISHED} is not there yet: make publish writes it after a full run")
    try:
        if is_remote:
            return Path(pooch.retrieve(address, sha256.lower(), "archive", folder))
        if sha256 and pooch.file_hash(address) != sha256.lower():
            raise UserError(f"{address}: not the file with the SHA-256 {sha256}; fetch it again")
    except (ValueError, requests.RequestException) as error:
        raise UserError(f"{address}: {error}") from error
    return Path(address)


def restore(archive: Path, root: Path, work: Path) -> bool:
    """Check an archive and lay its files into a working copy.

    Args:
        archive: The file.
        root: The working copy, of the commit of the archive and without results.
        work: A folder to be made, on the file system of the results.

    Returns:
        Whether it was laid there; the results that it gave before are left as they are.

    Raises:
        UserError: It is not whole, or of other sources, or there are results of another run.
        OSError: A file cannot be read or written.
    """
    results = read_config_file(root / "config.yaml", needed=["results"])["results"]
    found = next((file for file in (root / results).rglob("*") if file.is_file()), None)
    digest = sha256_of(archive)
    begun_with = root / RESTORED
    if found and begun_with.exists() and begun_with.read_text(encoding="utf-8") == digest:
        return False
    if found:
        raise UserError(
            f"{found.relative_to(root)} is of another run; move {results} away and restore again"
        )
    origin = unpack_archive(archive, work, (results, RECORDS))
    origin.refuse_others(root)
    for name in ("metadata", "incomplete"):  # without both, Snakemake takes them for old ones
        (root / STATE / name).mkdir(exist_ok=True)
    for record in (work / RECORDS).iterdir():
        record.replace(root / RECORDS / record.name)
    (root / results).parent.mkdir(parents=True, exist_ok=True)
    for place in sorted((root / results).rglob("*"), reverse=True):
        place.rmdir()  # empty ones, as seen above
    begun_with.write_text(digest, encoding="utf-8")
    (work / results).replace(root / results)
    return True


if __name__ == "__main__":
    run(main)
