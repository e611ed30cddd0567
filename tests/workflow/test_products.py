"""What a finished run leaves behind."""

import html
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study import METHODS, Finished

from gradloss.analysis.claims import CLAIMS
from gradloss.analysis.words import NOT_COMPUTED, VERDICTS
from gradloss.support.results import METRIC_KEYS

KEYS = ["dataset", "method", "replicate", "measure", "perturbation", "level", "draw"]

# Runs in a process of its own: Keras is all that the plain networks need, and the sorting
# activation of the HKR exports is all that these need besides.
OPEN_MODELS = """
import json, sys
from pathlib import Path
import keras
import numpy as np

x = np.load("results/data/two_moons.npz")["x"][:200]
folder = Path("results/models/two_moons")
opened = {}

def open_all(pattern):
    for file in folder.glob(pattern):
        opened[str(file.relative_to(folder))] = keras.models.load_model(file)

open_all("gradient/*/*.keras")
open_all("baseline/*/*.keras")
alone = not any(name.split(".")[0] == "gradloss" for name in sys.modules)
sys.path.insert(0, "src")
import gradloss.lipschitz
open_all("hkr/*/*.keras")
report = {"alone": alone, "outputs": {}, "layers": {}}
for name, model in opened.items():
    report["outputs"][name] = model.predict(x, verbose=0).tolist()
    report["layers"][name] = sorted({type(layer).__name__ for layer in model.layers})
print("REPORT", json.dumps(report))
"""


@pytest.fixture(scope="module")
def results(finished: Finished) -> Path:
    return finished.study.folder / "results"


@pytest.fixture(scope="module")
def metrics(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "metrics.csv")


@pytest.fixture(scope="module")
def models(finished: Finished) -> dict:
    outcome = finished.study.run(sys.executable, "-I", "-c", OPEN_MODELS)
    assert outcome.code == 0, outcome.text
    report = next(line for line in outcome.text.splitlines() if line.startswith("REPORT "))
    return json.loads(report.removeprefix("REPORT "))


def test_metrics_have_the_contracted_columns_and_one_finite_value_per_key(metrics: pd.DataFrame):
    assert list(metrics.columns) == [*KEYS, "value"]
    assert METRIC_KEYS == KEYS
    assert not metrics.duplicated(KEYS).any()
    assert metrics["value"].abs().max() < float("inf")
    assert not metrics.isna().any(axis=None)


def test_every_method_is_evaluated_clean_on_every_replicate(metrics: pd.DataFrame):
    clean = metrics.query("measure == 'accuracy' and perturbation == 'none'")
    assert sorted(zip(clean["method"], clean["replicate"], strict=True)) == sorted(
        product(METHODS, [0, 1])
    )
    assert (clean[["level", "draw"]] == 0).all(axis=None)
    assert clean["value"].between(0, 1).all()


def test_methods_share_levels_and_draws_of_the_noise(metrics: pd.DataFrame):
    noisy = metrics.query("measure == 'accuracy' and perturbation == 'gaussian'")
    expected = sorted(product([0, 1], [0.1, 0.4], [0, 1]))
    for method in METHODS:
        own = noisy[noisy["method"] == method]
        assert sorted(own[["replicate", "level", "draw"]].itertuples(index=False)) == expected


def test_export_gap_is_measured_for_hkr_only(metrics: pd.DataFrame):
    gaps = metrics.query("measure == 'export_gap'")
    assert list(zip(gaps["method"], gaps["replicate"], strict=True)) == [("hkr", 0), ("hkr", 1)]
    assert gaps["value"].max() < 1e-5


def test_timings_count_the_steps_of_one_replicate(results: Path):
    timings = pd.read_csv(results / "timings.csv").set_index("method")
    columns = ["dataset", "replicates", "seconds", "steps", "stacked", "device"]
    assert list(timings.columns)[: len(columns)] == columns
    # 2 epochs of 100 examples in batches of 100 and of 32, and 1 epoch of 3 steps.
    assert timings["steps"].to_dict() == {"gradient": 2, "baseline": 8, "hkr": 3}
    assert set(timings["replicates"]) == {"0-1"}
    assert set(timings["stacked"]) == {2}
    assert (timings["seconds"] > 0).all()


def test_claims_are_judged_in_their_order(results: Path):
    claims = pd.read_csv(results / "claims.csv", dtype={"seed": str})
    assert ",".join(claims.columns) == (
        "document,claim,reported,replicated,ci_low,ci_high,pi_low,pi_high,sharp,can_fail,headline,"
        "replicates,verdict"
    )
    assert list(claims["claim"]) == [claim.claim for claim in CLAIMS]
    assert set(claims["verdict"]) <= {*VERDICTS, NOT_COMPUTED}
    absent = ~pd.Series(["two_moons" in str(claim.quantities) for claim in CLAIMS])
    assert (claims.loc[absent, "replicates"] == 0).all()
    assert (claims.loc[absent, "verdict"] == NOT_COMPUTED).all()


@pytest.mark.parametrize("figure", ["noise", "training", "level_sets"])
def test_figures_are_whole_pdf_files(results: Path, figure: str):
    content = (results / f"figures/{figure}_two_moons.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_notebook_is_executed_without_a_warning(results: Path):
    notebook = json.loads((results / "notebooks/two_moons.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    printed = [out for cell in code for out in cell["outputs"] if out["output_type"] == "stream"]
    assert [out["text"] for out in printed if out["name"] == "stderr"] == []
    assert "WARNING" not in str(printed)


def test_notebook_puts_the_verdicts_on_its_page(results: Path):
    page = (results / "notebooks/two_moons.html").read_text()
    claims = [claim for claim in CLAIMS if claim.document == "004" and claim.rule != "number"]
    assert [claim.claim for claim in claims[:5] if html.escape(claim.claim) not in page] == []
    assert "inconclusive" in page


def test_plain_models_open_with_keras_alone(models: dict):
    assert models["alone"]
    plain = {f"{method}/0-1/replicate_00{r}" for method in METHODS for r in (0, 1)}
    constrained = {f"hkr/0-1/replicate_00{r}.constrained" for r in (0, 1)}
    assert set(models["outputs"]) == {f"{name}.keras" for name in plain | constrained}


@pytest.mark.parametrize(("method", "outputs"), [("gradient", 2), ("baseline", 2), ("hkr", 1)])
def test_outputs_depend_on_inputs_and_replicate(models: dict, method: str, outputs: int):
    first, second = (
        np.array(models["outputs"][f"{method}/0-1/replicate_00{r}.keras"]) for r in (0, 1)
    )
    assert first.shape == (200, outputs)
    assert np.ptp(first[:, 0]) > 1e-3
    assert np.abs(first - second).max() > 1e-3


def test_exported_network_equals_the_constrained_one(models: dict):
    for replicate in (0, 1):
        name = f"hkr/0-1/replicate_00{replicate}"
        assert models["layers"][f"{name}.keras"] == ["Dense", "FullSort"]
        assert "SpectralDense" in models["layers"][f"{name}.constrained.keras"]
        exported = np.array(models["outputs"][f"{name}.keras"])
        constrained = np.array(models["outputs"][f"{name}.constrained.keras"])
        assert exported.shape == (200, 1)
        assert np.abs(exported - constrained).max() < 1e-5


def test_no_temporary_file_is_left(results: Path):
    hidden = [file.name for file in results.rglob(".*") if file.name != ".snakemake_timestamp"]
    assert hidden == []
