import time

import psutil

from gradloss.support.progress import duration
from outcome import count_verdicts, surrogates

TEX_PACKAGES = "texlive-latex-extra texlive-science lmodern latexmk"
TEX_FILES = ["siunitx.sty", "lmodern.sty", "cleveref.sty", "natbib.sty"]


def tex_is_installed():
    if not all(map(shutil.which, ["latexmk", "pdflatex", "bibtex", "kpsewhich"])):
        return False
    return subprocess.run(["kpsewhich", *TEX_FILES], capture_output=True).returncode == 0


HAS_TEX = tex_is_installed()
PAPER = [f"{RESULTS}/paper.pdf"] if HAS_TEX else []


def report_outcome():
    """The last words of a run: where the paper is, what was found, and how long it took."""
    claims, paper = Path(f"{RESULTS}/claims.csv"), Path(f"{RESULTS}/paper.pdf")
    if not (claims.exists() and (paper.exists() or not HAS_TEX)):
        return
    for name in surrogates(Path(f"{RESULTS}/data_sources.csv")):
        print(
            f"warning: {DOWNLOADS}/{name}.npz is a surrogate, as no source served the data; delete"
            " it and run again to try them once more",
            file=sys.stderr,
        )
    took = duration(time.time() - psutil.Process().create_time())
    product = paper if paper.exists() else claims
    print(f"{product}: {count_verdicts(claims)}; {took}", file=sys.stderr)
    if not HAS_TEX and Path(f"{RESULTS}/numbers.tex").exists():
        print(
            f"Everything but the PDF is in {RESULTS}/: TeX is missing. Install the Debian packages"
            f" {TEX_PACKAGES} (or the same from TeX Live) and run again.",
            file=sys.stderr,
        )


# What the paper's numbers are taken from; see gradloss.paper.provenance.
QUOTED = [f"{RESULTS}/{table}.csv" for table in ("metrics", "claims", "comparisons", "machine")]


def provenance_settings(_wildcards):
    """Parameter: each product's rule, where that is defined, the configuration and the commit.

    A new commit that changes the sources thus writes the provenance and the paper anew.
    """
    makers = {
        file: next(maker for maker in workflow.rules if maker.is_producer(file))
        for file in FIGURES + TABLES + QUOTED + [f"{RESULTS}/provenance.tex"]
    }
    state = read_state(Path(workflow.basedir))
    return canonical_json(
        {
            "rules": {file: maker.name for file, maker in makers.items()},
            "defined_in": {
                maker.name: os.path.relpath(str(maker.snakefile), workflow.basedir)
                for maker in makers.values()
            },
            "configuration": STUDY,
            "config": sha256(canonical_json(STUDY).encode()).hexdigest(),
            "commit": str(state),
            "hash": state.commit,
            "swhid": state.swhid,
            "date": state.date,
            "repository": config["repository"],
        }
    )


rule describe_machine:
    input:
        script="scripts/paper/describe_machine.py",
        modules=digest_of_modules("scripts/paper/describe_machine.py"),
        timings=[path for dataset in NOISY for path in timings_of(dataset)],
    output:
        f"{RESULTS}/machine.csv",
    log:
        f"{RESULTS}/logs/describe_machine.log",
    benchmark:
        f"{RESULTS}/benchmarks/describe_machine.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Naming the machines that trained the models"
    shell:
        "{PYTHON:q} {input.script} --timings {input.timings} --output {output} > {log} 2>&1"


rule write_numbers:
    input:
        script="scripts/paper/write_numbers.py",
        modules=digest_of_modules("scripts/paper/write_numbers.py"),
        text=sorted(map(str, Path("paper").glob("**/*.tex"))),
        metrics=f"{RESULTS}/metrics.csv",
        claims=f"{RESULTS}/claims.csv",
        comparisons=f"{RESULTS}/comparisons.csv",
        timings=TIMINGS,
        published="paper/published.csv",
        sources=f"{RESULTS}/data_sources.csv",
        machine=f"{RESULTS}/machine.csv",
    output:
        f"{RESULTS}/numbers.tex",
    log:
        f"{RESULTS}/logs/write_numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_numbers.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
        gpu=0,
    params:
        settings=canonical_json(STUDY | {"runs": RUNS}),
    message:
        "Writing the numbers that the paper quotes"
    shell:
        "{PYTHON:q} {input.script} --text {input.text} --metrics {input.metrics}"
        " --claims {input.claims} --comparisons {input.comparisons}"
        " --timings {input.timings} --published {input.published} --sources {input.sources}"
        " --machine {input.machine}"
        " --settings {params.settings:q} --output {output} > {log} 2>&1"


rule write_provenance:
    input:
        script="scripts/paper/write_provenance.py",
        modules=digest_of_modules("scripts/paper/write_provenance.py"),
        numbers=f"{RESULTS}/numbers.tex",
        products=FIGURES + TABLES + QUOTED,
        timings=TIMINGS,
        lock="requirements.lock",
    output:
        json=reported_file("provenance.json"),
        latex=f"{RESULTS}/provenance.tex",
    log:
        f"{RESULTS}/logs/write_provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_provenance.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    params:
        settings=provenance_settings,
    message:
        "Writing what the paper is made from"
    shell:
        "{PYTHON:q} {input.script} --numbers {input.numbers} --settings {params.settings:q}"
        " --latex {output.latex} --output {output.json} > {log} 2>&1"


rule build_paper:
    input:
        script="scripts/paper/build_paper.py",
        modules=digest_of_modules("scripts/paper/build_paper.py"),
        main="paper/main.tex",
        text=sorted(map(str, Path("paper").glob("**/*.tex"))),
        style="paper/gradloss.sty",
        bibliography="paper/refs.bib",
        figures=FIGURES,
        tables=TABLES,
        provenance=f"{RESULTS}/provenance.tex",
    output:
        report(
            f"{RESULTS}/paper.pdf",
            caption="report/paper.rst",
            category="Paper",
            labels={"document": "Article"},
        ),
    log:
        f"{RESULTS}/logs/build_paper.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_paper.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
        gpu=0,
    params:
        results=RESULTS,
    message:
        "Building the paper"
    shell:
        "{PYTHON:q} {input.script} --main {input.main} --results {params.results} --output {output}"
        " > {log} 2>&1"


CRATE = f"{RESULTS}/ro-crate/ro-crate-metadata.json"


# Its folder is replaced as a whole, so that all files in it are of one run.
rule write_crate:
    input:
        script="scripts/paper/write_crate.py",
        modules=digest_of_modules("scripts/paper/write_crate.py"),
        provenance=f"{RESULTS}/provenance.json",
        products=FIGURES + TABLES + QUOTED,
        used=[TIMINGS, "requirements.lock"],
        paper=PAPER,
        workflow="Snakefile",
        citation="CITATION.cff",
        sources=f"{RESULTS}/data_sources.csv",
        machine=f"{RESULTS}/machine.csv",
    output:
        CRATE,
    log:
        f"{RESULTS}/logs/write_crate.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_crate.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        gpu=0,
    message:
        "Packing the results as an RO-Crate"
    shell:
        "{PYTHON:q} {input.script} --provenance {input.provenance} --paper {input.paper}"
        " --workflow {input.workflow} --citation {input.citation} --sources {input.sources}"
        " --machine {input.machine} --output {output} > {log} 2>&1"
