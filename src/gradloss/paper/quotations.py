"""What the paper can quote: LaTeX text for the keys of its commands.

Keys of quantities are those of `claims.quantity_name`; a comparison names two methods instead of
one. Keys of claims are their ids.
"""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from gradloss.analysis.claims import CLAIMS, LEFT_OUT, Claim
from gradloss.analysis.statistics import Interval
from gradloss.analysis.summaries import compare, estimate, paired_difference, paired_ratio
from gradloss.analysis.words import NOT_COMPUTED, VERDICTS
from gradloss.configuration.runs import LIBRARY
from gradloss.support.errors import UserError
from gradloss.support.progress import duration
from gradloss.tables.latex import (
    Format,
    decimal,
    escape,
    form_of,
    p_value,
    two_decimals,
    with_interval,
)

# Claims for which a ratio is found, or the share of a gap.
RATIOS = {claim.id for claim in CLAIMS if {"ratio", "share", "spread"} & set(claim.rule.split("_"))}


class LeftOutError(Exception):
    """The value is unknown because the configuration leaves out what it is of."""


@dataclass(frozen=True)
class Results:
    """What can be quoted: a method per LaTeX command, from a key to LaTeX text.

    Every method raises `LeftOutError`, or `UserError` if there can be no such key.

    Attributes:
        values: Values by replicate of every quantity, as `replicate_values` gives them.
        settings: The configuration, and `runs`, the settings of each run.
        claims: Rows of claims.csv by the claims' ids, with their documents.
        comparisons: Rows of comparisons.csv by the claims' ids.
        milliseconds: Of a step, by dataset/method.
        training: Seconds of all trainings together.
        machine: Facts by name.
        left_out: Names of datasets and methods that the configuration may lack, as they are those
            of claims or of published results.
    """

    values: dict[str, pd.Series]
    settings: dict
    claims: pd.DataFrame
    comparisons: pd.DataFrame
    milliseconds: dict[str, float]
    training: float
    machine: dict[str, str]
    left_out: frozenset[str] = frozenset()

    def result(self, key: str) -> str:
        """The mean of dataset/method/measure."""
        return self._estimate(key, lambda interval, form: form(interval.mean))

    def resultci(self, key: str) -> str:
        """The same with its interval."""
        return self._estimate(key, with_interval)

    def difference(self, key: str) -> str:
        """Paired difference of dataset/first/second/measure, with its interval."""
        interval = self._compare(key, paired_difference)
        return with_interval(interval, form_for(key, interval))

    def ratio(self, key: str) -> str:
        """Paired ratio of dataset/first/second/measure, with its interval."""
        return with_interval(self._compare(key, paired_ratio), two_decimals)

    def setting(self, path: str) -> str:
        """A leaf of the settings by its dotted path; a list is joined by commas."""
        parts = path.split(".")
        found: object = self.settings
        for depth, part in enumerate(parts):
            if not isinstance(found, dict) or part not in found:
                named = parts[0] in ("datasets", "methods", "runs") and 0 < depth < len(parts) - 1
                if named and (depth > 1 or part in self.left_out):
                    raise LeftOutError
                raise UserError(f"'{'.'.join(parts[:depth]) or 'config'}' holds no '{part}'")
            found = found[part]
        if isinstance(found, dict):
            raise UserError(f"it is no value; name one of {', '.join(found)}")
        return escape(", ".join(map(_plain, found)) if isinstance(found, list) else _plain(found))

    def verdict(self, claim: str) -> str:
        """The verdict on a claim by its id."""
        return NOT_COMPUTED if claim in LEFT_OUT else _row(self.claims, claim)["verdict"]

    def reported(self, claim: str) -> str:
        """The number that a document prints, by the id of its claim."""
        value = _row(self.claims, claim)["reported"]
        if pd.isna(value):
            raise UserError("the document prints no number for this claim")
        return form_of(value)(value)

    def finding(self, claim: str) -> str:
        """What was found for a claim, with its interval."""
        row = _row(self.claims, claim)
        if row["verdict"] == NOT_COMPUTED:
            raise LeftOutError
        bounds = row["replicated"], row["ci_low"], row["ci_high"]
        form = two_decimals if claim in RATIOS else form_of(*bounds)
        return with_interval(Interval(*bounds, row["replicates"]), form)

    def probability(self, claim: str) -> str:
        """P(A beats B) of the two sides of a claim, with its interval."""
        row = _row(self.comparisons, claim)
        bounds = _known(row["probability"]), row["probability_low"], row["probability_high"]
        return with_interval(Interval(*bounds, row["replicates"]), two_decimals)

    def holm(self, claim: str) -> str:
        """The p-value of a claim after Holm's correction."""
        return p_value(_known(_row(self.comparisons, claim)["p_holm"]))

    def claimcount(self, key: str) -> str:
        """How many claims are in all groups of ``group+group``, or how many with ``/verdict``.

        Groups are those of `groups_of`; what is not computed is in none.
        """
        names, _, verdict = key.partition("/")
        wanted = set(names.split("+"))
        selected = self.claims[[wanted <= groups_of(claim) for claim in CLAIMS]]
        if selected.empty:
            raise UserError(f"no claim is in a group '{names}'")
        if verdict and verdict not in VERDICTS:
            raise UserError(f"no verdict is '{verdict}'; they are {', '.join(VERDICTS)}")
        chosen = (
            (selected["verdict"] == verdict) if verdict else selected["verdict"] != NOT_COMPUTED
        )
        return str(chosen.sum())

    def comparisoncount(self, key: str) -> str:
        """How many comparisons are tested, hold after Holm, or are reproduced and do not."""
        holds = self.comparisons["holds_after_holm"].astype("boolean")
        reproduced = self.claims["verdict"].reindex(self.comparisons.index) == "reproduced"
        counts = {"tested": holds.notna(), "hold": holds, "lost": reproduced & ~holds}
        if key not in counts:
            raise UserError(f"no such count; they are {', '.join(counts)}")
        return str(int(counts[key].sum()))

    def timing(self, key: str) -> str:
        """Milliseconds per step of one replicate, of dataset/method; time of all, of "total"."""
        if key == "total":
            if not self.milliseconds:
                raise LeftOutError
            return duration(self.training).replace(" ", "~")
        if key not in self.milliseconds:
            self._require(*_split(key, "dataset/method"))
            raise LeftOutError
        return decimal(self.milliseconds[key], 2)

    def fact(self, name: str) -> str:
        """A fact on the machines that the study ran on."""
        if name not in self.machine:
            raise UserError(f"no such fact; they are {', '.join(self.machine)}")
        return escape(self.machine[name])

    def version(self, package: str) -> str:
        """Version of a package, or of Python, that runs here."""
        try:
            return platform.python_version() if package == "python" else version(package)
        except PackageNotFoundError as error:
            raise UserError("no such package is installed") from error

    def _estimate(self, key: str, write: Callable[[Interval, Format], str]) -> str:
        _split(key, "dataset/method/measure")
        interval = estimate(self._series(key))
        return write(interval, form_for(key, interval))

    def _compare(self, key: str, rule: Callable) -> Interval:
        dataset, first, second, measure = _split(key, "dataset/method/method/measure")
        series = [self._series(f"{dataset}/{method}/{measure}") for method in (first, second)]
        interval = compare(*series, rule)
        _known(interval.mean)
        return interval

    def _series(self, name: str) -> pd.Series:
        if name in self.values:
            return self.values[name]
        dataset, method, measure = name.split("/")
        self._require(dataset, method)
        plain = name.partition("@")[0]
        if not any(other.partition("@")[0] == plain for other in self.values):
            raise UserError(f"the results of {method} on {dataset} hold no measure '{measure}'")
        raise LeftOutError

    def _require(self, dataset: str, method: str) -> None:
        """Raise unless the results hold such a run."""
        if any(name.startswith(f"{dataset}/{method}/") for name in self.values):
            return
        known = {
            "dataset": (dataset, self.settings["datasets"]),
            "method": (method, [*self.settings["methods"], LIBRARY]),
        }
        for kind, (name, names) in known.items():
            if name not in names and name not in self.left_out:
                raise UserError(f"the configuration has no {kind} '{name}'")
        raise LeftOutError


def groups_of(claim: Claim) -> set[str]:
    """Groups in which a claim is counted.

    They are "all"; "documents", "predictions", "anchors" or "causes"; the name of a document, such
    as "000" or "P1"; and one of "curves" (points of training curves), "derived" (numbers that
    follow from others), "cannot fail" and "could fail", of which some are of the "headline".
    """
    predicted = "predictions" if claim.document.startswith("P") else claim.document
    kind = "documents" if claim.document.isdigit() else predicted
    weight = (
        ("curves" if claim.is_on_curve else "derived" if claim.derived else "could fail")
        if claim.can_fail
        else "cannot fail"
    )
    headline = {"headline"} if claim.headline and weight == "could fail" else set()
    return {"all", kind, claim.document, weight} | headline


def form_for(key: str, interval: Interval) -> Format:
    """How a measure is written: losses, gaps and counts by their size, the rest with 4 decimals."""
    measure = key.partition("@")[0]
    by_size = measure.endswith(("loss", "gap", "per_example", "fallen"))
    return form_of(interval.mean, interval.low, interval.high) if by_size else decimal


COMMANDS: dict[str, Callable[[Results, str], str]] = {
    "result": Results.result,
    "resultci": Results.resultci,
    "difference": Results.difference,
    "ratio": Results.ratio,
    "setting": Results.setting,
    "verdict": Results.verdict,
    "reported": Results.reported,
    "finding": Results.finding,
    "probability": Results.probability,
    "holm": Results.holm,
    "claimcount": Results.claimcount,
    "comparisoncount": Results.comparisoncount,
    "timing": Results.timing,
    "machine": Results.fact,
    "version": Results.version,
}
# Those whose values are measured; the rest is given or a word.
MEASURED = (
    "result",
    "resultci",
    "difference",
    "ratio",
    "finding",
    "probability",
    "holm",
    "claimcount",
    "comparisoncount",
    "timing",
)


def _split(key: str, form: str) -> list[str]:
    parts = key.split("/")
    if len(parts) != len(form.split("/")):
        raise UserError(f"it must be {form}")
    return parts


def _row(rows: pd.DataFrame, claim: str) -> pd.Series:
    if claim in LEFT_OUT:
        raise LeftOutError
    if claim not in rows.index:
        raise UserError("no such claim" if "verdict" in rows else "no such claim compares methods")
    return rows.loc[claim]


def _known(value: float) -> float:
    if pd.isna(value):
        raise LeftOutError
    return value


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
