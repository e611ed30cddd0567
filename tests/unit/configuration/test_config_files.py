"""Files that Snakemake must not read as a configuration, and the sentence that each gives."""

from pathlib import Path

import pytest
from project import ROOT

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.files import read_config_file


@pytest.mark.parametrize(
    "path",
    [ROOT / "config.yaml", *sorted((ROOT / "workflow/presets").glob("*.yaml"))],
    ids=lambda path: path.stem,
)
def test_shipped_files_are_accepted(path: Path):
    read_config_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\n",  # b stands once in each
        '{\t"threads": 1,\n\t"seed": 2\n}',
        "label: 'σ, 2024-01-01'\nvalue: 1e-3\n",
    ],
    ids=["merged", "JSON", "text"],
)
def test_plain_files_are_accepted(tmp_path: Path, text: str):
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    read_config_file(tmp_path / "config.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1,\n", ", line 3: while parsing a flow node, expected the node content, but"),
        ("a: 1\n\tb: 2\n", ", line 2: while scanning for the next token, found character"),
        ("a: *b\n", ", line 1: found undefined alias 'b'; correct the YAML"),
        ("a: !!python/name:os.system\n", ", line 1: a value of type 'python/name:os.system' is"),
        ("a:\n  !!python/object/apply:os.system [x]\n", ", line 2: a value of type 'python/obj"),
        ("a: !mine 1\n", ", line 1: a value of type '!mine' is refused; write plain values"),
        ("a: 2024-01-01\n", ", line 1: a value of type 'timestamp' is refused; write plain"),
        ("a: !!int x\n", " holds a value that cannot be read as its type; put text in quotes"),
        (f"a: {'9' * 5000}\n", " holds a value that cannot be read as its type; put text in q"),
        ("a: {b: 1,\n  b: 2}\n", ", line 2: the key 'b' is there twice; keep one"),
        ('{"a": {"b": 1, "b": 2}}', ": the key 'b' is there twice; keep one"),
        ("__use_yte__: true\na: ?1 + 1\n", " is a template; remove the key '__use_yte__'"),
        ("- a\n- b\n", " holds no keys; write them as config.yaml does"),
        ("", " holds no keys; write them as config.yaml does"),
        ("a: \x01\n", " holds the character 0x1; remove it"),
        ("a: " + "[" * 5000, " is nested too deeply; flatten it"),
        (b"a: \xff\n", " is not UTF-8 text; save it as such"),
    ],
)
def test_a_fault_gives_one_sentence(tmp_path: Path, text: str | bytes, message: str):
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        read_config_file(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"config: {path}{message}")
    assert sentence.splitlines() == [sentence]


def test_a_tag_runs_no_code(tmp_path: Path):
    path, touched = tmp_path / "config.yaml", tmp_path / "touched"
    path.write_text(f"a: !!python/object/apply:pathlib.Path.touch ['{touched}']\n")
    with pytest.raises(ConfigError, match="is refused"):
        read_config_file(path)
    assert not touched.exists()
