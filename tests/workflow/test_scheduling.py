"""Snakemake looks for jobs to start about as often as jobs end, however many wait."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from snakemake.exceptions import WorkflowError
from study import ROOT

sys.path.insert(0, str(ROOT / "workflow"))
from scheduling import look_when_jobs_end

JOBS = 200
# Counts the looks of the scheduler; the jobs are short and two at a time, so most of them wait.
SNAKEFILE = """
import sys

sys.path.insert(0, {folder!r})
from scheduling import look_when_jobs_end

looks = []


rule all:
    input: expand("made/{{number}}", number=range({jobs}))


rule make:
    output: "made/{{number}}"
    shell: "touch {{output}}"


onstart:
    if {mended}:
        look_when_jobs_end(workflow.scheduler)
    select = workflow.scheduler.job_selector
    workflow.scheduler.job_selector = lambda jobs: looks.append(1) or select(jobs)


onsuccess: print(f"looks: {{len(looks)}}")
"""


def looks(folder, mended):
    text = SNAKEFILE.format(folder=str(ROOT / "workflow"), jobs=JOBS, mended=mended)
    (folder / "Snakefile").write_text(text)
    command = [sys.executable, "-m", "snakemake", "--cores=2", "--directory", folder]
    command.append("--max-jobs-per-timespan=10000/50ms")  # timers as short as the jobs
    finished = subprocess.run(
        [*command, "--snakefile", folder / "Snakefile"], capture_output=True, text=True, cwd=folder
    )
    assert finished.returncode == 0, finished.stderr
    assert len(list((folder / "made").iterdir())) == JOBS
    return int(re.search(r"^looks: (\d+)$", finished.stdout, re.MULTILINE)[1])


def test_a_backlog_does_not_multiply_the_looks(tmp_path):
    assert JOBS / 2 <= looks(tmp_path, mended=True) <= 3 * JOBS


def test_a_scheduler_without_such_a_limit_is_refused_in_words():
    with pytest.raises(WorkflowError, match=r"install the version of requirements\.lock"):
        look_when_jobs_end(SimpleNamespace())


def test_the_workflow_lifts_the_limit():
    start = (ROOT / "workflow/start.smk").read_text()
    begin_run = start[start.index("def begin_run") :]
    assert "look_when_jobs_end(workflow.scheduler)" in begin_run
    assert "onstart:\n    begin_run()\n" in (ROOT / "Snakefile").read_text()
