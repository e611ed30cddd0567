"""The tables of the claims and of the data, and the facts on the machine."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import module_at

from gradloss.analysis.claims import CLAIMS, judge_claims
from gradloss.support.machine import processor
from gradloss.support.results import METRIC_KEYS

NAMES = ("claims", "headline", "data")
claim_table, headline, data = (module_at(f"scripts/tables/tabulate_{name}.py") for name in NAMES)
machines = module_at("scripts/paper/describe_machine.py")

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    """Of a study with three replicates of one number."""
    key = ("boston", "gradient")
    rows = [
        (*key, replicate, "mse", "none", 0.0, 0, 0.026 + replicate / 1000) for replicate in range(3)
    ]
    return judge_claims(pd.DataFrame(rows, columns=[*METRIC_KEYS, "value"]))


def rows_of(table: str) -> list[list[str]]:
    lines = [line.removesuffix(r" \\") for line in table.splitlines() if line.endswith(r" \\")]
    return [line.split(" & ") for line in lines][1:]


def test_every_claim_is_a_row(claims: pd.DataFrame):
    rows = rows_of(claim_table.tabulate(claims))
    assert [row[0] for row in rows] == [claim.document for claim in CLAIMS]
    first = ["000", "Gradient loss, clean MSE", "0.0267", "0.0270 [0.0246, 0.0296]"]
    assert rows[0] == [*first, "[0.0224, 0.0324]", "3", "compatible"]
    assert rows[1][2:] == ["0.0230", "--", "", "--", "not computed"]


def test_a_dagger_marks_what_cannot_fail(claims: pd.DataFrame):
    marked = [r"\dagger" in row[-1] for row in rows_of(claim_table.tabulate(claims))]
    assert marked == [not claim.can_fail for claim in CLAIMS]


def test_headline_has_the_main_claims_of_each_document(claims: pd.DataFrame):
    rows = rows_of(headline.tabulate(claims))
    assert len(rows) == sum(claim.headline for claim in CLAIMS) < len(CLAIMS) / 2
    assert list(dict.fromkeys(row[0] for row in rows)) == ["000", "001", "002", "003", "004"]
    assert rows[0] == rows_of(claim_table.tabulate(claims))[0]


def test_data_are_listed_with_their_whole_hash():
    sources = pd.DataFrame(
        {
            "dataset": ["moons", "table"],
            "source": ["scikit-learn", "url https://example.org/a_b"],
            "sha256": [np.nan, DIGEST],
            "licence": ["BSD-3-Clause", "none"],
        }
    )
    entries = {"datasets": {"table": {"label": "A & B"}, "moons": {"label": "Moons"}}}
    table = data.tabulate(sources, entries)
    assert table.index(r"A \& B & url https:/\allowbreak{}/") < table.index("Moons")
    for half in (DIGEST[:32], DIGEST[32:]):
        assert rf"\scriptsize \texttt{{{half}}}" in table
    assert r"BSD-3-Clause & --" in table


def test_processor_is_named_as_the_system_names_it(tmp_path: Path):
    file = tmp_path / "cpuinfo"
    assert processor(file)
    file.write_text("processor\t: 0\nmodel name\t: Some: Processor\nprocessor\t: 1\n")
    assert processor(file) == "Some: Processor"


def test_machines_are_those_that_trained(tmp_path: Path):
    """Three jobs on two nodes of a cluster, neither of which is this machine."""
    for number, machine in enumerate(["node B", "node A", "node B"]):
        row = {"dataset": "boston", "replicates": f"{number}-{number}", "machine": machine}
        pd.DataFrame([row]).to_csv(tmp_path / f"{number}.csv", index=False)
    assert machines.describe(sorted(tmp_path.glob("*.csv"))) == {"names": "node A; node B"}
    assert machines.describe([]) == {"names": machines.UNKNOWN}
