"""Write the appendix that shows the training curves of every dataset."""

from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.tables.latex import escape, write_text

FIGURE = r"""\begin{{figure}}[tp]
  \centering
  \includegraphics{{figures/training_{name}}}
  \caption{{{label}: training loss, each method's own function, and {measure} on clean inputs during
    training. Bold: mean with its 95\,\% interval, faint: single replicates.
    Lines join epochs that were recorded, of a long training a part of them.
    \made{{figures/training_{name}}}}}
  \label{{fig:training-{name}}}
\end{{figure}}
"""
MEASURES = {"regression": "test mean squared error", "classification": "test accuracy"}


def write_appendix(settings: dict) -> str:
    """A float for each dataset that is evaluated under noise.

    Args:
        settings: `datasets` with label, task and, if evaluated under noise, noise.
    """
    return "".join(
        FIGURE.format(name=name, label=escape(entry["label"]), measure=MEASURES[entry["task"]])
        for name, entry in settings["datasets"].items()
        if "noise" in entry
    )


def main() -> None:
    """Read the command line, write and save."""
    arguments = parse_options(__doc__, "settings", "output")
    write_text(arguments.output, write_appendix(arguments.settings))


if __name__ == "__main__":
    run(main)
