"""Fetching a data set's files from one source into a working folder."""

import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import pooch
import requests

from gradloss.data.manifest import Dataset, Source
from gradloss.data.readers import READERS
from gradloss.support.errors import DataError
from gradloss.support.files import Arrays, sha256_of

MAX_TRANSFER_BYTES = 128 * 2**20
TIMEOUT_SECONDS = 10  # until the next bytes
TRANSFER_SECONDS = 600  # of a file
PACKAGE_TIMEOUT_SECONDS = 600
RETRY_PAUSES_SECONDS = (0.5, 1.0)


class SourceError(DataError):
    """A source that could not serve.

    Attributes:
        refused: Files that came but are wrong or cut, still in the working folder.
    """

    def __init__(self, reason: str, refused: Iterable[Path] = ()) -> None:
        super().__init__(reason)
        self.refused = tuple(refused)


def obtain(dataset: Dataset, source: Source, work: Path) -> Arrays:
    """Fetch, verify and decode a data set from one source.

    A file with a known SHA-256 must match it, and the decoded arrays must match the manifest. For
    a mirror the arrays alone decide, so that files packed anew serve too.

    Args:
        dataset: What the arrays must be.
        source: Where from.
        work: An existing, empty folder.

    Returns:
        Name to array.

    Raises:
        SourceError: The source cannot be reached, or served something else.
    """
    paths = FETCHERS[source.kind](source, work)
    _check_files(source, paths)
    try:
        arrays = READERS[source.reader](paths)
        dataset.check(arrays)
    except DataError as error:
        raise SourceError(str(error), paths.values()) from error
    return arrays


def mirror_sources(dataset: Dataset, folder: Path) -> list[Source]:
    """Mirror sources for every complete set of the data set's files in a local folder.

    Args:
        dataset: Its sources say which sets of files can be read.
        folder: The mirror; the files lie in ``folder/KEY``, or directly in ``folder`` where the
            data set allows it.

    Raises:
        SourceError: No set is complete.
    """
    places = [folder / dataset.key, *([folder] if dataset.mirror_flat else [])]
    found = [
        Source(kind="mirror", base=str(place), reader=reader, files=dict.fromkeys(names))
        for reader, names in file_sets(dataset)
        for place in places
        if all(_in_mirror(place, name) for name in names)
    ]
    if not found:
        places_text = " or ".join(str(place) for place in places)
        raise SourceError(f"no complete set of files in {places_text}")
    return found


def file_sets(dataset: Dataset) -> list[tuple[str, tuple[str, ...]]]:
    """Distinct (reader, file names) among a data set's sources, in their order."""
    return list(dict.fromkeys((source.reader, tuple(source.files)) for source in dataset.sources))


def _check_files(source: Source, paths: Mapping[str, Path]) -> None:
    found = {name: sha256_of(path) for name, path in paths.items() if source.files[name]}
    wrong = [name for name, digest in found.items() if digest != source.files[name]]
    if wrong:
        raise SourceError(
            "; ".join(f"{n} has SHA-256 {found[n]}, expected {source.files[n]}" for n in wrong),
            [paths[name] for name in wrong],
        )


def _in_mirror(place: Path, name: str) -> Path | None:
    """A file of a mirror, as it was packed or as archives and other sites call it unpacked.

    So ``train-images-idx3-ubyte.gz`` may also be there as ``train-images-idx3-ubyte`` or
    ``train-images.idx3-ubyte``.
    """
    unpacked = name.removesuffix(".gz")
    names = (name, unpacked, unpacked.replace("-idx", ".idx"))
    return next((place / one for one in names if (place / one).is_file()), None)


def _fetch_mirror(source: Source, work: Path) -> dict[str, Path]:
    found = {name: _in_mirror(Path(source.base), name) for name in source.files}
    return {name: Path(shutil.copy(path, work / name)) for name, path in found.items()}


def _fetch_urls(source: Source, work: Path) -> dict[str, Path]:
    paths = {name: work / name for name in source.files}
    for name, path in paths.items():
        _fetch_url(f"{source.base}/{name}", path)
    return paths


def _fetch_url(url: str, path: Path) -> None:
    download = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(), chunk_size=2**16, timeout=TIMEOUT_SECONDS
    )
    for pause in (*RETRY_PAUSES_SECONDS, None):
        try:
            with _time_limit(path.name), path.open("wb") as file:
                download(url, _BoundedWriter(file, path), None)
            return
        except requests.RequestException as error:
            if pause is None or not _is_transient(error):
                raise SourceError(f"{path.name}: {_reason(error)}") from error
            time.sleep(pause)


@contextmanager
def _time_limit(name: str) -> Iterator[None]:
    """End what takes too long in all, though each of its pieces comes in time."""

    def end(*_: object) -> NoReturn:
        raise SourceError(f"{name}: not complete within {TRANSFER_SECONDS} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, TRANSFER_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _BoundedWriter:
    """Binary file that refuses to grow past the limit, so an endless reply cannot fill the disk."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    def write(self, data: bytes) -> None:
        if self._file.tell() + len(data) > MAX_TRANSFER_BYTES:
            raise SourceError(f"{self._path.name}: longer than {MAX_TRANSFER_BYTES} bytes")
        self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _is_transient(error: requests.RequestException) -> bool:
    if isinstance(error, requests.HTTPError):
        return error.response.status_code >= 500
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, requests.ConnectTimeout)


def _reason(error: requests.RequestException) -> str:
    match error:
        case requests.HTTPError():
            return f"HTTP status {error.response.status_code}"
        case requests.Timeout():
            return f"no answer within {TIMEOUT_SECONDS} s"
        case requests.ConnectionError():
            return "cannot connect"
        case requests.exceptions.ChunkedEncodingError():
            return "the connection broke off"
        case _:
            return str(error)


def _fetch_wheel(source: Source, work: Path) -> dict[str, Path]:
    folder = work / "package"
    _run_client(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"),
        *("--no-cache-dir", "--disable-pip-version-check", "--retries", "1"),
        *("--only-binary", ":all:", "--dest", str(folder), f"{source.package}=={source.version}"),
        folder=work,
    )
    (wheel,) = folder.glob("*.whl")
    if source.package_sha256 and sha256_of(wheel) != source.package_sha256:
        raise SourceError(
            f"{wheel.name} has SHA-256 {sha256_of(wheel)}, expected {source.package_sha256}",
            [wheel],
        )
    return extract_wheel(wheel, source, work)


def extract_wheel(wheel: Path, source: Source, work: Path) -> dict[str, Path]:
    """Copy the source's members, and nothing else, out of a wheel.

    Raises:
        SourceError: The wheel is damaged, or a member is missing or too large.
    """
    paths = {name: work / name for name in source.files}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, path in paths.items():
                member = archive.getinfo(f"{source.base}/{name}")
                if member.file_size > MAX_TRANSFER_BYTES:
                    raise SourceError(f"{name}: longer than {MAX_TRANSFER_BYTES} bytes", [wheel])
                with archive.open(member) as inner, path.open("wb") as file:
                    shutil.copyfileobj(inner, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise SourceError(f"{wheel.name}: {error.args[0]}", [wheel]) from error
    return paths


def _fetch_deb(source: Source, work: Path) -> dict[str, Path]:
    # Package lists may be missing, and only root may update the system's own.
    private = ("-o", f"Dir::State::Lists={work / 'lists'}", "-o", f"Dir::Cache={work / 'cache'}")
    try:
        _run_client("apt-get", "--quiet", "download", source.package, folder=work)
    except SourceError:
        (work / "lists" / "partial").mkdir(parents=True)
        _run_client("apt-get", "--quiet", *private, "update", folder=work)
        _run_client("apt-get", "--quiet", *private, "download", source.package, folder=work)
    (package,) = work.glob("*.deb")
    return extract_deb(package, source, work)


def extract_deb(package: Path, source: Source, work: Path) -> dict[str, Path]:
    """Copy the source's members, and nothing else, out of a Debian package.

    Raises:
        SourceError: The package is damaged, or a member is missing or too large, or ``dpkg-deb``
            is not installed.
    """
    content = work / "content.tar"
    with content.open("wb") as file:
        _run_client(
            *("dpkg-deb", "--fsys-tarfile", str(package)),
            folder=work,
            stdout=file,
            refused=[package],
        )
    paths = {name: work / name for name in source.files}
    with tarfile.open(content) as archive:
        members = {member.name.removeprefix("./"): member for member in archive if member.isreg()}
        for name, path in paths.items():
            member = members.get(f"{source.base}/{name}")
            if member is None or member.size > MAX_TRANSFER_BYTES:
                problem = "not there" if member is None else "too large"
                raise SourceError(f"{package.name}: {source.base}/{name} is {problem}", [package])
            with archive.extractfile(member) as inner, path.open("wb") as file:
                shutil.copyfileobj(inner, file)
    return paths


def _run_client(
    *command: str, folder: Path, stdout: IO[bytes] | None = None, refused: Iterable[Path] = ()
) -> None:
    """Run a package client; its last line of stderr is the reason if it fails."""
    name = "pip" if "pip" in command else command[0]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PACKAGE_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise SourceError(f"{name} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{name} took longer than {PACKAGE_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "without a message"
        raise SourceError(f"{name} failed: {reason}", refused)


FETCHERS: dict[str, Callable[[Source, Path], dict[str, Path]]] = {
    "mirror": _fetch_mirror,
    "url": _fetch_urls,
    "wheel": _fetch_wheel,
    "deb": _fetch_deb,
}
