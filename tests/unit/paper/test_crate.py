"""The RO-Crate of a run."""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import yaml
from project import ROOT, module_at
from rocrate.vocabs import RO_CRATE
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.services import validate

from gradloss.configuration.runs import canonical_json
from gradloss.data.manifest import load_manifest
from gradloss.paper.provenance import Origins
from gradloss.support.errors import UserError

write_crate = module_at("scripts/paper/write_crate.py")

HASH = "0123456789abcdef0123456789abcdef01234567"
SOURCES = {
    "commit": "commit 0123456",
    "hash": HASH,
    "date": "2026-02-03T04:05:06+00:00",
    "swhid": "swh:1:dir:" + "5" * 40,
    "repository": "https://example.org/us/study",
}
CONFIGURATION = {"seed": 7, "noise": [0.1, 1e-7], "label": "Müller"}
RULES = {
    "results/figures/noise_boston.pdf": "plot_noise",
    "results/tables/sweep.tex": "tabulate",
    "results/metrics.csv": "collect_metrics",
    "results/claims.csv": "judge_claims",
}
QUOTED = [
    ("result", "boston/gradient/mse", "0.0702"),
    ("verdict", "p1", "reproduced"),
    ("setting", "seed", "7"),
    ("timing", "boston/gradient", "0.1"),
    ("version", "python", "3.11.9"),
    ("version", "snakemake", "9.27.1"),
    ("version", "tensorflow", "2.21.0"),
]
USED = ["requirements.lock", "paper/published_timings.csv"]
MADE = [*RULES, "results/provenance.json", "results/paper.pdf"]
MNIST, TWO_MOONS = load_manifest()["mnist"], "two_moons"
DATASETS = f"""dataset,source,sha256,licence,citation
mnist,url {MNIST.sources[1].base},{MNIST.content_sha256},CC BY-SA 3.0,"LeCun, 1998"
trilotropicos,surrogate,{"ab" * 32},not stated,Ramos
{TWO_MOONS},scikit-learn,,BSD-3-Clause,Pedregosa
"""

# What the metadata call their terms. The profiles come with the validator, these do not: that of
# RO-Crate 1.1 is that of 1.3, which rocrate carries, but for the name of a type.
TERMS = "https://w3id.org/ro/terms/workflow-run"
WORKFLOW = {"ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow"}
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": RO_CRATE["@context"] | WORKFLOW,
    f"{TERMS}/context": {"sha256": f"{TERMS}#sha256"},
}


def write_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a small run leaves in a folder, which becomes the working folder."""
    (folder / "results/figures").mkdir(parents=True)
    (folder / "results/tables").mkdir()
    (folder / "paper").mkdir()
    monkeypatch.chdir(folder)
    for file in [*RULES, *USED, "results/paper.pdf", "Snakefile"]:
        Path(file).write_text(f"content of {file}")
    Path("CITATION.cff").write_bytes((ROOT / "CITATION.cff").read_bytes())
    Path("results/data_sources.csv").write_text(DATASETS)
    Path("results/machine.csv").write_text('names\n"A processor, 2 core(s)"\n')
    write_provenance()


def write_provenance(**changed: object) -> None:
    digest = hashlib.sha256(canonical_json(CONFIGURATION).encode()).hexdigest()
    origins = Origins(RULES, digest, SOURCES["commit"])
    provenance = {
        **{kind: origins.products(kind) for kind in ("figures", "tables")},
        "numbers": origins.numbers(QUOTED),
        "configuration": CONFIGURATION,
        "sources": SOURCES | changed,
    }
    Path("results/provenance.json").write_text(json.dumps(provenance))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path / "study", monkeypatch)
    return tmp_path / "study"


@pytest.fixture
def make(study: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A function that runs the script in the working folder and gives the folder of the crate."""

    def run(*papers: str) -> Path:
        words = ["--provenance", "results/provenance.json", "--paper", *papers]
        words += ["--workflow", "Snakefile", "--citation", "CITATION.cff"]
        words += ["--sources", "results/data_sources.csv", "--machine", "results/machine.csv"]
        words += ["--output", "results/ro-crate/ro-crate-metadata.json"]
        monkeypatch.setattr(sys, "argv", ["write_crate.py", *words])
        write_crate.main()
        return Path("results/ro-crate").resolve()

    return lambda papers=("results/paper.pdf",): run(*papers)


def entities(crate: Path) -> dict[str, dict]:
    """What the metadata tell, by identifier."""
    metadata = json.loads((crate / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def references(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [entry["@id"] for entry in values if isinstance(entry, dict)]


def files_below(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_the_folder_holds_the_run_with_the_hash_and_size_of_each_file(make: Callable):
    crate = make()
    found, files = entities(crate), files_below(crate)
    metadata = files.pop("ro-crate-metadata.json")
    assert files.keys() == {*MADE, *USED, "Snakefile", "configuration.json"}
    assert len(metadata) < 20_000
    for name, content in files.items():
        assert found[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert found[name]["contentSize"] == str(len(content))
        if name != "configuration.json":
            assert content == Path(name).read_bytes()
    assert found["results/metrics.csv"]["description"] == "made by the rule collect_metrics"
    assert found["results/metrics.csv"]["encodingFormat"] == "text/csv"


def answer(_, request: requests.PreparedRequest, **_options: object) -> requests.Response:
    """In the place of the network, of which the validator wants the contexts and no more."""
    response = requests.Response()
    response.status_code = 200
    response.headers["Content-Type"] = "application/ld+json"
    response._content = json.dumps({"@context": CONTEXTS[request.url]}).encode()
    return response


def faults(crate: Path) -> list[str]:
    """What the profile requires and the crate lacks."""
    settings = ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="workflow-run-crate",
        requirement_severity=Severity.REQUIRED,
        no_cache=True,
    )
    result = validate(settings)
    assert len(result.executed_checks) > 50
    return [issue.message for issue in result.get_issues()]


@pytest.mark.filterwarnings("ignore:.*ConjunctiveGraph:DeprecationWarning")
def test_the_crate_conforms_to_the_profile_of_workflow_runs(
    make: Callable, monkeypatch: pytest.MonkeyPatch
):
    crate = make()
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", answer)
    assert faults(crate) == []
    (crate / "Snakefile").unlink()
    assert "Main Workflow Snakefile not found in crate" in faults(crate)


def test_the_run_names_its_workflow_inputs_and_results(make: Callable):
    found = entities(make())
    run, workflow = found["#run"], found["Snakefile"]
    assert references(run["instrument"]) == references(found["./"]["mainEntity"]) == ["Snakefile"]
    assert references(found["./"]["mentions"]) == ["#run"]
    assert set(references(run["result"])) == set(MADE)
    data = [f"#data-{name}" for name in ("mnist", "trilotropicos", "two_moons")]
    assert set(references(run["object"])) == {*USED, "configuration.json", *data}
    assert "A processor, 2 core(s)" in run["description"]
    assert not run.keys() & {"agent", "startTime", "endTime"}
    assert workflow["version"] == HASH
    assert workflow["codeRepository"] == SOURCES["repository"]
    (language,) = references(workflow["programmingLanguage"])
    assert (found[language]["name"], found[language]["version"]) == ("Snakemake", "9.27.1")
    software = [found[name] for name in references(workflow["softwareRequirements"])]
    versions = {entity["name"]: entity["softwareVersion"] for entity in software}
    assert versions == {name: text for kind, name, text in QUOTED if kind == "version"}


def test_the_configuration_is_the_one_that_the_provenance_names(make: Callable):
    crate = make()
    record = json.loads(Path("results/provenance.json").read_text())["numbers"][r"\setting{seed}"]
    assert entities(crate)["configuration.json"]["sha256"] == record["sha256"]
    assert json.loads((crate / "configuration.json").read_text("utf-8")) == CONFIGURATION


def test_data_have_licence_addresses_and_hashes(make: Callable):
    found = entities(make())
    mnist, served = found["#data-mnist"], MNIST.sources[1]
    assert (mnist["name"], mnist["license"]) == ("MNIST", "CC BY-SA 3.0")
    assert (mnist["url"], mnist["sha256"]) == (served.base, MNIST.content_sha256)
    (file,) = references(mnist["hasPart"])
    assert file == f"{served.base}/mnist.npz"
    assert found[file]["sha256"] == served.files["mnist.npz"]
    assert not found["#data-two_moons"].keys() & {"url", "sha256", "hasPart"}


def test_a_surrogate_has_not_the_addresses_of_what_it_stands_for(make: Callable):
    surrogate = entities(make())["#data-trilotropicos"]
    assert "surrogate" in surrogate["description"]
    assert not surrogate.keys() & {"url", "version", "hasPart"}


def test_a_source_that_is_no_address_leaves_the_original_one(make: Callable):
    path = Path("results/data_sources.csv")
    path.write_text(DATASETS.replace(f"url {MNIST.sources[1].base}", "mirror"))
    mnist = entities(make())["#data-mnist"]
    assert mnist["url"] == MNIST.sources[0].base
    assert len(mnist["hasPart"]) == 4


def test_whatever_is_referred_to_is_there(make: Callable):
    found = entities(make())
    known = {*found, "https://w3id.org/ro/crate/1.1"}
    outside = {"identifier", "url"}  # of Snakemake
    for entity in found.values():
        named = {name for key in entity.keys() - outside for name in references(entity[key])}
        assert named <= known, entity["@id"]


def test_title_licence_authors_and_date_are_those_of_the_citation_and_the_commit(make: Callable):
    found, citation = entities(make()), yaml.safe_load(Path("CITATION.cff").read_text())
    root = found["./"]
    assert (root["name"], root["version"]) == (citation["title"], citation["version"])
    assert root["datePublished"] == SOURCES["date"]
    assert references(root["license"]) == ["https://spdx.org/licenses/MIT"]
    authors = [found[name] for name in references(root["author"])]
    assert [(author["@type"], author["name"]) for author in authors] == [
        ("Organization", "The gradloss authors")
    ]


def test_a_person_is_named_by_the_citation_alone(make: Callable):
    citation = yaml.safe_load(Path("CITATION.cff").read_text())
    person = {"given-names": "Ada", "family-names": "Example", "orcid": "https://orcid.org/0"}
    citation["authors"] = [person, {"family-names": "Mononym"}]
    Path("CITATION.cff").write_text(yaml.safe_dump(citation))
    found = entities(make())
    ada, other = (found[name] for name in references(found["./"]["author"]))
    assert ada == {"@id": "https://orcid.org/0", "@type": "Person", "name": "Ada Example"}
    assert other == {"@id": "#author-Mononym", "@type": "Person", "name": "Mononym"}


def test_without_a_commit_the_date_is_that_of_the_release(make: Callable):
    write_provenance(commit="unknown commit", hash=None, date=None, swhid=None, repository="")
    released = yaml.safe_load(Path("CITATION.cff").read_text())["date-released"]
    found = entities(make())
    assert found["./"]["datePublished"] == str(released)
    assert found["Snakefile"]["version"] == "unknown commit"
    assert "codeRepository" not in found["Snakefile"]


def test_without_tex_there_is_no_paper(make: Callable):
    crate = make(papers=())
    assert "results/paper.pdf" not in files_below(crate).keys() | entities(crate).keys()


def test_equal_runs_give_equal_bytes(
    make: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = files_below(make())
    write_files(tmp_path / "elsewhere", monkeypatch)
    for file in Path().rglob("*"):
        os.utime(file, (1, 1))
    second = make()
    assert second.is_relative_to(tmp_path / "elsewhere")
    assert files_below(second) == first


def test_what_an_earlier_run_left_goes(make: Callable):
    stale = make() / "results/figures/noise_left_out.pdf"
    stale.write_text("stale")
    make()
    assert not stale.exists()


def sentence_of(make: Callable) -> str:
    with pytest.raises(UserError) as caught:
        make()
    assert not Path("results/ro-crate").exists()
    return str(caught.value)


def test_a_missing_product_is_named(make: Callable):
    Path("results/claims.csv").unlink()
    expected = "results/claims.csv, of which provenance.json tells, is missing; run snakemake"
    assert sentence_of(make) == expected


def test_a_product_of_another_run_is_named_with_both_hashes(make: Callable):
    path = Path("results/tables/sweep.tex")
    recorded = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text("changed")
    found = hashlib.sha256(b"changed").hexdigest()
    assert sentence_of(make) == (
        f"results/tables/sweep.tex has the SHA-256 {found} and not {recorded}, of which"
        " provenance.json tells; run snakemake"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "title: A\nversion: 1\ndate-released: 2026-01-02\nlicense: MIT",
            "CITATION.cff: authors is missing; add it",
        ),
        ("title: [", "CITATION.cff: no readable citation file"),
        ("- title", "CITATION.cff: no readable citation file"),
    ],
)
def test_a_citation_that_says_too_little_is_told(make: Callable, text: str, expected: str):
    Path("CITATION.cff").write_text(text)
    assert sentence_of(make).startswith(expected)
