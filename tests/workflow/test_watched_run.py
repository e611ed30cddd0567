"""A run on a terminal shows bars, and what must be seen stays above them."""

import re

from study import SNAKEMAKE, Study

CURSOR_IS_HIDDEN, CURSOR_IS_SHOWN = "\x1b[?25l", "\x1b[?25h"
DATA = "results/data/two_moons.npz"


def told(text: str) -> str:
    """What a terminal was sent, without how it looks."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def run(study: Study) -> tuple[int, str]:
    outcome = study.run_on_terminal(
        *("/usr/bin/env", "TERM=xterm", "COLUMNS=80"),
        *(*SNAKEMAKE, DATA, "--retries=1", "--logger", "rich"),
    )
    # However it ends, the terminal is as before.
    assert outcome.text.count(CURSOR_IS_HIDDEN) == outcome.text.count(CURSOR_IS_SHOWN) > 0
    assert outcome.text.rfind(CURSOR_IS_SHOWN) > outcome.text.rfind(CURSOR_IS_HIDDEN)
    return outcome.code, told(outcome.text)


def test_rules_have_bars_with_the_time_left(fresh: Study):
    code, text = run(fresh)
    assert code == 0, text
    assert re.search(r"prepare dataset ━+ 0/1 -:--:-- left", text)
    assert "Workflow Progress" not in text  # the plugin's own frame, higher than a terminal
    assert "Job 0:" not in text


def test_a_job_that_fails_and_is_retried_is_told_with_its_log(fresh: Study):
    (fresh.folder / "scripts/data/prepare.py").write_text('raise SystemExit("error: no data")')
    code, text = run(fresh)
    assert code != 0
    assert "Trying to restart job 0." in text
    assert "Failed prepare_dataset" in text
    assert "Log file: results/logs/prepare_two_moons.log" in text
    assert "error: no data" in text
