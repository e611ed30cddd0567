"""What the cells of a LaTeX table read, and what they should."""

import re

from gradloss.analysis.statistics import mean_interval

NESTED = re.compile(r"\\begin\{tabular\}\[t\]\{@\{\}r@\{\}\}(.*?)\\end\{tabular\}")


def rows_of(table):
    """Cells of each row; a cell of two lines reads "first / second"."""
    flat = NESTED.sub(lambda match: match[1].replace(r"\\[-2pt]", " / "), table)
    flat = flat.replace(r"\scriptsize ", "").replace(r"\rule[-4.5pt]{0pt}{0pt}", "")
    lines = [line.removesuffix(r" \\") for line in flat.splitlines() if line.endswith(r" \\")]
    return [re.split(r"(?<!\\) & ", line) for line in lines]


def row_of(table, label, after=""):
    """Cells of the first row with a label, below the row that holds a text."""
    rows = rows_of(table)
    start = next(place for place, row in enumerate(rows) if after in " ".join(row))
    return next(row for row in rows[start:] if row[0] == label)


def width_of(row):
    spans = [re.match(r"\\multicolumn\{(\d+)\}", cell) for cell in row]
    return sum(int(span[1]) if span else 1 for span in spans)


def values_of(metrics, dataset, method, measure, perturbation="none", level=0.0):
    """Means over draws by replicate, looked up without the code that is tested."""
    chosen = metrics.query(
        "dataset == @dataset and method == @method and measure == @measure"
        " and perturbation == @perturbation and level == @level"
    )
    return chosen.groupby("replicate")["value"].mean().to_numpy()


def cell(values, digits, interval_of=mean_interval):
    """What a cell of a mean with its interval reads, where all are positive."""
    interval = interval_of(values)
    return f"{interval.mean:.{digits}f} / [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"
