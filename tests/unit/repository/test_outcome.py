"""The last words of a run."""

from pathlib import Path

import pandas as pd
from project import module_at

outcome = module_at("workflow/outcome.py")


def test_only_main_claims_that_can_fail_are_counted(tmp_path: Path):
    rows = [
        (True, True, "reproduced"),
        (True, True, "compatible"),
        (True, True, "compatible"),
        (True, True, "inconclusive"),
        (True, False, "reproduced"),
        (False, True, "not reproduced"),
    ]
    file = tmp_path / "claims.csv"
    pd.DataFrame(rows, columns=["headline", "can_fail", "verdict"]).to_csv(file, index=False)
    assert outcome.count_verdicts(file) == (
        "headline claims: 1 reproduced, 2 compatible, 0 not reproduced, 1 inconclusive;"
        f" all claims: {file}"
    )


def test_made_up_data_are_named(tmp_path: Path):
    file = tmp_path / "data_sources.csv"
    file.write_text("dataset,source\nboston,mirror\ntrilotropicos,surrogate\n")
    assert outcome.surrogates(file) == ["trilotropicos"]
    assert outcome.surrogates(tmp_path / "absent.csv") == []


def test_a_main_claim_without_results_is_told(tmp_path: Path):
    file = tmp_path / "claims.csv"
    rows = [(True, True, "reproduced"), (True, True, "not computed")]
    pd.DataFrame(rows, columns=["headline", "can_fail", "verdict"]).to_csv(file, index=False)
    assert outcome.count_verdicts(file) == (
        "headline claims: 1 reproduced, 0 compatible, 0 not reproduced, 0 inconclusive,"
        f" 1 not computed; all claims: {file}"
    )
