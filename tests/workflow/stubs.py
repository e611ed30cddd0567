"""Parts of the shipped study, computed to the end by stubs in place of its scripts."""

import ast
import json
from pathlib import Path

import yaml
from study import ROOT, Finished, Study

# What of the shipped study is kept: each kind of dataset, method, arm and product.
KEPT = {
    "boston": ["gradient", "baseline", "gradient_per_example", "gradient_long", "weight_decay"],
    "boston_leak_free": ["gradient", "baseline"],
    "mnist": ["gradient", "baseline", "hkr_robust", "hkr_certified", "hkr_margin_05", "brier"],
    "two_moons": ["gradient", "baseline", "hkr"],
    "trilotropicos": ["linear"],
}
ATTACKED = ["gradient", "hkr_robust"]

# Creates the outputs that its arguments name. What the script imports is imported never, but the
# workflow, which reads imports, sees that the job depends on it.
STUB = """
import sys
from pathlib import Path

import gradloss

given = dict(zip(sys.argv, sys.argv[1:]))
if Path(sys.argv[0]).name.startswith("train"):
    models = given.pop("--models")
    Path(models).mkdir()
    for output in (f"{{models}}.sha256", given.get("--history", models)):
        Path(output).touch()
outputs = {{"--output", "--timing", "--latex", "--page"}}
if Path(sys.argv[0]).name.startswith(("evaluate", "attack")):
    outputs.add("--correct")
for option in given.keys() & outputs:
    Path(given[option]).touch()
if "--pages" in given:
    for page in sys.argv[sys.argv.index("--pages") + 1 :]:
        Path(page).touch()


def never():
    {imports}
"""


def stub_of(script: Path) -> str:
    """What takes the place of a script."""
    tree = ast.parse(script.read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return STUB.format(imports="\n    ".join(map(ast.unparse, nodes)))


def cut(config: dict) -> dict:
    """The parts that are kept; values that YAML shares become values of their own."""
    datasets = {name: dict(config["datasets"][name]) for name in KEPT}
    for name, methods in KEPT.items():
        datasets[name]["methods"] = {key: datasets[name]["methods"][key] for key in methods}
    datasets["mnist"]["attacks"] = {**datasets["mnist"]["attacks"], "methods": ATTACKED}
    return json.loads(json.dumps({**config, "datasets": datasets}))


def run_stubs(folder: Path, path: str) -> Finished:
    """Cut the study, put stubs in place of its scripts, and run it in an empty folder."""
    config = cut(yaml.safe_load((ROOT / "config.yaml").read_text()))
    study = Study.from_repository(folder, path, config)
    for script in (folder / "scripts").rglob("*.py"):
        script.write_text(stub_of(script))
    outcome = study.snakemake()
    assert outcome.code == 0, outcome.text
    return Finished(study, outcome)
