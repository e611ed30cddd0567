"""The README's examples of a dataset, a method and an arm run as they are printed there."""

import re
from pathlib import Path

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


def shrink(config: dict) -> None:
    """Keep the new dataset only, and train briefly."""
    config["datasets"] = {"quadrants": config["datasets"]["quadrants"]}
    config["datasets"]["quadrants"].update(epochs=1, replicates=2, arm_replicates=1)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory, path_without_tex: str) -> Path:
    """Folder of the repository with all three examples, its figures drawn."""
    study = Study.from_repository(tmp_path_factory.mktemp("extended"), path_without_tex)
    follow(study, [block for heading in EXAMPLES for block in code_blocks(heading)])
    study.change_config(shrink)
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
