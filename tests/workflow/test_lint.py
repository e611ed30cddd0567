"""Snakemake's own linter has nothing to say but what CONTRIBUTING.md answers."""

from study import Study

ANSWERED = (
    "Shell command directly uses variable PYTHON from outside of the rule",
    "Specify a conda environment or container for each rule.",
    "Mixed rules and functions in same snakefile.",
    "Param results is a prefix of input or output file but hardcoded",
    "Environment variable GRADLOSS_RUN used but not asserted",
)


def test_the_linter_finds_what_is_answered_and_no_more(shipped: Study):
    outcome = shipped.snakemake("--lint")
    remarks = [line[6:] for line in outcome.text.splitlines() if line.startswith("    * ")]
    kinds = {kind for kind in ANSWERED for remark in remarks if remark.startswith(kind)}
    assert kinds == set(ANSWERED)
    assert [remark for remark in remarks if not remark.startswith(ANSWERED)] == []
