TEX_PACKAGES = "texlive-latex-extra texlive-science lmodern latexmk"
TEX_FILES = ["siunitx.sty", "lmodern.sty", "cleveref.sty", "natbib.sty"]


def tex_is_installed():
    if not all(map(shutil.which, ["latexmk", "pdflatex", "bibtex", "kpsewhich"])):
        return False
    return subprocess.run(["kpsewhich", *TEX_FILES], capture_output=True).returncode == 0


HAS_TEX = tex_is_installed()
PAPER = [f"{RESULTS}/paper.pdf"] if HAS_TEX else []


def report_outcome():
    """The last words of a run: where the paper is, or what it needs."""
    if Path(f"{RESULTS}/paper.pdf").exists():
        print(f"The paper is {RESULTS}/paper.pdf", file=sys.stderr)
    elif not HAS_TEX and Path(f"{RESULTS}/numbers.tex").exists():
        print(
            f"Everything but the PDF is in {RESULTS}/: TeX is missing. Install the Debian packages"
            f" {TEX_PACKAGES} (or the same from TeX Live) and run again.",
            file=sys.stderr,
        )


rule build_paper:
    input:
        script="scripts/build_paper.py",
        modules=modules_of("scripts/build_paper.py"),
        main="paper/main.tex",
        text=sorted(map(str, Path("paper").glob("**/*.tex"))) + ["paper/refs.bib"],
        figures=FIGURES,
        tables=TABLES,
    output:
        f"{RESULTS}/paper.pdf",
    log:
        f"{RESULTS}/logs/build_paper.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_paper.tsv"
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
        "{PYTHON} {input.script} --main {input.main} --results {params.results} --output {output}"
        " > {log} 2>&1"
