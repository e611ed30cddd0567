"""The README's examples of datasets, a method and an arm run as they are printed there."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pypdf import PdfReader
from snakemake.utils import update_config
from study import ROOT, Study

EXAMPLES = ["Add a dataset", "Add a method", "Add an arm of the ablation"]
FIGURES = ["results/figures/noise_quadrants.pdf", "results/figures/ablation_quadrants.pdf"]
MAIN = {"gradient loss", "baseline", "gradient of log-cosh"}
ARM = "gradient, noise 0.1"


def code_blocks(heading: str) -> list[tuple[str, str]]:
    """File and code of each fenced block under a heading of README.md, whose comment names it."""
    readme = (ROOT / "README.md").read_text()
    section = re.search(rf"^### {heading}\n(.*?)^##", readme, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def follow(study: Study, blocks: list[tuple[str, str]]) -> None:
    """Write the YAML under the keys that the configuration has, the Python at a module's end."""
    config = (study.folder / "config.yaml").read_text()
    for file, code in blocks:
        if file != "config.yaml":
            study.append(file, code)
            continue
        # The block sees the anchors of the text above it, and the last of equal keys counts.
        addition = yaml.safe_load(f"{config}\n{code}")
        study.change_config(lambda old, new=addition: update_config(old, new))


def shrink(config: dict, name: str = "quadrants") -> None:
    """Keep the new dataset only, and train briefly."""
    config["datasets"] = {name: config["datasets"][name]}
    config["datasets"][name].update(epochs=1, replicates=2)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Path:
    """Folder of the repository with all three examples, its figures drawn."""
    study = Study.from_repository(tmp_path_factory.mktemp("extended"), path_without_tex)
    follow(study, [block for heading in EXAMPLES for block in code_blocks(heading)])
    study.change_config(shrink)
    study.change_config(lambda config: config["datasets"]["quadrants"].update(arm_replicates=1))
    outcome = study.snakemake(*FIGURES, "results/metrics.csv")
    assert outcome.code == 0, outcome.text
    return study.folder


def text_of(pdf: Path) -> str:
    """The words of a figure, with single spaces between them."""
    return " ".join(PdfReader(pdf).pages[0].extract_text().split())


def test_results_hold_the_new_dataset_method_and_arm(extended: Path):
    metrics = pd.read_csv(extended / "results/metrics.csv")
    noisy = metrics.query("dataset == 'quadrants' and measure == 'accuracy' and level == 0.1")
    assert noisy["value"].between(0, 1).all()
    assert noisy.groupby("method")["replicate"].agg(lambda own: sorted(set(own))).to_dict() == {
        "baseline": [0, 1],
        "gradient": [0, 1],
        "gradient_log_cosh": [0, 1],
        "gradient_noise_01": [0],
    }


def test_noise_sweep_names_the_methods_but_no_arm(extended: Path):
    text = text_of(extended / FIGURES[0])
    assert [label for label in MAIN if label not in text] == []
    assert ARM not in text


def test_ablation_names_the_methods_and_the_arm(extended: Path):
    text = text_of(extended / FIGURES[1])
    assert [label for label in (*MAIN, ARM) if label not in text] == []


def test_a_csv_file_becomes_a_dataset(tmp_path: Path, path_without_tex: str):
    study = Study.from_repository(tmp_path / "study", path_without_tex)
    follow(study, code_blocks("Add data from a CSV file"))
    study.change_config(lambda config: shrink(config, "concrete"))
    folder = tmp_path / "mirror/concrete"
    folder.mkdir(parents=True)
    table = np.random.default_rng(0).uniform(size=(120, 3)).round(3)
    file = folder / "concrete.csv"
    np.savetxt(file, table, "%.3f", delimiter=",", header="cement,strength,water", comments="")
    manifest = study.folder / "src/gradloss/data/manifest.yaml"
    text = manifest.read_text().replace("https://example.org", "http://127.0.0.1:9")
    manifest.write_text(text)
    mirror = ("--config", f"data_mirror={folder.parent}")

    refused = study.snakemake("data", *mirror)
    digest = re.search(r"the decoded arrays have SHA-256 (\w{64}), expected 0{64}", refused.text)
    assert refused.code == 1
    assert digest, refused.text

    manifest.write_text(text.replace("0" * 64, digest[1]))
    outcome = study.snakemake("results/metrics.csv", *mirror)
    assert outcome.code == 0, outcome.text
    metrics = pd.read_csv(study.folder / "results/metrics.csv")
    assert metrics.query("measure == 'mse'").groupby("method")["replicate"].nunique().eq(2).all()
    with np.load(study.folder / "results/data/concrete.npz") as data:
        np.testing.assert_allclose(data["x"], table[:, [0, 2]], rtol=1e-6)
        np.testing.assert_allclose(data["y"], np.log1p(table[:, 1]), rtol=1e-6)
