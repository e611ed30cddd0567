"""Keras model files whose bytes depend on the model alone."""

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from gradloss.support.files import atomic_folder, atomic_write, list_contents

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip archive can hold


@contextmanager
def models_folder(path: Path) -> Iterator[Path]:
    """Write the folder of a job's models, whole or not at all, and then what it holds.

    A folder is as old as the last change of its list of files, which tells nothing of them. The
    file beside it, of the same name with ``.sha256``, says by content whether models are others.

    Yields:
        A new folder for the body to fill.
    """
    with atomic_folder(path) as folder:
        yield folder
    with atomic_write(path.with_name(f"{path.name}.sha256")) as temporary:
        temporary.write_text(list_contents(path), encoding="utf-8")


def save_model(model: keras.Model, path: Path) -> None:
    """Write a .keras file without the time of writing and without addresses in memory.

    Args:
        model: A built model.
        path: The .keras file.

    Raises:
        OSError: The file cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        dated = Path(folder) / path.name
        model.save(dated)
        with zipfile.ZipFile(dated) as source, zipfile.ZipFile(path, "w") as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    version = json.loads(content)["keras_version"]
                    content = json.dumps({"keras_version": version, "date_saved": ""}).encode()
                if name == "config.json":
                    content = _number_shared_objects(content)
                target.writestr(zipfile.ZipInfo(name, EPOCH), content)


def load_model(path: Path) -> keras.Model:
    """A saved model, for inference."""
    return keras.models.load_model(path, compile=False)


def _number_shared_objects(config: bytes) -> bytes:
    """The configuration with shared objects numbered by their order; Keras writes addresses."""
    numbers: dict[bytes, int] = {}

    def number(match: re.Match[bytes]) -> bytes:
        return match[1] + str(numbers.setdefault(match[2], len(numbers))).encode()

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)
