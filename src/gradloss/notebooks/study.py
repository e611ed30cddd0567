"""The configuration and the results of a study, as its notebooks open them."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from gradloss.analysis.claims import claims_of
from gradloss.analysis.summaries import read_metrics
from gradloss.configuration.runs import (
    CONFIG_VARIABLE,
    Settings,
    leave_out_nulls,
    overlay,
    replicate_ranges,
    run_settings,
)
from gradloss.support.errors import UserError

RECIPE = ["loss", "batch_size", "order", "epochs", "learning_rate"]


@dataclass(frozen=True)
class Study:
    """A configuration, and where its results are.

    Attributes:
        config: All of it or, where the workflow executes a notebook, the part that concerns it.
        results: Folder of the results.
    """

    config: Settings
    results: Path

    def settings(self, dataset: str, method: str) -> Settings:
        """Settings of training a method on a dataset, see `runs.run_settings`."""
        return run_settings(self.config, dataset, method)

    def labels(self, *methods: str) -> dict[str, str]:
        """Methods and their labels in figures."""
        return {name: self.config["methods"][name]["label"] for name in methods}

    def pool_path(self, dataset: str) -> Path:
        """The prepared data of a dataset."""
        return self.results / "data" / f"{dataset}.npz"

    def recipes(self, dataset: str, methods: list[str]) -> pd.DataFrame:
        """What tells trainings apart: a column per method, a row per setting of `RECIPE`."""
        return pd.DataFrame({name: self.settings(dataset, name) for name in methods}).loc[RECIPE]

    def models(self, dataset: str, method: str) -> Path:
        """Folder of the job that trained the first replicates, of which notebooks open models."""
        first, *_ = replicate_ranges(self.config, dataset, method)
        return self.results / "models" / dataset / method / first

    def curves(self, dataset: str, method: str, measure: str) -> pd.DataFrame:
        """A measure along the training of all replicates.

        Args:
            dataset: Its name in the configuration.
            method: One that trains in epochs.
            measure: One of those in the histories, such as "mean_loss" or "test_accuracy".

        Returns:
            Columns replicate, epoch, measure, value.
        """
        folder = self.results / "histories" / dataset / method
        jobs = replicate_ranges(self.config, dataset, method)
        history = pd.concat([pd.read_csv(folder / f"{job}.csv") for job in jobs])
        return history[history["measure"] == measure]

    def metrics(self, dataset: str, *methods: str) -> pd.DataFrame:
        """The tidy results of some methods on a dataset, see `results.METRIC_KEYS`."""
        folder = self.results / "evaluations" / dataset
        return read_metrics(
            [
                folder / method / f"{replicates}.csv"
                for method in methods
                for replicates in replicate_ranges(self.config, dataset, method)
            ]
        )

    def claims(self, document: str) -> pd.DataFrame:
        """The judged claims of a document.

        Args:
            document: Its number, such as "000".

        Returns:
            The columns of claims.csv, indexed by the claims' names in claims.yaml.

        Raises:
            UserError: If the judged claims are others than those of claims.yaml.
        """
        path = self.results / "claims" / f"{document}.csv"
        rows, claims = pd.read_csv(path, dtype={"document": str}), claims_of(document)
        if list(rows["claim"]) != [claim.claim for claim in claims]:
            raise UserError(f"{path}: not the claims of claims.yaml; run `snakemake {path}`")
        rows.index = pd.Index([claim.id for claim in claims], name="id")
        return rows


def open_study(*presets: str) -> Study:
    """Find the configuration and its results, from any folder of the repository.

    Args:
        presets: Files laid over config.yaml, relative to it, such as
            "workflow/presets/quick.yaml". They play no part where the workflow executes a
            notebook, which passes the configuration on.

    Raises:
        UserError: If there is no config.yaml here or above, or there are no results.
        OSError: A preset cannot be opened.
    """
    given = os.environ.get(CONFIG_VARIABLE)
    root = Path.cwd() if given else _repository()
    config = json.loads(given) if given else _read_config(root, presets)
    results = root / config["results"]
    if not (results / "claims").exists():
        command = " ".join(["snakemake --cores all", *(f"--configfile {name}" for name in presets)])
        raise UserError(f"{results} holds no results yet; run `{command}` in {root} first")
    return Study(config, results)


def _repository() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config.yaml").exists():
            return folder
    raise UserError(f"no config.yaml in {here} or above; start Jupyter in the repository")


def _read_config(root: Path, presets: tuple[str, ...]) -> Settings:
    config: Settings = {}
    for name in ("config.yaml", *presets):
        config = overlay(config, yaml.safe_load((root / name).read_text(encoding="utf-8")))
    leave_out_nulls(config)
    return config


def printed_curve(claims: pd.DataFrame, name: str) -> pd.Series:
    """Numbers that a document prints along a training curve, indexed by the epoch.

    Args:
        claims: As `Study.claims` gives them.
        name: Of a series in claims.yaml.
    """
    own = claims[claims.index.str.fullmatch(rf"{name}-\d+")]
    epochs = own.index.str.rsplit("-", n=1).str[1].astype(int)
    return pd.Series(own["reported"].to_numpy(), index=epochs, name="reported")


def verdict_table(claims: pd.DataFrame) -> pd.DataFrame:
    """A document's numbers beside ours, as text, indexed by the claim in words.

    Args:
        claims: As `Study.claims` gives them.
    """
    columns = {
        "document": [number(value) for value in claims["reported"]],
        "this study": [number(value) for value in claims["replicated"]],
        "95 % interval": list(map(_brackets, claims["ci_low"], claims["ci_high"])),
        "one further run": list(map(_brackets, claims["pi_low"], claims["pi_high"])),
        "replicates": claims["replicates"].to_numpy(),
        "verdict": claims["verdict"].to_numpy(),
    }
    return pd.DataFrame(columns, index=claims["claim"].to_numpy())


def _brackets(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"[{number(low)}, {number(high)}]"


def number(value: float) -> str:
    """Four significant digits, or a whole number as it is; a dash for NaN."""
    if math.isnan(value):
        return "–"
    text = f"{value:.0f}" if float(value).is_integer() else f"{value:#.4g}"
    return text.replace("-", "−").replace("inf", "∞")


def count_verdicts(claims: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each series got which verdict.

    Args:
        claims: As `Study.claims` gives them.

    Returns:
        A column per verdict, indexed by the claims in words, their number replaced by "…".
    """
    own = claims[in_series(claims)]
    series = own["claim"].str.replace(r"\d+$", "…", regex=True)
    counts = pd.crosstab(series, own["verdict"]).loc[series.unique()]
    return counts.rename_axis(index=None, columns=None)


def in_series(claims: pd.DataFrame) -> pd.Series:
    """Which claims belong to a series of numbers, such as those of a training curve."""
    return pd.Series(claims.index.str.contains(r"-\d+$"), index=claims.index)
