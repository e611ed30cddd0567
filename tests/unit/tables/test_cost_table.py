"""The table of what training costs."""

import pandas as pd
from project import module_at
from table_rows import row_of, rows_of

from gradloss.analysis.summaries import training_costs

cost = module_at("scripts/tables/tabulate_cost.py")

SETTINGS = {
    "datasets": {"d": {"label": "Data"}},
    "methods": {
        "plain": {"rule": "baseline", "label": "plain"},
        "steep": {"rule": "gradient", "label": "steep"},
        "arm": {"rule": "gradient", "label": "arm", "changes": "something"},
    },
}


def costs(**devices: str) -> pd.DataFrame:
    """Two jobs of four replicates; the plain one takes 8 s for 1,000 steps, the other 20 s."""
    rows = [
        ("d", name, seconds, 1000, 4, devices.get(name, "CPU"))
        for name, seconds in (("plain", 8.0), ("steep", 20.0), ("arm", 1.0))
    ]
    columns = ["dataset", "method", "seconds", "steps", "stacked", "device"]
    return training_costs(pd.DataFrame(rows, columns=columns))


def test_costs_are_per_replicate_and_relative_to_the_baseline():
    table = cost.tabulate(costs(), SETTINGS)
    assert row_of(table, "Data") == ["Data", "plain", "1000", "2.00", "1.00", "2.00", "1.00"]
    assert rows_of(table)[2][1:] == ["steep", "1000", "5.00", "2.50", "5.00", "2.50"]
    assert "arm" not in table and "device" not in table


def test_devices_have_a_column_where_they_differ():
    table = cost.tabulate(costs(steep="GPU"), SETTINGS)
    header, plain, steep = rows_of(table)
    assert header[2] == "device"
    assert (plain[2], steep[2]) == ("CPU", "GPU")
    assert len(header) == len(plain) == len(steep) == 8


def test_without_a_published_run_nothing_is_measured():
    assert cost.tabulate(costs().iloc[:0], SETTINGS) == cost.NOT_MEASURED
