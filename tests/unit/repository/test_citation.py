"""CITATION.cff is what tools for citations read."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import yaml
from project import ROOT

# The wheel of the format's own tool carries the format's schema. The tool itself needs an older
# jsonschema than the project.
TOOL = "cffconvert==2.0.0"
SHA256 = "573c825e4e16173d99396dc956bd22ff5d4f84215cc16b6ab05299124f5373bb"
SCHEMA = "cffconvert/schemas/1.2.0/schema.json"


def schema_of_the_format(folder: Path) -> dict:
    (folder / "wanted").write_text(f"{TOOL} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*command, "-r", "wanted", "-d", "."], cwd=folder, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return json.loads(archive.read(SCHEMA))


def test_citation_follows_the_schema_of_its_format(tmp_path: Path):
    schema = schema_of_the_format(tmp_path)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    citation["date-released"] = citation["date-released"].isoformat()
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(citation)] == []
    assert not validator.is_valid({**citation, "version": ["0", "2"]})
    assert not validator.is_valid({**citation, "identifiers": [{"type": "swh", "value": "1"}]})
