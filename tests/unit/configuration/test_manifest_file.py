"""What the file of sources may hold, by its schema."""

from collections.abc import Callable

import pytest
import yaml
from project import ROOT

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.offers import readers
from gradloss.configuration.validation import check_manifest
from gradloss.data.readers import READERS
from gradloss.data.sources import FETCHERS

MANIFEST = ROOT / "src/gradloss/data/manifest.yaml"
SCHEMA = yaml.safe_load((ROOT / "workflow/manifest.schema.yaml").read_text())


def test_the_sources_of_the_study_are_well_formed():
    check_manifest(MANIFEST, SCHEMA)


def test_the_kinds_of_sources_and_the_readers_are_those_that_there_are():
    kinds = SCHEMA["$defs"]["source"]["properties"]["kind"]["enum"]
    assert {*kinds, "mirror"} == set(FETCHERS)
    assert readers() == set(READERS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data["boston"].pop("shapes"), "boston lacks the key 'shapes'; add it"),
        (lambda data: data["boston"].update(url="x"), "boston has an unknown key 'url'; known are"),
        (
            lambda data: data["boston"].update(content_sha256="abc"),
            "boston.content_sha256 is 'abc' and must be 64 hexadecimal digits, in quotes if all",
        ),
        (
            lambda data: data["boston"]["sources"][0].update(reader="bostn"),
            "boston has a source with the reader 'bostn', which is unknown; did you mean 'boston'?",
        ),
        (
            lambda data: data["boston"]["sources"][2].update(version=1.0),
            "boston.sources.2.version is 1.0 and must be of type string",
        ),
        (
            lambda data: data["boston"]["sources"][2].pop("package_sha256"),
            "boston.sources.2 lacks the key 'package_sha256'; add it",
        ),
        (
            lambda data: data["boston"]["sources"][0]["files"].update({"housing.data": "0"}),
            "boston.sources.0.files.housing.data is '0' and must be 64 hexadecimal digits, or null",
        ),
        (
            lambda data: data["boston"]["sources"][0]["files"].update({"a/b.csv": None}),
            "boston.sources.0.files is 'a/b.csv' and must be names of files, without folders",
        ),
        (lambda data: data.update(Own={}), "the top level is 'Own' and must be made of a-z"),
    ],
)
def test_a_slip_is_told_in_one_sentence(tmp_path, change: Callable, sentence: str):
    data = yaml.safe_load(MANIFEST.read_text())
    change(data)
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError) as caught:
        check_manifest(path, SCHEMA)
    assert str(caught.value).startswith(f"manifest.yaml: {sentence}")
    assert "\n" not in str(caught.value)
