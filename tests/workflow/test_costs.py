"""A product costs what it shows: the data sets that its jobs touch, in a fresh clone."""

import re
from fnmatch import fnmatch

import pytest
import yaml
from study import ROOT, Study

DATASETS = set(yaml.safe_load((ROOT / "config.yaml").read_text())["datasets"])
NOISY = DATASETS - {"trilotropicos"}
IMAGES = {"mnist", "fashion_mnist"}
TOYS = {"two_moons", "two_circles"}
CLAIMED = {"boston", "fashion_mnist", "mnist", "trilotropicos", "two_moons"}

# Below results/: each kind of product, and the data sets that it shows.
PRODUCTS = {
    "metrics.csv": DATASETS,
    "attacks/mnist/gradient/0-4.npz": {"mnist"},
    "library/two_moons/hkr/0-4.csv": {"two_moons"},
    "claims.csv": CLAIMED,
    "claims/000.csv": {"boston"},
    "claims/003.csv": {"trilotropicos"},
    "claims/P5.csv": IMAGES,
    "timings.csv": NOISY,
    "tuning.csv": {"boston", "mnist"},
    "comparisons.csv": DATASETS,
    "design.csv": DATASETS,
    "coverage.csv": set(),
    "test_sampling.csv": IMAGES,
    "figures/noise_boston.pdf": {"boston"},
    "figures/training_two_moons.pdf": {"two_moons"},
    "figures/ablation_mnist.pdf": {"mnist"},
    "tables/ablation_mnist.tex": {"mnist"},
    "figures/length_boston.pdf": {"boston"},
    "tables/length_boston.tex": {"boston"},
    "figures/perturbations_mnist.pdf": {"mnist"},
    "figures/attacks_fashion_mnist.pdf": {"fashion_mnist"},
    "figures/corruptions_fashion_mnist.pdf": {"fashion_mnist"},
    "figures/frontier_mnist.pdf": {"mnist"},
    "figures/level_sets_two_circles.pdf": {"two_circles"},
    "figures/linear_fits_trilotropicos.pdf": {"trilotropicos"},
    "figures/verdicts.pdf": CLAIMED,
    "figures/headline.png": {"boston", "fashion_mnist"},
    "tables/linear.tex": {"trilotropicos"},
    "tables/leak.tex": {"boston", "boston_leak_free"},
    "tables/duality.tex": TOYS,
    "tables/lipschitz.tex": IMAGES | TOYS,
    "tables/attacks.tex": IMAGES,
    "tables/audit.tex": IMAGES,
    "tables/corruptions.tex": IMAGES,
    "tables/sweep.tex": NOISY,
    "tables/headline.tex": CLAIMED,
    "tables/protocol.tex": set(),
    "tables/linear.html": DATASETS,  # one job writes all pages
    "numbers.tex": DATASETS,
    "models/boston/gradient/0-9/replicate_000.keras": {"boston"},
    "models/boston/gradient/0-9.sha256": {"boston"},
    "histories/boston/gradient/0-9.csv": {"boston"},
    "level_sets/two_moons.npz": {"two_moons"},
    "provenance.json": DATASETS,
    "ro-crate/ro-crate-metadata.json": DATASETS,
    "notebooks/boston.html": {"boston"},
    "notebooks/two_moons.ipynb": {"two_moons"},
    "paper.pdf": DATASETS,
}
LIMITS = {"figures/noise_boston.pdf": 30, "tables/linear.tex": 8, "notebooks/boston.html": 30}


def touched(text: str) -> set[str]:
    """Data sets that are part of a path in the plan, as file or as folder."""
    return set(re.findall(r"/(\w+)(?=[/.])", text)) & DATASETS


def target_of(product: str) -> str:
    """A model is a file in the folder that a job makes."""
    return f"results/{product.removesuffix('/replicate_000.keras')}"


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_touches_the_data_sets_that_it_shows(shipped: Study, path_with_tex, product: str):
    outcome = shipped.plan(target_of(product), path=path_with_tex)
    assert touched(outcome.text) == PRODUCTS[product]
    assert sum(outcome.jobs.values()) <= LIMITS.get(product, 1000)


def products_of_readme() -> list[str]:
    """Patterns of the first column of its table of products, below results/."""
    rows = re.findall(r"^\| (`results/.+?) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
    found = []
    for row in rows:
        for name in re.findall(r"`([^` ]+\.(?!py)\w+)`", row):
            *folder, _ = found[-1].split("/") if found else [""]
            short = "/".join([*folder, name])
            found.append(name.removeprefix("results/") if name.startswith("results/") else short)
    return found


@pytest.mark.parametrize("pattern", products_of_readme())
def test_every_product_of_the_readme_is_among_them(pattern: str):
    is_of_a_rule = pattern != "report.html"
    assert any(fnmatch(name, pattern) for name in PRODUCTS) == is_of_a_rule
