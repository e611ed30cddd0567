"""The places that name packages and versions agree with each other."""

import re
import tomllib

import yaml
from project import ROOT

JAX_LOCK = "benchmarks/peers/requirements-jax.lock"


def pins(lock: str) -> set[tuple[str, str]]:
    """(name, version) of each entry; a package can have one for each platform."""
    return set(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def locked_versions() -> dict[str, str]:
    return dict(pins("requirements.lock"))


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {re.match(r"[A-Za-z0-9-]+", entry)[0] for entry in wanted}


def test_lock_has_one_hashed_version_of_each_direct_dependency():
    lock = (ROOT / "requirements.lock").read_text()
    for name in direct_dependencies():
        entries = re.findall(rf"^{name}==.*(?:\n    .*)+", lock, flags=re.MULTILINE)
        assert len(entries) == 1, f"{name} has {len(entries)} versions"
        assert "--hash=sha256:" in entries[0]


def test_gpu_lock_adds_hashed_libraries_and_changes_no_version():
    added = pins("requirements-gpu.lock") - pins("requirements.lock")
    names = {name for name, _ in added}
    assert {"nvidia-cudnn-cu12", "nvidia-cublas-cu12"} <= names
    assert all(name.startswith("nvidia-") for name in names)
    lock = (ROOT / "requirements-gpu.lock").read_text()
    entries = re.findall(r"^[a-z0-9-]+==.*(?:\n    .*)+", lock, flags=re.MULTILINE)
    assert len(entries) == len(pins("requirements-gpu.lock"))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_lock_of_jax_is_hashed_and_holds_nothing_of_tensorflow():
    entries = re.findall(
        r"^[a-z0-9-]+==.*(?:\n    .*)+", (ROOT / JAX_LOCK).read_text(), re.MULTILINE
    )
    assert len(entries) == len(pins(JAX_LOCK))
    assert all("--hash=sha256:" in entry for entry in entries)
    names = {name for name, _ in pins(JAX_LOCK)}
    assert {"jax", "jaxlib", "numpy"} <= names
    assert not {"tensorflow", "keras"} & names


def test_conda_environment_has_the_locked_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, listed = environment["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    entries = listed["pip"]
    assert entries[-1] == "-e ."
    pinned = dict(entry.split("==") for entry in entries[:-1])
    assert pinned == {name: locked_versions()[name] for name in direct_dependencies()}


def test_no_host_of_a_registry_is_named():
    locks = ["requirements.lock", "requirements-gpu.lock", JAX_LOCK]
    for name in (*locks, "environment.yml", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text(), name


def test_citation_has_the_version_and_the_title_of_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    title = re.search(r"pdftitle=\{(.*?)\}", (ROOT / "paper/main.tex").read_text(), re.DOTALL)[1]
    assert citation["title"] == " ".join(title.split())
    assert f"\n## {project['version']}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_commits_are_checked_by_the_linters_of_the_makefile():
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    (hook,) = repositories[0]["hooks"]
    assert (hook["entry"], hook["language"]) == ("make lint", "system")
