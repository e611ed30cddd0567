"""Measure the documents' own training loops against the engine of this package.

Theirs runs alone with TensorFlow's default threads. The engine runs as the workflow runs it: as
many processes at a time as the configuration's `threads` allow on these cores, each with
`replicates_per_job` stacked replicates. After a warm-up the two take turns: a turn times a fixed
number of steps, which is scaled to the full training. The validation of `fit` is timed apart and
counted once per epoch; the engine's monitor is timed apart and counted on the epochs that it
monitors, about 20. An epoch that is cut to fewer steps overstates its start, a few milliseconds
on either side. Limit the cores with `taskset`.

With an environment that holds JAX, the same steps in JAX take turns too, on the same processes and
threads. Its batches are drawn beforehand, those of the engine while it trains.
"""

import argparse
import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from children import Children
from figure import draw
from measurement import SHAPES, Measurement
from peer import checked_peer
from report import Samples, per_replicate, table_row

from gradloss.configuration.runs import run_settings
from gradloss.paper.benchmark import PEER, STACKED, STEP, markdown
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.machine import processor
from gradloss.support.results import write_csv

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = {"quick": 2, "full": 5}
# Of one turn: the steps of an epoch (None: all of them) and the epochs.
TURNS: dict[tuple[str, str], dict[str, tuple[int | None, int]]] = {
    ("boston", "gradient"): {"quick": (None, 50), "full": (None, 400)},
    ("boston", "baseline"): {"quick": (None, 15), "full": (None, 100)},
    ("mnist", "gradient"): {"quick": (200, 1), "full": (None, 2)},
    ("mnist", "baseline"): {"quick": (500, 1), "full": (None, 1)},
    ("fashion_mnist", "gradient"): {"quick": (20, 1), "full": (150, 1)},
    ("fashion_mnist", "baseline"): {"quick": (100, 1), "full": (600, 1)},
    ("two_moons", "hkr"): {"quick": (40, 1), "full": (None, 2)},
}
STEPS_OF = ("mnist", "fashion_mnist")
STACKS = (1, 2, 5, 10, 20, 30)
STACKED_EPOCHS = {"quick": 20, "full": 100}


@dataclass(frozen=True)
class Plan:
    """How the benchmark is run.

    Attributes:
        config: The study's configuration.
        mode: "quick" or "full".
        processes: Of the engine at a time.
        jax: Python of the environment that holds JAX, or None to leave it out.
    """

    config: dict
    mode: str
    processes: int
    jax: Path | None = None

    @property
    def rounds(self) -> range:
        """Rounds in which theirs and ours alternate."""
        return range(ROUNDS[self.mode])

    def measurement(self, dataset: str, method: str, **changes: str) -> Measurement:
        """One turn's measurement; `changes` replace settings of the run."""
        settings = {**run_settings(self.config, dataset, method), **changes}
        prepared = ROOT / self.config["results"] / "data" / f"{dataset}.npz"
        steps, epochs = TURNS[dataset, method][self.mode]
        return Measurement(
            {**settings, "threads": self.config["threads"]},
            str(prepared) if prepared.exists() else None,
            steps,
            epochs,
            self.config["datasets"][dataset]["replicates_per_job"],
        )

    def engine(self, name: str, measurements: list[Measurement]) -> Children:
        """Processes that train with the engine."""
        arguments = [measurement.to_json() for measurement in measurements]
        return Children(f"engine, {name}", "ours.py", arguments, self.processes)


def read_config(path: Path) -> dict:
    """The configuration, if it holds everything that is measured.

    Raises:
        UserError: If it lacks a method of a dataset.
    """
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for dataset, method in TURNS:
        if method not in config["datasets"].get(dataset, {}).get("methods", {}):
            raise UserError(
                f"{path}: datasets.{dataset}.methods lacks '{method}', which the benchmark "
                "measures; put it back"
            )
    return config


def documents(name: str, measurement: Measurement) -> Children:
    """One process that runs a document's loop."""
    arguments = [measurement.to_json()]
    if measurement.settings["rule"] == "hkr":
        legacy = {"TF_USE_LEGACY_KERAS": "1"}
        return Children(f"deel-lip, {name}", "deel_lip_loop.py", arguments, environment=legacy)
    return Children(f"documents' loop, {name}", "loops.py", arguments)


def machine_rate(plan: Plan) -> float:
    """Operations per second of matrix products in as many processes as the engine has."""
    arguments = [str(plan.config["threads"])]
    with Children("matrix product", "matmul.py", arguments, plan.processes) as children:
        children.wait_until_ready()
        rounds = [children.turn() for _ in plan.rounds]
    return float(np.median([sum(a["operations_per_second"] for a in round_) for round_ in rounds]))


def check_peers(plan: Plan) -> None:
    """Refuse a peer that trains something else, before anything is timed."""
    for dataset, method in TURNS:
        with ExitStack() as stack:
            enter_peer(plan, dataset, method, stack)


def enter_peer(plan: Plan, dataset: str, method: str, stack: ExitStack) -> dict[str, Children]:
    """The checked "peer" of a work; none without JAX, or for 1-Lipschitz networks."""
    measurement = plan.measurement(dataset, method)
    if not plan.jax or measurement.settings["rule"] == "hkr":
        return {}
    name = f"{dataset} {method}"
    peer = checked_peer(name, plan.jax, measurement, plan.processes)
    return {"peer": stack.enter_context(peer)}


def start(plan: Plan, dataset: str, method: str, stack: ExitStack) -> dict[str, Children]:
    """Everything that takes turns on one work, each ready for its first one.

    Returns:
        "theirs" and "ours"; "plain" for the gradient loss on images, the engine with the plain
        mean squared error; "peer" for what JAX trains too.
    """
    name, measurement = f"{dataset} {method}", plan.measurement(dataset, method)
    groups = {"theirs": documents(name, measurement), "ours": plan.engine(name, [measurement])}
    if method == "gradient" and dataset in STEPS_OF:
        plain = plan.measurement(dataset, method, loss="mean_squared_error")
        groups["plain"] = plan.engine(f"{dataset} mean squared error", [plain])
    for group in groups.values():
        stack.enter_context(group)
    groups |= enter_peer(plan, dataset, method, stack)
    for group in groups.values():
        group.wait_until_ready()
    return groups


def compare(plan: Plan, dataset: str, method: str, rate: float) -> tuple[Samples, list[dict]]:
    """Alternate a document's loop with the engine.

    Returns:
        Seconds of full trainings; and rows that compare steps: that of the gradient loss with that
        of the plain mean squared error, and that of JAX with that of the engine.
    """
    name, stacked = f"{dataset} {method}", plan.measurement(dataset, method).replicates
    with ExitStack() as stack:
        groups = start(plan, dataset, method, stack)
        rounds = [{key: group.turn() for key, group in groups.items()} for _ in plan.rounds]

    def seconds(key: str, part: str, stacked: int) -> np.ndarray:
        return np.array([per_replicate(answers[key], part, stacked) for answers in rounds])

    last = {key: answers[0] for key, answers in rounds[-1].items()}
    ours, step = (seconds("ours", part, stacked) for part in ("seconds", "step_seconds"))
    peak = max(answer["peak_mb"] for answer in rounds[-1]["ours"])
    samples = Samples(seconds("theirs", "seconds", 1), ours, peak, last["ours"]["operations"])
    log.info("%s: theirs %s s, ours %s s", name, samples.theirs.round(3), ours.round(3))
    theirs_mb, timed = last["theirs"]["peak_mb"], last["ours"]["timed_share"]
    log.info("%s: a turn is %.2g of a training; theirs takes %.0f MB", name, timed, theirs_mb)
    rows, operations = [], last["ours"]["step_operations"]
    if "plain" in groups:
        ratios = step / seconds("plain", "step_seconds", stacked)
        steps = Samples(np.full_like(step, np.nan), step, peak, operations)
        rows.append(table_row(STEP, dataset, steps, rate, ratios))
    if "peer" in groups:
        steps = Samples(seconds("peer", "step_seconds", stacked), step, peak, operations)
        rows.append(table_row(PEER, name, steps, rate))
        cores, peer_mb = last["peer"]["cores"], last["peer"]["peak_mb"]
        log.info("%s: JAX kept %.2f cores busy and takes %.0f MB", name, cores, peer_mb)
    return samples, rows


def stack_replicates(plan: Plan, rate: float) -> list[dict]:
    """Rows of the engine's step on Boston with more and more stacked replicates."""
    base = plan.measurement("boston", "gradient")
    measurements = [
        Measurement(base.settings, base.data, None, STACKED_EPOCHS[plan.mode], replicates)
        for replicates in STACKS
    ]
    rows = []
    with plan.engine(STACKED, measurements) as children:
        for replicates in STACKS:
            children.wait_until_ready()
            rounds = [children.turn() for _ in plan.rounds]
            children.next_measurement()
            step = np.array([per_replicate(r, "step_seconds", replicates) for r in rounds])
            last = rounds[-1][0]
            samples = Samples(
                np.full_like(step, np.nan), step, last["peak_mb"], last["step_operations"]
            )
            rows.append(table_row(STACKED, f"gradient x {replicates}", samples, rate))
            log.info("%d stacked: %s ms per replicate-step", replicates, (1000 * step).round(3))
    return rows


def benchmark(plan: Plan) -> pd.DataFrame:
    """Measure everything: the table with the columns `benchmark.COLUMNS`."""
    check_peers(plan)
    rate = machine_rate(plan)
    log.info("matrix product: %.0f GFLOP/s on %d process(es)", rate / 1e9, plan.processes)
    rows, step_rows = [], []
    totals: dict[str, Samples] = {}
    for dataset, method in TURNS:
        samples, steps = compare(plan, dataset, method, rate)
        rows.append(table_row(dataset, method, samples, rate))
        step_rows += steps
        if dataset in totals:
            both = totals[dataset] + samples
            rows.append(table_row(dataset, "gradient + baseline", both, rate))
        totals[dataset] = samples
    return pd.DataFrame([*rows, *step_rows, *stack_replicates(plan, rate)])


def main() -> None:
    """Read the command line, measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help=".csv file to write")
    parser.add_argument("--figure", type=Path, required=True, help=".pdf file to write")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and steps")
    parser.add_argument("--jax", type=Path, help="Python of an environment with JAX, a peer")
    arguments = parser.parse_args()
    config = read_config(ROOT / "config.yaml")
    cores = len(os.sched_getaffinity(0))
    mode = "quick" if arguments.quick else "full"
    plan = Plan(config, mode, max(1, cores // config["threads"]), arguments.jax)
    for dataset in sorted({dataset for dataset, _ in TURNS}):
        if plan.measurement(*next(key for key in TURNS if key[0] == dataset)).data is None:
            kind = "random arrays of its shape" if dataset in SHAPES else "newly drawn points"
            log.info("%s is not prepared: %s take its place", dataset, kind)
    table = benchmark(plan).assign(machine=f"{processor()}, {cores} core(s)")
    labels = {
        name: entry["label"]
        for part in ("datasets", "methods")
        for name, entry in config[part].items()
    }
    write_csv(table, arguments.output)
    draw(arguments.figure, table, labels)
    print(markdown(table, labels), end="")


if __name__ == "__main__":
    run(main)
