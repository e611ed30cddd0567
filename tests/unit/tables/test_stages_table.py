"""The table of what each stage took."""

import pandas as pd
from project import module_at
from table_rows import rows_of

from gradloss.paper.stages import COLUMNS

stages = module_at("scripts/tables/tabulate_stages.py")
ROWS = [("training", 5, 4, 7200.0, 1500.0), ("the rest", 2, 2, 61.0, float("nan"))]
ROWS += [("tuning", 3, 0, 0.0, float("nan"))]


def test_stages_have_a_row_each_and_one_together():
    _, *rows = rows_of(stages.tabulate(pd.DataFrame(ROWS, columns=COLUMNS)))
    assert rows == [
        ["training", "5", "4", "2 h 0 min", "1.5"],
        ["the rest", "2", "2", "1 min 1 s", "--"],
        ["tuning", "3", "0", "--", "--"],
        ["all", "10", "6", "2 h 1 min", "1.5"],
    ]


def test_without_a_published_run_a_sentence_says_so():
    assert stages.tabulate(pd.DataFrame(columns=COLUMNS)) == stages.NOT_MEASURED
