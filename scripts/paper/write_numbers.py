"""Write every number that the paper quotes as LaTeX commands.

What the text quotes is read from the text: ``\\result{mnist/gradient/accuracy@0.1}`` there becomes
a definition of that command for that key. `paper.quotations` knows the commands and their keys.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from gradloss.analysis.claims import CLAIMS, by_claim, replicate_values
from gradloss.analysis.summaries import read_metrics, read_timings, training_costs
from gradloss.analysis.verdicts import PAIRED_RULES
from gradloss.paper.quotations import COMMANDS, MEASURED, LeftOutError, Results
from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import escape, write_text

NOT_AVAILABLE = "n/a"
SCRIPTS = Path(__file__).resolve().parents[1]
PRODUCT = re.compile(r"\\((?:wide)?panel|onefigure|onetable|longtablefile)\{(\w+)\}")
# Those of gradloss.sty that use the first; some take several claims, between commas.
VERDICT_COMMANDS = ("verdict", "verdicts", "byverdict", "outcome", "outcomes", "reached")

# The commands expand to text, so that captions can hold them, and \edef those that are not
# measured; \detokenize lets keys hold underscores.
LOOKUP = r"""\makeatletter
\newcommand*\gradloss@define[3]{\expandafter\gdef\csname gradloss/#1/\detokenize{#2}\endcsname{#3}}
\newcommand*\gradloss@lookup[2]{%
  \ifcsname gradloss/#1/\detokenize{#2}\endcsname
    \csname gradloss/#1/\detokenize{#2}\endcsname
  \else
    \PackageError{gradloss}{undefined result \detokenize{#2} of \@backslashchar#1}{%
      The text must name the key itself, not build it; see scripts/paper/write_numbers.py.}%
  \fi}
% What was measured links to what made it; its interval, which may break, does not.
\newcommand*\gradloss@measured[4]{\gradloss@define{#1}{#2}{\numberlink{#3}#4}}
"""
COMMAND = r"\newcommand*\{name}[1]{{\gradloss@lookup{{{name}}}{{#1}}}}"

log = logging.getLogger(__name__)


def quotations(files: Iterable[Path]) -> dict[tuple[str, str], Path]:
    """Command and key of everything that LaTeX files quote, and the file that does so first."""
    names = "|".join([*COMMANDS, *VERDICT_COMMANDS])
    found: dict[tuple[str, str], Path] = {}
    for file in files:
        for name, keys in re.findall(rf"\\({names})\{{([^{{}}#]+)\}}", _uncommented(file)):
            judged = name in VERDICT_COMMANDS
            for key in keys.split(",") if judged else [keys]:
                found.setdefault(("verdict" if judged else name, key), file)
    return found


def names_beside(published: pd.DataFrame) -> frozenset[str]:
    """Datasets and methods that the text may quote although the configuration leaves them out.

    Args:
        published: Numbers of the published run, with columns dataset and method.
    """
    claimed = {name for claim in CLAIMS for key in claim.quantities for name in key.split("/")[:2]}
    return frozenset(claimed | set(published["dataset"]) | set(published["method"]))


def refuse_unknown_products(files: Iterable[Path], datasets: Iterable[str]) -> None:
    """Refuse a figure or table that no script makes, of whatever dataset.

    One that is only left out has no place in the text, and its label stands for nothing.

    Args:
        files: LaTeX files.
        datasets: All that there can be.

    Raises:
        UserError: With the file and the name.
    """
    scripts = *SCRIPTS.glob("figures/plot_*.py"), *SCRIPTS.glob("tables/tabulate_*.py")
    kinds = {script.stem.partition("_")[2] for script in scripts}
    known = kinds | {f"{kind}_{dataset}" for kind in kinds for dataset in datasets}
    for file in files:
        for command, name in PRODUCT.findall(_uncommented(file)):
            if name not in known:
                raise UserError(
                    f"{file}: \\{command}{{{name}}}: no script makes such a product; correct it"
                )


def absent_curves(files: Iterable[Path], absent: Iterable[str]) -> Iterator[str]:
    """Labels of training curves to which the text refers, of datasets that are left out."""
    labels = {f"fig:training-{name}" for name in absent}
    text = "".join(map(_uncommented, files))
    for label in sorted(labels & set(re.findall(r"fig:training-\w+", text))):
        yield rf"\AtBeginDocument{{\gradloss@absent{{figure}}{{{label}}}}}"


def _uncommented(file: Path) -> str:
    return re.sub(r"(?<!\\)%.*", "", file.read_text(encoding="utf-8"))


def definitions(results: Results, quoted: dict[tuple[str, str], Path]) -> Iterator[str]:
    """A line of LaTeX for everything that is quoted.

    Raises:
        UserError: There can be no such key; the message names file, command and key.
    """
    for (command, key), file in quoted.items():
        try:
            tex = COMMANDS[command](results, key)
        except LeftOutError:
            log.warning("%s: not in these results: \\%s{%s}", file, command, key)
            tex = NOT_AVAILABLE
        except UserError as error:
            raise UserError(f"{file}: \\{command}{{{key}}}: {error}; correct the key") from error
        if command in MEASURED:
            mean, bracket, rest = tex.partition(" [")
            yield rf"\gradloss@measured{{{command}}}{{{key}}}{{{mean}}}{{{bracket}{rest}}}"
        else:
            yield rf"\gradloss@define{{{command}}}{{{key}}}{{{tex}}}"


def render(lines: Iterable[str], notice: str, surrogate: bool) -> str:
    r"""LaTeX text that defines the commands, ``\notice`` and ``\ifsurrogate``."""
    commands = [COMMAND.format(name=name) for name in COMMANDS]
    switch = [r"\newif\ifsurrogate", r"\surrogatetrue" if surrogate else r"\surrogatefalse"]
    text = [rf"\newcommand*\notice{{{escape(notice)}}}", *switch, *commands, *lines]
    return (
        "% generated by scripts/paper/write_numbers.py\n"
        + LOOKUP
        + "\n".join(text)
        + "\n\\makeatother\n"
    )


def main() -> None:
    """Read the command line, look up what the text quotes and save."""
    arguments = parse_options(
        __doc__,
        "text",
        "metrics",
        "claims",
        "comparisons",
        "timings",
        "published",
        "sources",
        "machine",
        "settings",
        "output",
    )
    compared = [claim for claim in CLAIMS if claim.rule in PAIRED_RULES]
    timings = read_timings(arguments.timings)
    costs = training_costs(timings).itertuples()
    results = Results(
        values=replicate_values(read_metrics(arguments.metrics)),
        settings=arguments.settings,
        claims=by_claim(pd.read_csv(arguments.claims), list(CLAIMS), arguments.claims),
        comparisons=by_claim(pd.read_csv(arguments.comparisons), compared, arguments.comparisons),
        milliseconds={f"{row.dataset}/{row.method}": row.milliseconds for row in costs},
        training=float(timings["seconds"].sum()),
        machine=pd.read_csv(arguments.machine, dtype=str).iloc[0].to_dict(),
        left_out=names_beside(pd.read_csv(arguments.published)),
    )
    sources = pd.read_csv(arguments.sources, dtype=str)
    surrogate = bool((sources["source"] == "surrogate").any())
    datasets = results.left_out | arguments.settings["datasets"].keys()
    refuse_unknown_products(arguments.text, datasets)
    lines = [
        *definitions(results, quotations(arguments.text)),
        *absent_curves(arguments.text, datasets - arguments.settings["datasets"].keys()),
    ]
    write_text(arguments.output, render(lines, arguments.settings["notice"], surrogate))


if __name__ == "__main__":
    run(main)
