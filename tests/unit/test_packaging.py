"""The places that name packages and versions agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def locked_versions() -> dict[str, str]:
    lock = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, flags=re.MULTILINE))


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


def test_conda_environment_has_the_locked_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    entries = environment["dependencies"][-1]["pip"]
    assert entries[-1] == "-e ."
    pinned = dict(entry.split("==") for entry in entries[:-1])
    assert pinned == {name: locked_versions()[name] for name in direct_dependencies()}


def test_no_host_of_a_registry_is_named():
    for name in ("requirements.lock", "environment.yml", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text(), name
