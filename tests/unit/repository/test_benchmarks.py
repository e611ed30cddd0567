"""The benchmark: its arithmetic, its table, its processes, and a few steps of every loop."""

import importlib
import json
import sys
from contextlib import ExitStack
from itertools import count

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT

from gradloss.paper import benchmark
from gradloss.support.errors import UserError

sys.path.insert(0, str(ROOT / "benchmarks"))
children, figure, measurement, report, run, turns = map(
    importlib.import_module, ("children", "figure", "measurement", "report", "run", "turns")
)

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
LABELS = {"boston": "Boston housing", "gradient": "gradient loss", "mnist": "MNIST"}


def planned(dataset, method, steps, epochs, replicates=1):
    settings = run.Plan(CONFIG, "quick", 1).measurement(dataset, method).settings
    return measurement.Measurement(settings, None, steps, epochs, replicates)


def samples(theirs, ours, peak_mb=800.0, operations=4e9):
    return report.Samples(np.array(theirs), np.array(ours), peak_mb, operations)


def test_a_last_partial_batch_is_a_step():
    assert measurement.epoch_steps({"batch_size": 100}, 379) == 4
    assert measurement.epoch_steps({"batch_size": 32}, 379) == 12
    assert measurement.epoch_steps({"batch_size": 100}, 60000) == 600
    assert measurement.epoch_steps({"batch_size": 256, "steps_per_epoch": 158}, 5000) == 158


def test_a_full_training_is_scaled_from_a_turn():
    boston = planned("boston", "gradient", None, 100)
    assert (boston.turn_steps(379), boston.training_steps(379)) == (400, 4000)
    images = planned("fashion_mnist", "baseline", 150, 2)
    assert (images.turn_steps(60000), images.training_steps(60000)) == (300, 37500)
    moons = planned("two_moons", "hkr", 60, 1)
    assert (moons.turn_steps(5000), moons.training_steps(5000)) == (60, 1580)


def test_passes_over_the_test_set_are_added_to_the_steps():
    assert measurement.training_seconds(0.002, 4000) == pytest.approx(8)
    assert measurement.training_seconds(0.002, 4000, 0.1, 20) == pytest.approx(10)


def test_a_cut_epoch_holds_the_examples_of_its_steps():
    train = np.arange(60000)
    assert len(planned("mnist", "gradient", 3, 1).timed_rows(train)) == 300
    assert len(planned("mnist", "gradient", None, 1).timed_rows(train)) == 60000
    moons = planned("two_moons", "hkr", 3, 1)
    assert len(moons.timed_rows(train)) == 60000
    assert moons.timed_settings()["steps_per_epoch"] == 3


def test_a_measurement_survives_the_command_line(monkeypatch):
    sent = planned("two_moons", "hkr", 3, 2, 10)
    monkeypatch.setattr(sys, "argv", ["loops.py", sent.to_json()])
    assert measurement.from_command_line() == [sent]


@pytest.mark.parametrize("dataset", ["boston", "two_moons"])
def test_drawn_pools_look_like_prepared_ones(dataset):
    pool = measurement.draw_pool(dataset, 7)
    again = measurement.draw_pool(dataset, 7)
    assert pool.x.dtype == np.float32 and len(pool.x) == len(pool.y)
    assert pool.y.dtype == (np.float32 if dataset == "boston" else np.int64)
    np.testing.assert_array_equal(pool.x, again.x)
    np.testing.assert_array_equal(pool.y, again.y)


def test_seconds_per_replicate_count_until_the_slowest_process_is_done():
    answers = [{"seconds": 30.0}, {"seconds": 40.0}]
    assert report.per_replicate(answers, "seconds", 10) == 2.0
    assert report.per_replicate(answers[:1], "seconds", 1) == 30.0


def test_a_row_holds_medians_and_the_spread_over_the_rounds():
    row = report.table_row("boston", "gradient", samples([4, 6, 8], [2, 2, 1]), 4e9)
    assert list(row) == benchmark.COLUMNS
    assert row == {
        "work": "boston",
        "method": "gradient",
        "theirs_s": 6,
        "ours_s": 2,
        "ratio": 3,
        "ratio_min": 2,
        "ratio_max": 8,
        "peak_mb": 800,
        "share": 0.5,
    }


def test_trainings_add_up_round_by_round():
    both = samples([4.0, 6.0], [2.0, 1.0], 900) + samples([1.0, 2.0], [1.0, 3.0], 800, 2e9)
    np.testing.assert_array_equal(both.theirs, [5, 8])
    np.testing.assert_array_equal(both.ours, [3, 4])
    assert (both.peak_mb, both.operations) == (900, 6e9)


@pytest.fixture
def table():
    nothing = [np.nan, np.nan]
    step = samples(nothing, [4e-4, 4e-4], operations=1e6)
    rows = [
        report.table_row("boston", "gradient", samples([3.6, 3.8], [0.5, 0.4]), 1e11),
        report.table_row("boston", "gradient + baseline", samples([51, 55], [1, 1]), 1e11),
        report.table_row("two_moons", "hkr", samples([12, 13], [6, 6], operations=np.nan), 1e11),
        report.table_row(benchmark.STEP, "mnist", step, 1e11, np.array([2.0, 2.4])),
        report.table_row(benchmark.STACKED, "gradient x 1", step, 1e11),
        report.table_row(benchmark.STACKED, "gradient x 30", step, 1e11),
    ]
    return pd.DataFrame(rows).assign(machine="a processor, 2 core(s)")


def test_markdown_names_the_machine_and_gives_every_row(table):
    lines = benchmark.markdown(table, LABELS).splitlines()
    assert "a processor, 2 core(s)" in lines[0]
    boston, both = "| Boston housing | gradient loss ", "+ baseline "
    assert f"{boston}| 3.70 | 0.450 | 8.35 (7.20 to 9.50) | 800 | 9% |" in lines
    assert f"{boston}{both}| 53.0 | 1.00 | 53.0 (51.0 to 55.0) | 800 | 4% |" in lines
    assert "| two_moons | hkr | 12.5 | 6.00 | 2.08 (2.00 to 2.17) | 800 |  |" in lines
    assert "| MNIST: gradient step to plain MSE step | 0.400 | 2.20 (2.00 to 2.40) |" in lines
    assert "| Boston housing: gradient x 30 stacked | 0.400 |  |" in lines


def test_the_figure_is_a_vector_pdf(table, tmp_path):
    figure.draw(tmp_path / "benchmark.pdf", table, LABELS)
    content = (tmp_path / "benchmark.pdf").read_bytes()
    assert content.startswith(b"%PDF") and b"/Subtype /Image" not in content


def test_fit_is_measured_in_turns_with_the_validation_apart(monkeypatch):
    """A clock that ticks at every look: each phase of an epoch takes one second."""
    ticks = count()
    monkeypatch.setattr(turns.time, "perf_counter", lambda: float(next(ticks)))
    answers = []
    clock = turns.EpochClock([True], 2, lambda *seconds: answers.append(seconds))
    clock.model = type("Model", (), {"stop_training": False})()
    for epoch in range(4):
        assert not clock.model.stop_training
        clock.on_epoch_begin(epoch)
        clock.on_test_begin()
        clock.on_epoch_end(epoch)
    assert answers == [(2.0, 2.0)]
    assert clock.model.stop_training


def test_a_child_that_fails_stops_the_benchmark_with_its_last_lines(tmp_path):
    script = tmp_path / "child.py"
    script.write_text("import sys\nprint('a note', file=sys.stderr)\nsys.exit('no such loss')\n")
    message = r"engine, boston stopped with status 1: a note \| no such loss"
    with (
        children.Children("engine, boston", str(script), []) as group,
        pytest.raises(UserError, match=message),
    ):
        group.wait_until_ready()


def test_a_configuration_without_a_measured_method_is_refused(tmp_path):
    path = tmp_path / "config.yaml"
    config = json.loads(json.dumps(CONFIG))
    del config["datasets"]["mnist"]["methods"]["baseline"]
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(UserError, match=r"datasets\.mnist\.methods lacks 'baseline'"):
        run.read_config(path)


def test_every_loop_and_the_engine_answer_a_turn_of_three_steps():
    gradient, fit = (planned("boston", method, 3, 1) for method in ("gradient", "baseline"))
    moons = planned("two_moons", "hkr", 3, 1)
    engine = planned("boston", "gradient", 3, 1, replicates=2)
    with ExitStack() as stack:
        theirs = children.Children("loops", "loops.py", [gradient.to_json(), fit.to_json()])
        groups = [theirs, run.documents("two moons", moons)]
        groups += [children.Children("engine", "ours.py", [engine.to_json()])]
        for group in groups:
            stack.enter_context(group)
        answers = []
        for group in groups:
            group.wait_until_ready()
            answers += group.turn()
        theirs.next_measurement()
        theirs.wait_until_ready()
        answers += theirs.turn()
    assert len(answers) == 4
    assert all(answer["seconds"] > 0 and answer["peak_mb"] > 100 for answer in answers)
    ours = answers[2]
    assert ours["operations"] == pytest.approx(4000 * ours["step_operations"])
    assert ours["seconds"] > 4000 * ours["step_seconds"]
