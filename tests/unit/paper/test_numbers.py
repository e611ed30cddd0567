"""The numbers that the paper quotes."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT, module_at
from synthetic_metrics import ENTRIES, synthetic_metrics

from gradloss.analysis.claims import CLAIMS, judge_claims, replicate_values
from gradloss.analysis.comparisons import compare_methods
from gradloss.analysis.verdicts import PAIRED_RULES
from gradloss.analysis.words import VERDICTS
from gradloss.configuration.runs import LIBRARY, run_settings, runs
from gradloss.paper.quotations import MEASURED, RATIOS, LeftOutError, Results, groups_of
from gradloss.support.errors import UserError

numbers = module_at("scripts/paper/write_numbers.py")

COMPARED = [claim for claim in CLAIMS if claim.rule in PAIRED_RULES]
PUBLISHED = pd.DataFrame({"dataset": ["mnist"], "method": ["gradient_tuned"]})
SETTINGS = {**ENTRIES, "seed": 7, "rates": [0.1, 2], "notice": "50 % only"}


@pytest.fixture(scope="module")
def metrics() -> pd.DataFrame:
    found = synthetic_metrics()
    return found[(found["method"] != "brier") | (found["dataset"] != "mnist")]


@pytest.fixture(scope="module")
def judged(metrics: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return judge_claims(metrics), compare_methods(metrics)


@pytest.fixture(scope="module")
def results(metrics: pd.DataFrame, judged: tuple[pd.DataFrame, pd.DataFrame]) -> Results:
    methods = {name: {} for name in ENTRIES["datasets"]["mnist"]["methods"] if name != "brier"}
    mnist = ENTRIES["datasets"]["mnist"] | {"methods": methods}
    return Results(
        values=replicate_values(metrics),
        settings=SETTINGS | {"datasets": ENTRIES["datasets"] | {"mnist": mnist}},
        claims=numbers.by_claim(judged[0], list(CLAIMS), Path("claims.csv")),
        comparisons=numbers.by_claim(judged[1], COMPARED, Path("comparisons.csv")),
        milliseconds={"mnist/gradient": 1.234},
        training=3700.0,
        machine={"processor": "A & B"},
        left_out=numbers.names_beside(PUBLISHED),
    )


def means_of(metrics: pd.DataFrame, method: str, perturbation: str, level: float) -> pd.Series:
    rows = metrics.query(
        "dataset == 'mnist' and measure == 'accuracy' and method == @method"
        " and perturbation == @perturbation and level == @level"
    )
    return rows.groupby("replicate")["value"].mean()


def write(folder: Path, text: str) -> Path:
    (folder / "section.tex").write_text(text)
    return folder / "section.tex"


@pytest.mark.parametrize(
    ("at", "perturbation", "level"),
    [("", "none", 0), ("@0.1", "gaussian", 0.1), ("@pgd_l2:1.58", "pgd_l2", 1.58)],
)
def test_result_is_the_mean_over_replicates(
    results: Results, metrics: pd.DataFrame, at: str, perturbation: str, level: float
):
    mean = means_of(metrics, "gradient", perturbation, level).mean()
    key = f"mnist/gradient/accuracy{at}"
    assert results.result(key) == f"{mean:.4f}"
    low, high = map(float, re.findall(r"[\d.]+", results.resultci(key))[1:])
    assert results.resultci(key).startswith(f"{mean:.4f} [") and low < mean < high


def test_comparisons_are_paired_by_replicate(results: Results, metrics: pd.DataFrame):
    first, second = (means_of(metrics, name, "gaussian", 0.1) for name in ("gradient", "baseline"))
    key = "mnist/gradient/baseline/accuracy@0.1"
    mean = (first - second).mean()
    assert re.split(r" \[", results.difference(key))[0].strip("$") == f"{mean:.4f}"
    assert results.ratio(key).startswith(f"{(first / second).mean():.2f} [")


def test_settings_are_leaves_by_their_paths(results: Results):
    assert results.setting("seed") == "7"
    assert results.setting("rates") == "0.1, 2"
    assert results.setting("datasets.two_moons.label") == "Two moons"


def test_what_is_not_computed_is_not_counted(results: Results):
    computed = results.claims["verdict"] != "not computed"
    assert 0 < computed.sum() < len(CLAIMS)
    assert int(results.claimcount("all")) == computed.sum()
    assert results.claimcount("curves") == "0"


def test_counts_of_claims_add_up(results: Results):
    verdicts = results.claims["verdict"].replace("not computed", "inconclusive")
    results = replace(results, claims=results.claims.assign(verdict=verdicts))
    groups = ["documents", "predictions", "anchors", "causes"]
    count = {group: int(results.claimcount(group)) for group in [*groups, "all", "curves"]}
    assert count["all"] == len(CLAIMS) == sum(count[group] for group in groups)
    assert 0 < count["curves"] < count["documents"]
    for group in count:
        assert count[group] == sum(int(results.claimcount(f"{group}/{name}")) for name in VERDICTS)
    kinds = ["could fail", "cannot fail", "curves", "derived"]
    assert count["all"] == sum(int(results.claimcount(kind)) for kind in kinds)
    parts = [int(results.claimcount(f"documents+{kind}")) for kind in kinds]
    assert count["documents"] == sum(parts) and min(parts) > 0
    assert int(results.claimcount("P5")) == sum(claim.document == "P5" for claim in CLAIMS)
    assert {"all", "documents", "000", "curves"} in map(groups_of, CLAIMS)


def test_headline_claims_are_counted_where_they_could_fail(results: Results):
    rows = [claim.headline and claim.can_fail for claim in CLAIMS]
    assert results.claimcount("headline") == results.claimcount("headline+could fail")
    assert (
        int(results.claimcount("headline"))
        == (results.claims[rows]["verdict"] != "not computed").sum()
    )
    boston = results.claims[rows].query("document == '000'")["verdict"]
    for verdict in VERDICTS:
        assert int(results.claimcount(f"000+headline/{verdict}")) == (boston == verdict).sum()


def test_claims_are_quoted_as_they_were_judged(results: Results, judged):
    claim = "boston-outperforms"
    row = judged[0].loc[[c.id for c in CLAIMS].index(claim)]
    assert results.verdict(claim) == row["verdict"]
    assert results.finding(claim).startswith(f"{row['replicated']:.2f} [")


def test_ratios_and_shares_have_two_decimals(results: Results):
    assert {"p1-mnist-share", "boston-outperforms", "fashion-duration"} <= RATIOS
    assert "p1-mnist-beats" not in RATIOS
    claims = results.claims.assign(replicated=0.12345, ci_low=0.1, ci_high=0.2, replicates=3)
    claims = claims.assign(verdict="reproduced")
    known = replace(results, claims=claims)
    assert known.finding("p1-mnist-share") == "0.12 [0.10, 0.20]"
    assert known.finding("p1-mnist-beats") == "0.1235 [0.1000, 0.2000]"


def test_reported_numbers_are_those_of_the_documents(results: Results):
    assert results.reported("boston-gradient-noisy") == "0.0702"
    assert results.reported("boston-final-loss") == r"\num{2.92e-05}"


def test_facts_on_the_machine_are_quoted(results: Results):
    assert results.fact("processor") == r"A \& B"


def test_comparisons_are_quoted_with_their_correction(results: Results, judged):
    claim = "boston-outperforms"
    row = judged[1].loc[[c.id for c in COMPARED].index(claim)]
    assert results.probability(claim).startswith(f"{row['probability']:.2f} [")
    adjusted = row["p_holm"]
    assert results.holm(claim) == ("$<0.001$" if adjusted < 0.001 else f"{adjusted:.3f}")


def test_counts_of_comparisons(results: Results, judged):
    holds = judged[1]["holds_after_holm"].dropna()
    assert results.comparisoncount("tested") == str(len(holds))
    assert results.comparisoncount("hold") == str(int(holds.sum()))
    found = {c.id: verdict for c, verdict in zip(CLAIMS, judged[0]["verdict"], strict=True)}
    tested = judged[1].assign(id=[c.id for c in COMPARED]).loc[holds.index].set_index("id")
    lost = [
        name
        for name, row in tested.iterrows()
        if found[name] == "reproduced" and not row["holds_after_holm"]
    ]
    assert results.comparisoncount("lost") == str(len(lost))


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("result", "fashion_mnist/gradient/accuracy"),
        ("result", "mnist/gradient_tuned/accuracy"),
        ("resultci", "mnist/brier/accuracy"),
        ("result", "mnist/gradient/accuracy@0.15"),
        ("result", "mnist/brier_scaled/accuracy@pgd_l2:1.58"),
        ("result", "two_moons/deel_lip/mean_loss@epoch:1"),
        ("difference", "mnist/gradient/brier/accuracy"),
        ("ratio", "mnist/brier/gradient/accuracy"),
        ("setting", "datasets.fashion_mnist.epochs"),
        ("setting", "methods.gradient_tuned.batch_size"),
        ("timing", "mnist/baseline"),
        ("finding", "fashion-outperforms"),
        ("probability", "fashion-outperforms"),
        ("holm", "fashion-outperforms"),
    ],
)
def test_what_the_configuration_leaves_out_is_not_available(
    results: Results, tmp_path: Path, caplog: pytest.LogCaptureFixture, command: str, key: str
):
    file = write(tmp_path, rf"\{command}{{{key}}}")
    lines = list(numbers.definitions(results, numbers.quotations([file])))
    kind, rest = ("measured", "{}") if command in MEASURED else ("define", "")
    assert lines == [rf"\gradloss@{kind}{{{command}}}{{{key}}}{{n/a}}{rest}"]
    assert rf"{file}: not in these results: \{command}{{{key}}}" in caplog.text


@pytest.mark.parametrize(
    ("command", "key", "reason"),
    [
        ("result", "mnist/gradeint/accuracy", "the configuration has no method 'gradeint'"),
        ("result", "mnits/gradient/accuracy", "the configuration has no dataset 'mnits'"),
        ("ratio", "mnits/brier/gradient/accuracy", "the configuration has no dataset 'mnits'"),
        ("timing", "mnist/baselin", "the configuration has no method 'baselin'"),
        ("setting", "datasets.mnits.epochs", "'datasets' holds no 'mnits'"),
        ("setting", "methods.gradeint.loss", "'methods' holds no 'gradeint'"),
        ("result", "mnist/gradient/acuracy", "hold no measure 'acuracy'"),
        ("result", "mnist/accuracy", "it must be dataset/method/measure"),
        ("difference", "mnist/gradient/accuracy", "it must be dataset/method/method/measure"),
        ("timing", "mnist", "it must be dataset/method"),
        ("setting", "seeds", "'config' holds no 'seeds'"),
        ("setting", "datasets.mnist.epoch", "'datasets.mnist' holds no 'epoch'"),
        ("setting", "datasets.mnist", "it is no value"),
        ("verdict", "boston-wins", "no such claim"),
        ("holm", "boston-gradient-clean", "no such claim compares methods"),
        ("claimcount", "hopes", "no claim is in a group 'hopes'"),
        ("claimcount", "all/true", "no verdict is 'true'"),
        ("claimcount", "000+001", "no claim is in a group '000+001'"),
        ("comparisoncount", "found", "no such count"),
        ("version", "no-such-package", "no such package is installed"),
        ("machine", "colour", "no such fact; they are processor"),
        ("reported", "boston-wins", "no such claim"),
        ("reported", "boston-outperforms", "the document prints no number for this claim"),
    ],
)
def test_error_names_file_and_key(
    results: Results, tmp_path: Path, command: str, key: str, reason: str
):
    file = write(tmp_path, rf"\{command}{{{key}}}")
    with pytest.raises(UserError, match=re.escape(reason)) as caught:
        list(numbers.definitions(results, numbers.quotations([file])))
    assert rf"{file}: \{command}{{{key}}}: " in str(caught.value)


@pytest.mark.parametrize(
    "name", ["noise_bostn", "nois_boston", "headlin", "ablation_mnits", "noise_boston_"]
)
def test_a_misspelt_product_is_refused(tmp_path: Path, name: str):
    file = write(tmp_path, rf"\panel{{{name}}}{{A caption}} % \panel{{anything}}{{}}")
    with pytest.raises(UserError, match=rf"section.tex: .panel.{name}.: no script makes such"):
        numbers.refuse_unknown_products([file], ["boston", "mnist"])


def test_products_and_curves_that_are_left_out_are_known(tmp_path: Path):
    text = r"\onefigure{verdicts}{} \onetable{ablation_boston}{} \widepanel{attacks_mnist}{}"
    file = write(tmp_path, text + r"\cref{fig:training-boston,fig:training-mnist,fig:other}")
    numbers.refuse_unknown_products([file], ["boston", "mnist"])
    labels = list(numbers.absent_curves([file], ["boston", "diabetes"]))
    assert labels == [r"\AtBeginDocument{\gradloss@absent{figure}{fig:training-boston}}"]


def test_a_claim_that_is_left_out_is_not_misspelt(results: Results, monkeypatch):
    monkeypatch.setattr("gradloss.paper.quotations.LEFT_OUT", frozenset(["gone"]))
    assert results.verdict("gone") == "not computed"
    for quote in (results.finding, results.reported, results.probability, results.holm):
        with pytest.raises(LeftOutError):
            quote("gone")


def test_names_beside_the_configuration_are_those_of_claims_and_published_results():
    names = numbers.names_beside(pd.DataFrame({"dataset": ["old"], "method": ["older"]}))
    assert {"old", "older", "mnist", "hkr_robust", "deel_lip"} <= names


def test_text_is_searched_for_what_it_quotes(tmp_path: Path):
    text = r"""\result{a/b/c} and 5\,\% \setting{seed}, \outcome{claim} % \result{x/y/z}
    \byverdict{claim}{\result{d/e/f}}{}{} \results{q} \outcomes{one,claim,two}
    \newcommand{\outcome}[1]{\byverdict{#1}{}{}{}}"""
    file = write(tmp_path, text)
    found = [("result", "a/b/c"), ("setting", "seed"), ("verdict", "claim"), ("result", "d/e/f")]
    found += [("verdict", "one"), ("verdict", "two")]
    assert numbers.quotations([file]) == dict.fromkeys(found, file)


def test_every_command_that_quotes_a_verdict_is_searched_for():
    style = (ROOT / "paper/gradloss.sty").read_text()
    quoting = re.findall(r"\\newcommand\{\\(\w+)\}\[1\]\{\\byverdict\{#1\}", style)
    assert {"outcome", "reached"} == set(quoting) <= set(numbers.VERDICT_COMMANDS)


def test_claims_of_another_study_are_refused(judged):
    with pytest.raises(UserError, match=r"claims.csv does not hold the claims of claims.yaml"):
        numbers.by_claim(judged[0].iloc[1:], list(CLAIMS), Path("claims.csv"))


def test_script_writes_commands_notice_and_surrogate(
    metrics: pd.DataFrame, judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = r"\result{mnist/gradient/accuracy} \resultci{mnist/gradient/accuracy} \machine{cores}"
    file = write(tmp_path, text + r" \timing{mnist/gradient} \timing{total}")
    timings = {"seconds": 2.0, "steps": 100, "stacked": 5, "device": "CPU"}
    tables = {
        "metrics": metrics,
        "claims": judged[0],
        "comparisons": judged[1],
        "timings": pd.DataFrame([{"dataset": "mnist", "method": "gradient", **timings}]),
        "sources": pd.DataFrame([{"dataset": "trilotropicos", "source": "surrogate"}]),
        "machine": pd.DataFrame([{"cores": "2"}]),
        "published": pd.DataFrame({"dataset": [], "method": []}),
    }
    arguments = ["--text", file, "--settings", json.dumps(SETTINGS), "--output", tmp_path / "n.tex"]
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        arguments += [f"--{name}", tmp_path / f"{name}.csv"]
    monkeypatch.setattr(sys, "argv", ["write_numbers.py", *map(str, arguments)])
    numbers.main()
    lines = (tmp_path / "n.tex").read_text().splitlines()
    mean = means_of(metrics, "gradient", "none", 0).mean()
    assert rf"\gradloss@measured{{result}}{{mnist/gradient/accuracy}}{{{mean:.4f}}}{{}}" in lines
    start = rf"\gradloss@measured{{resultci}}{{mnist/gradient/accuracy}}{{{mean:.4f}}}{{ ["
    assert any(line.startswith(start) and line.endswith("]}") for line in lines)
    assert r"\gradloss@measured{timing}{mnist/gradient}{4.00}{}" in lines
    assert r"\gradloss@measured{timing}{total}{2~s}{}" in lines
    assert r"\gradloss@define{machine}{cores}{2}" in lines
    assert r"\newcommand*\notice{50 \% only}" in lines and r"\surrogatetrue" in lines
    assert r"\newcommand*\finding[1]{\gradloss@lookup{finding}{#1}}" in lines


def test_paper_quotes_what_the_shipped_configuration_computes():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["runs"] = {name: {} for name in config["datasets"]}
    for dataset, method in runs(config):
        config["runs"][dataset][method] = run_settings(config, dataset, method)
    claims = pd.DataFrame({"verdict": "inconclusive"}, index=[claim.id for claim in CLAIMS])
    empty = Results({}, config, claims, claims.loc[[claim.id for claim in COMPARED]], {}, 0.0, {})
    for (command, key), file in numbers.quotations(sorted(ROOT.glob("paper/**/*.tex"))).items():
        where = f"{file.name}: \\{command}{{{key}}}"
        if command == "setting":
            assert empty.setting(key), where
        elif command in ("verdict", "finding", "reported"):
            assert key in claims.index, where
        elif command in ("probability", "holm"):
            assert key in empty.comparisons.index, where
        elif key == "total":
            assert command == "timing", where
        elif command in ("result", "resultci", "difference", "ratio", "timing"):
            dataset, *methods = key.split("@")[0].split("/")
            methods = methods if command == "timing" else methods[:-1]
            entry = config["datasets"][dataset]
            known = {*entry["methods"], *([LIBRARY] if "library_replicates" in entry else [])}
            assert "linear" in entry["methods"] or set(methods) <= known, where
            if "@" in key:
                assert_evaluated(entry, methods, key.split("@")[1], where)


def assert_evaluated(entry: dict, methods: list[str], at: str, where: str) -> None:
    """The dataset evaluates the methods there: "name:level", "epoch:number" or a sigma."""
    perturbation, _, level = at.rpartition(":")
    kind, _, norm = perturbation.rpartition("_")
    if kind in ("pgd", "ensemble") or kind.startswith("audit") or perturbation == "subset":
        attacks = entry["attacks"]
        assert set(methods) <= set(attacks["methods"]), where
        grid = attacks["ensemble"].get(norm, 0) if kind != "pgd" else attacks[norm]
    elif kind == "certified":
        assert all(name.startswith("hkr") for name in methods), where
        grid = entry["certified"]
    elif kind == "corruption":
        assert norm in [*entry["corruptions"], "mean"], where
        grid = [1]
    elif perturbation == "epoch" and methods == [LIBRARY]:
        grid = [1]
    elif perturbation == "epoch":
        last = min(entry["methods"][method].get("epochs", entry["epochs"]) for method in methods)
        grid = list(range(1, min(20, last) + 1))
    else:
        grid = entry["noise"][perturbation or "gaussian"]
    assert np.isin(float(level), grid), where
