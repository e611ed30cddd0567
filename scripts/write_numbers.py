"""Write every number that the paper quotes as LaTeX commands."""

import argparse
import json
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import permutations
from pathlib import Path

import pandas as pd

from gradloss.claims import CLAIMS
from gradloss.command import run
from gradloss.errors import UserError
from gradloss.latex import Format, decimal, escape, form_of, with_interval, write_text
from gradloss.statistics import Interval, bootstrap_mean
from gradloss.summaries import (
    paired,
    paired_difference,
    paired_ratio,
    read_metrics,
    replicate_means,
    training_costs,
)

PACKAGES = ["tensorflow", "keras", "numpy", "scikit-learn", "snakemake"]
VERDICTS = ["reproduced", "not reproduced", "inconclusive"]

# The commands expand to plain text, so that captions, \edef and bookmarks can hold them;
# \detokenize lets keys hold underscores.
LOOKUP = r"""\makeatletter
\newcommand*\gradloss@define[3]{\expandafter\gdef\csname gradloss/#1/\detokenize{#2}\endcsname{#3}}
\newcommand*\gradloss@lookup[2]{%
  \ifcsname gradloss/#1/\detokenize{#2}\endcsname
    \csname gradloss/#1/\detokenize{#2}\endcsname
  \else
    \PackageError{gradloss}{undefined result \detokenize{#2} of \@backslashchar#1}{%
      The results hold no such value; see numbers.tex for the keys.}%
  \fi}
"""
COMMAND = r"\newcommand*\{name}[1]{{\gradloss@lookup{{{name}}}{{#1}}}}"
Entry = tuple[str, str, str]  # command, key, LaTeX


def metric_entries(means: pd.DataFrame, methods: dict[str, list[str]]) -> Iterator[Entry]:
    """Means with and without intervals, and paired comparisons of a dataset's methods.

    Args:
        means: Replicate means of the clean and Gaussian results.
        methods: Dataset to the methods that are compared with each other.
    """
    for (dataset, measure, level), rows in means.groupby(["dataset", "measure", "level"]):
        at = f"{measure}@{level:g}" if level else measure
        series = {name: own.set_index("replicate")["value"] for name, own in rows.groupby("method")}
        for method, values in series.items():
            interval = bootstrap_mean(values.to_numpy())
            form = form_for(measure, interval)
            yield "result", f"{dataset}/{method}/{at}", form(interval.mean)
            yield "resultci", f"{dataset}/{method}/{at}", with_interval(interval, form)
        compared = [name for name in methods.get(dataset, []) if name in series]
        for first, second in permutations(compared, 2):
            pairs, key = paired(series[first], series[second]), f"{dataset}/{first}/{second}/{at}"
            if len(pairs[0]) == 0:
                continue
            difference = paired_difference(*pairs)
            form = form_for(measure, difference)
            yield "difference", key, with_interval(difference, form)
            if (pairs[1] != 0).all():
                yield "ratio", key, with_interval(paired_ratio(*pairs), two_decimals)


def form_for(measure: str, interval: Interval) -> Format:
    """How a measure is written: losses, gaps and counts by their size, the rest with 4 decimals."""
    by_size = measure.endswith(("loss", "gap", "per_example"))
    return form_of(interval.mean, interval.low, interval.high) if by_size else decimal


def two_decimals(value: float) -> str:
    """A ratio."""
    return decimal(value, 2)


def setting_entries(settings: object, path: str = "") -> Iterator[Entry]:
    """Every leaf of nested settings by its dotted path; lists are joined by commas."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield from setting_entries(value, f"{path}.{key}" if path else key)
    elif isinstance(settings, list):
        yield "setting", path, escape(", ".join(map(_plain, settings)))
    else:
        yield "setting", path, escape(_plain(settings))


def claim_entries(claims: pd.DataFrame) -> Iterator[Entry]:
    """The verdict of each claim by its id, and how many there are of each verdict."""
    if list(claims["claim"]) != [claim.claim for claim in CLAIMS]:
        raise UserError("claims.csv does not hold the claims of claims.yaml; judge them again")
    for claim, verdict in zip(CLAIMS, claims["verdict"], strict=True):
        yield "verdict", claim.id, verdict
    for verdict in VERDICTS:
        yield "claimcount", verdict, str((claims["verdict"] == verdict).sum())
    yield "claimcount", "all", str(len(claims))


def cost_entries(timings: pd.DataFrame) -> Iterator[Entry]:
    """Milliseconds per step of one replicate, of each method on each dataset."""
    for row in training_costs(timings).itertuples():
        yield "timing", f"{row.dataset}/{row.method}", decimal(row.milliseconds, 2)


def version_entries() -> Iterator[Entry]:
    """Versions of the packages and of Python that run here."""
    yield "version", "python", platform.python_version()
    yield from (("version", name, version(name)) for name in PACKAGES)


def render(entries: Iterable[Entry], notice: str, surrogate: bool) -> str:
    """LaTeX text that defines a command per kind of entry, ``\\notice`` and ``\\ifsurrogate``."""
    names = "result resultci ratio difference setting verdict claimcount version sourceof timing"
    commands = [COMMAND.format(name=name) for name in names.split()]
    definitions = [f"\\gradloss@define{{{name}}}{{{key}}}{{{tex}}}" for name, key, tex in entries]
    switch = [r"\newif\ifsurrogate", r"\surrogatetrue" if surrogate else r"\surrogatefalse"]
    text = [rf"\newcommand*\notice{{{escape(notice)}}}", *switch, *commands, *definitions]
    return (
        "% generated by scripts/write_numbers.py\n" + LOOKUP + "\n".join(text) + "\n\\makeatother\n"
    )


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Read the command line, gather all numbers and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--timings", type=Path, required=True)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    settings, sources = arguments.settings, pd.read_csv(arguments.sources, dtype=str)
    means = replicate_means(read_metrics(arguments.metrics))
    means = means[means["perturbation"].isin(["none", "gaussian"])]
    methods = {name: list(entry["methods"]) for name, entry in settings["datasets"].items()}
    entries = [
        *metric_entries(means, methods),
        *setting_entries(settings),
        *claim_entries(pd.read_csv(arguments.claims)),
        *version_entries(),
        *(("sourceof", row.dataset, escape(row.source)) for row in sources.itertuples()),
        *cost_entries(pd.read_csv(arguments.timings)),
    ]
    surrogate = bool((sources["source"] == "surrogate").any())
    write_text(arguments.output, render(entries, settings["notice"], surrogate))


if __name__ == "__main__":
    run(main)
