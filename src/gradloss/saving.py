"""Keras model files whose bytes depend on the model alone."""

import json
import re
import tempfile
import zipfile
from pathlib import Path

import keras

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip archive can hold


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


def _number_shared_objects(config: bytes) -> bytes:
    """The configuration with shared objects numbered by their order; Keras writes addresses."""
    numbers: dict[bytes, int] = {}

    def number(match: re.Match[bytes]) -> bytes:
        return match[1] + str(numbers.setdefault(match[2], len(numbers))).encode()

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)
