"""The tables of the claims and of the data, and the facts on the machine."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradloss.claims import CLAIMS, judge_claims
from gradloss.results import METRIC_KEYS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
NAMES = ("tabulate_claims", "tabulate_headline", "tabulate_data", "describe_machine")
claim_table, headline, data, machine = map(importlib.import_module, NAMES)

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
    first = ["000", "Gradient loss, clean MSE", "0.0267", "0.0270 [0.0260, 0.0280]", "3"]
    assert rows[0] == [*first, "reproduced"]
    assert rows[1][2:] == ["0.0230", "--", "--", "inconclusive"]


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
    assert machine.processor(file)
    file.write_text("processor\t: 0\nmodel name\t: Some: Processor\nprocessor\t: 1\n")
    assert machine.processor(file) == "Some: Processor"


def test_machine_has_cores_and_memory():
    facts = machine.describe()
    assert facts.keys() == {"processor", "cores", "memory", "system"}
    assert int(facts["cores"]) >= 1 and int(facts["memory"]) >= 1
