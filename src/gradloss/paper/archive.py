"""One file with results: the SHA-256 of each, and what they were computed with.

A tar file, compressed by xz. Its first member, manifest.json, tells of the others; equal members
give equal bytes. Tables lie in it by columns, in members of their name and `.transposed`.
"""

import io
import json
import lzma
import os
import shutil
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from platform import python_version_tuple
from typing import IO

from gradloss.paper.transposition import transpose
from gradloss.support.errors import DataError, UserError, excerpt
from gradloss.support.files import atomic_write, sha256_of

MANIFEST = "manifest.json"
TRANSPOSED = ".transposed"
# Of all members: older than any checkout, so that Snakemake compares contents and not times.
TIME = 946_684_800
CHUNK = 2**20
UNREADABLE = (
    *(tarfile.TarError, lzma.LZMAError, EOFError, RecursionError),
    *(ValueError, TypeError, AttributeError, KeyError),
)


@dataclass(frozen=True)
class Origin:
    """What results were computed with.

    Attributes:
        commit: State of the sources, in words.
        sources: Files of the repository to their SHA-256.
        versions: "Python 3.11" and libraries, such as "numpy 2.3.5".
    """

    commit: str
    sources: dict[str, str]
    versions: list[str]

    def refuse_others(self, root: Path) -> None:
        """Raise UserError, with the first difference, unless a working copy is the same."""
        for name, sha256 in sorted(self.sources.items()):
            file = root / name
            if not file.is_file() or sha256_of(file) != sha256:
                found = "differs" if file.is_file() else "is missing"
                raise UserError(
                    f"the archive is of {self.commit}, from which {name} {found} here; check that"
                    " commit out, restore there, and make changes afterwards"
                )
        for entry in self.versions:
            name, _, wanted = entry.rpartition(" ")
            if (found := _installed(name)) != wanted:
                raise UserError(
                    f"the archive was computed with {entry}, and here is {found}; install"
                    " requirements.lock of the same commit"
                )


def _installed(name: str) -> str:
    if name == "Python":
        return ".".join(python_version_tuple()[:2])
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def write_archive(target: Path, members: Mapping[str, Path], origin: Origin) -> None:
    """Write an archive, atomically.

    Args:
        target: The file, usually with the suffix ``.tar.xz``.
        members: Name, relative to the repository, to the file that holds the content.
        origin: What the members were computed with.

    Raises:
        OSError: A file cannot be read or written.
    """
    files = {name: sha256_of(path) for name, path in sorted(members.items())}
    manifest = json.dumps({**asdict(origin), "files": files}, indent=1, sort_keys=True).encode()
    with atomic_write(target) as temporary, tarfile.open(temporary, "w:xz") as archive:
        _add(archive, MANIFEST, io.BytesIO(manifest), len(manifest))
        for name in files:
            _add_file(archive, name, members[name])


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    if path.suffix == ".csv":
        with suppress(ValueError):  # a table with a comma in some rows only stays as it is
            table = transpose(path.read_bytes())
            return _add(archive, name + TRANSPOSED, io.BytesIO(table), len(table))
    with path.open("rb") as file:
        _add(archive, name, file, path.stat().st_size)


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, TIME
    archive.addfile(member, content)


def unpack_archive(path: Path, folder: Path, roots: Iterable[str]) -> Origin:
    """Unpack an archive and check the whole of it.

    Args:
        path: The archive.
        folder: Where its members go, a folder of their own. It holds rubbish if this fails.
        roots: Folders, relative, below which members may lie.

    Returns:
        What the members were computed with.

    Raises:
        DataError: It is cut or changed, or has a member that no archive of results has.
        OSError: A file cannot be read or written.
    """
    try:
        with lzma.open(path) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                members = iter(archive)
                manifest = _read_manifest(archive, next(members, None))
                _unpack_members(archive, members, folder, manifest["files"], tuple(roots))
            while stream.read(CHUNK):  # xz checks itself at its very end
                pass
        origin = Origin(manifest["commit"], dict(manifest["sources"]), list(manifest["versions"]))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except UNREADABLE as error:
        raise DataError(
            f"{path}: not a whole archive of results ({excerpt(error)}); fetch it again"
        ) from error
    # Folders are results too, and as old as their files.
    for place in folder.rglob("*"):
        os.utime(place, (TIME, TIME))
    return origin


def _read_manifest(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> dict:
    if member is None or member.name != MANIFEST or not member.isreg():
        raise DataError(f"no archive of results, which begins with {MANIFEST}; see make archive")
    return json.loads(archive.extractfile(member).read())


def _unpack_members(
    archive: tarfile.TarFile,
    members: Iterable[tarfile.TarInfo],
    folder: Path,
    files: Mapping[str, str],
    roots: tuple[str, ...],
) -> None:
    missing = dict(files)
    for member in members:
        name = member.name.removesuffix(TRANSPOSED)
        if not (member.isreg() and name in missing and _lies_below(name, roots)):
            raise DataError(f"the member {excerpt(name)} does not belong there; do not use it")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            content = archive.extractfile(member)
            if name != member.name:
                content = io.BytesIO(transpose(content.read()))
            shutil.copyfileobj(content, file)
        if sha256_of(target) != missing.pop(name):
            raise DataError(f"{name} is not the file of the manifest; fetch the archive again")
    if missing:
        raise DataError(f"{min(missing)} is missing; fetch the archive again")


def _lies_below(name: str, roots: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    is_plain = str(path) == name and ".." not in path.parts
    return is_plain and any(PurePosixPath(root) in path.parents for root in roots)
