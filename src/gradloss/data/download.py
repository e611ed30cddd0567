"""Downloading one data set: the sources in order, until one serves the right arrays."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gradloss.data import surrogate
from gradloss.data.manifest import Dataset, Source
from gradloss.data.sources import SourceError, file_sets, mirror_sources, obtain
from gradloss.support.errors import DataError
from gradloss.support.files import sha256_of, write_npz

SURROGATE_SEED = 0
SHA_DIGITS = 12  # tell refused files of one name apart

log = logging.getLogger(__name__)


def download(dataset: Dataset, output: Path, mirror: Path | None = None) -> str:
    """Write a data set's decoded arrays to one .npz file.

    The mirror comes first, then the manifest's sources in order, then the surrogate where the data
    set allows one. A file that is wrong or cut is moved to ``rejected/`` beside the output, into a
    folder named by its SHA-256, as data sets share names of files.

    Args:
        dataset: Entry of the manifest.
        output: The .npz file to write; holds the arrays and a string ``source``.
        mirror: Local folder of files, or None; ``~`` is the home.

    Returns:
        Where the arrays came from, as stored in ``source``.

    Raises:
        DataError: The mirror is missing or empty, or no source served; then the message lists
            each with its reason.
        OSError: The output cannot be written.
    """
    if mirror is not None:
        # Path's own raises where there is no home.
        mirror = Path(os.path.expanduser(mirror))  # noqa: PTH111
    if mirror is not None and not (mirror.is_dir() and any(mirror.iterdir())):
        raise DataError(
            f"{mirror}: the mirror folder is missing or empty; put the files there, or correct "
            "data_mirror in config.yaml or the environment variable GRADLOSS_MIRROR"
        )
    failures: list[str] = []
    for source in _sources(dataset, mirror, failures):
        with tempfile.TemporaryDirectory(prefix="gradloss-") as work:
            try:
                arrays = obtain(dataset, source, Path(work))
            except SourceError as error:
                reason = str(error) + _set_aside(error.refused, output.parent / "rejected")
                _record(failures, dataset, source.label, reason)
                continue
        return _write(dataset, output, arrays, source.label)
    if dataset.surrogate:
        log.warning(
            "%s: using a surrogate, made-up points with the published least-squares line; "
            "no source served the real data",
            dataset.title,
        )
        arrays = {"table": surrogate.trilotropicos(SURROGATE_SEED)}
        return _write(dataset, output, arrays, "surrogate")
    raise DataError(_no_source(dataset, failures))


def _sources(dataset: Dataset, mirror: Path | None, failures: list[str]) -> Iterable[Source]:
    if mirror is not None:
        try:
            yield from mirror_sources(dataset, mirror)
        except SourceError as error:
            _record(failures, dataset, "mirror", str(error))
    yield from dataset.sources


def _record(failures: list[str], dataset: Dataset, label: str, reason: str) -> None:
    log.warning("%s: %s: %s", dataset.title, label, reason)
    failures.append(f"{label}: {reason}")


def _set_aside(refused: Iterable[Path], folder: Path) -> str:
    kept = []
    for path in refused:
        place = folder / sha256_of(path)[:SHA_DIGITS]
        place.mkdir(parents=True, exist_ok=True)
        kept.append(str(shutil.move(path, place / path.name)))
    return f" (kept aside as {', '.join(kept)})" if kept else ""


def _write(dataset: Dataset, output: Path, arrays: dict[str, np.ndarray], label: str) -> str:
    write_npz(output, {**arrays, "source": np.array(label)})
    log.info("%s: %s written from %s", dataset.title, output, label)
    return label


def _no_source(dataset: Dataset, failures: list[str]) -> str:
    names = " or ".join(", ".join(files) for _, files in file_sets(dataset))
    return (
        f"{dataset.title}: no source served the data [{' | '.join(failures)}]; "
        f"put {names} into FOLDER/{dataset.key} and pass --mirror FOLDER"
    )
