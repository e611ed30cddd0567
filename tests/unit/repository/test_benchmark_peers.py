"""A peer of the engine: what it is given, when it is refused, and where its numbers go."""

import ast
import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from project import ROOT

from gradloss.paper import benchmark
from gradloss.support.errors import UserError

sys.path.insert(0, str(ROOT / "benchmarks"))
children, figure, measurement, peer, report, run = map(
    importlib.import_module, ("children", "figure", "measurement", "peer", "report", "run")
)

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
LABELS = {"boston": "Boston housing", "gradient": "gradient loss"}

# Trains nothing: its losses are all one.
FAKE = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "benchmarks")!r})
import numpy as np
from turns import Turns

settings = json.loads(sys.argv[1])
epochs, replicates, examples = np.load(settings["path"])["checked"].shape
steps = -(-examples // settings["batch_size"])
for _ in (turns := Turns()):
    turns.answer(losses=np.ones((epochs, steps, replicates)).tolist())
"""


def planned(method):
    settings = run.Plan(CONFIG, "quick", 1).measurement("boston", method).settings
    return measurement.Measurement(settings, None, 3, 1, replicates=2)


def test_a_peer_is_given_the_weights_and_batches_of_the_engine(tmp_path):
    path, baseline = tmp_path / "handover.npz", planned("baseline")
    arguments = [baseline.to_json(), str(path)]
    with children.Children("handover", "handover.py", arguments) as engine:
        engine.wait_until_ready()
        losses = np.array(engine.turn()[0]["losses"])
    assert losses.shape == (2, 3, 2)
    given = np.load(path)
    assert given["orders"].shape == (1, 2, 96)
    np.testing.assert_array_equal(given["orders"], given["checked"][:1])
    weights = [given[name] for name in sorted(given.files) if name.startswith("weights")]
    for replicate in range(2):
        rows = given["checked"][0, replicate, :32]
        x = given["x"][rows].astype(np.float64)
        for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
            outputs = x @ kernel[replicate] + bias[replicate]
            x = np.maximum(outputs, 0)
        loss = np.mean(np.square(given["y"][rows] - outputs))
        assert losses[0, 0, replicate] == pytest.approx(loss, rel=1e-5)


def test_a_peer_that_trains_something_else_is_not_timed(tmp_path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    message = r"JAX, boston is not timed: from the same weights and batches its losses differ"
    with (
        pytest.raises(UserError, match=message),
        peer.checked_peer("boston", sys.executable, planned("gradient"), 1, str(script)),
    ):
        pytest.fail("it was about to be timed")


@pytest.mark.parametrize("factor", [1 + 1e-3, 0.0, np.nan])
def test_other_losses_are_refused(factor):
    ours = np.full((2, 3, 2), 0.5)
    theirs = ours.copy()
    peer.refuse_other_losses("JAX", ours, theirs * (1 + 1e-6))
    theirs[1, 2, 1] *= factor
    with pytest.raises(UserError, match="JAX is not timed"):
        peer.refuse_other_losses("JAX", ours, theirs)


def test_losses_of_fewer_steps_are_refused():
    with pytest.raises(UserError, match="differ from the engine's by inf of them"):
        peer.refuse_other_losses("JAX", np.ones((2, 3, 2)), np.ones((2, 1, 2)))


def test_the_peer_imports_nothing_of_tensorflow_and_of_this_package():
    imported = set()
    for name in ("jax_loop.py", "turns.py"):
        for node in ast.walk(ast.parse((ROOT / "benchmarks" / name).read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    assert imported - sys.stdlib_module_names == {"jax", "numpy", "turns"}


@pytest.fixture
def table():
    def row(work, method, theirs):
        samples = report.Samples(np.array(theirs), np.array([2e-4, 2e-4]), 800.0, 1e6)
        return report.table_row(work, method, samples, 1e11)

    rows = [row("boston", "gradient", [4e-4, 6e-4]), row("boston", "baseline", [4e-4, 6e-4])]
    rows += [row(benchmark.STACKED, f"gradient x {count}", [np.nan] * 2) for count in (1, 30)]
    rows.append(row(benchmark.PEER, "boston gradient", [1e-4, 5e-4]))
    return pd.DataFrame(rows).assign(machine="a processor")


def test_the_peer_has_a_table_of_its_own(table):
    text = benchmark.markdown(table, LABELS)
    lines = text.splitlines()
    assert "| work | method | JAX (ms) | engine (ms) | ratio (min to max) |" in lines
    assert lines[-1] == (
        "| Boston housing | gradient loss | 0.300 | 0.200 | 1.50 (0.500 to 2.50) |"
    )
    without = table[table["work"] != benchmark.PEER]
    assert text.startswith(benchmark.markdown(without, LABELS))
    assert "JAX" not in benchmark.markdown(without, LABELS)


def test_the_figure_shows_the_peer_below_the_documents_loop(table):
    axes = Figure().subplots()
    trainings = benchmark.of_trainings(table)
    figure.draw_ratios(axes, trainings, table[table["work"] == benchmark.PEER], LABELS)
    theirs, peers = (container.lines[0].get_ydata() for container in axes.containers)
    np.testing.assert_array_equal(theirs, [1, 0])
    np.testing.assert_allclose(peers, [0.6])


@pytest.mark.parametrize("asked", [False, True])
def test_jax_is_installed_only_when_asked_for(asked):
    command = ["make", "--dry-run", "--always-make", "bench", *(["PEERS=1"] if asked else [])]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ("-r benchmarks/peers/requirements-jax.lock" in told) == asked
    assert ("--jax .venv-jax/bin/python" in told) == asked
