"""Every rule says what it does, where it logs and what it needs."""

import re
from pathlib import Path

import pytest
from study import ROOT

TARGETS = {"all", "data", "models", "paper", "figures", "tables", "notebooks"}
DIRECTIVES = {"message", "log", "benchmark", "threads"}
RESOURCES = {"mem_mb", "runtime", "gpu"}
STATED = {"collect_timings", "train_baseline", "train_hkr", "train_linear", "build_paper"}

# On a cluster these are submitted; every other rule is light, and says so by `localrule`.
SUBMITTED = {
    "tune_method",
    "tune_hkr",
    "train_gradient",
    "train_baseline",
    "train_hkr",
    "train_linear",
    "fit_library",
    "evaluate_run",
    "evaluate_hkr",
    "evaluate_linear",
    "compute_level_sets",
    "attack_run",
    "audit_attacks",
}

RULE = re.compile(r"^(?:use )?rule (\w+)(?: as (\w+) with)?:\n((?:(?: .*)?\n)*)", re.MULTILINE)


def stated_by_rules(text: str) -> dict[str, set[str]]:
    """Directives and resources of each rule; `use rule` inherits those that it does not state."""
    rules: dict[str, set[str]] = {}
    for name, alias, body in RULE.findall(text):
        own = set(re.findall(r"^    (\w+):", body, re.MULTILINE))
        block = re.search(r"^    resources:\n((?: {8}.*\n)+)", body, re.MULTILINE)
        own |= set(re.findall(r"^ {8}(\w+)=", block[1], re.MULTILINE)) if block else set()
        rules[alias or name] = own | (rules[name] if alias else set())
    return rules


def missing(text: str) -> dict[str, set[str]]:
    """What each rule lacks; rules that lack nothing are left out."""
    lacks = {
        name: (DIRECTIVES | RESOURCES) - stated
        for name, stated in stated_by_rules(text).items()
        if name not in TARGETS
    }
    return {name: absent for name, absent in lacks.items() if absent}


@pytest.fixture(scope="module")
def workflow_text() -> str:
    files: list[Path] = [ROOT / "Snakefile", *sorted((ROOT / "workflow").glob("*.smk"))]
    return "\n".join(file.read_text() + "\n" for file in files)


def test_every_rule_is_found(workflow_text: str):
    written = re.findall(r"^(?:use )?rule .*?(\w+)(?: with)?:$", workflow_text, re.MULTILINE)
    assert list(stated_by_rules(workflow_text)) == written
    assert set(written) >= STATED | TARGETS


def test_every_rule_states_message_log_benchmark_threads_and_resources(workflow_text: str):
    assert missing(workflow_text) == {}


@pytest.mark.parametrize("word", sorted(DIRECTIVES | RESOURCES))
def test_missing_statement_is_noticed(workflow_text: str, word: str):
    start = workflow_text.index("rule write_numbers:")
    pattern = rf"^( {{4}}{word}:| {{8}}{word}=).*\n"
    changed = re.sub(pattern, "", workflow_text[start:], count=1, flags=re.MULTILINE)
    assert missing(workflow_text[:start] + changed) == {"write_numbers": {word}}


def test_jobs_of_replicates_are_submitted_and_light_rules_are_local(workflow_text: str):
    rules = stated_by_rules(workflow_text)
    assert {name for name, stated in rules.items() if "localrule" in stated} == set(
        rules
    ) - SUBMITTED
