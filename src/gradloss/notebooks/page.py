"""An executed notebook as one HTML page that fetches nothing from the network."""

import base64
import copy
import html
import io
import re

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from gradloss.support.errors import UserError

# JupyterLab's page without the scripts that its formulas and diagrams are fetched with.
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
main { max-width: 60rem; margin: 0 auto; }
.jp-RenderedHTMLCommon .formula { text-align: center; }
.jp-RenderedHTMLCommon .dataframe :is(td, thead th) { white-space: nowrap; }
.jp-RenderedHTMLCommon .dataframe tbody th { text-align: left; font-weight: normal; }
</style>
{%- endblock -%}
{%- block data_png -%}
{{ super() | replace("<img ", '<img alt="' ~ cell.metadata.get("alt", "") | escape ~ '" ') }}
{%- endblock -%}
"""
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>.+?)\$", re.DOTALL)
FORMULA_SIZE = 16  # pixels


def as_page(notebook: NotebookNode) -> str:
    """HTML text of a notebook; figures, formulas and styles are within it.

    Args:
        notebook: Executed. It starts with its title, and cells that show a figure describe it
            in their metadata as `alt`.

    Raises:
        UserError: If Matplotlib cannot draw a formula.
    """
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    drawn = copy.deepcopy(notebook)
    for cell in drawn.cells:
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_draw_formula, cell.source)
    exporter = HTMLExporter(raw_template=TEMPLATE, exclude_anchor_links=True)
    page, _ = exporter.from_notebook_node(drawn, {"metadata": {"name": title}})
    return page


def _draw_formula(match: re.Match[str]) -> str:
    """An image of a formula in LaTeX, which browsers cannot show by themselves."""
    if match["block"] is None:
        return _image(match["inline"].strip())
    return f'<p class="formula">{_image(match["block"].strip())}</p>'


def _image(formula: str) -> str:
    text = f"${' '.join(formula.split())}$"
    font = FontProperties(size=FORMULA_SIZE, math_fontfamily="stix")
    try:
        width, height, depth, *_ = MathTextParser("path").parse(text, dpi=72, prop=font)
    except ValueError as error:
        raise UserError(
            f"the formula {text} cannot be drawn; write it with the LaTeX that Matplotlib knows"
        ) from error
    figure = Figure(figsize=(width / 72, height / 72))
    figure.text(0, depth / height, text, fontproperties=font)
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "formula"}):  # names of glyphs, random otherwise
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    data = base64.b64encode(file.getvalue()).decode()
    look = f"width: {width:.1f}px; height: {height:.1f}px; vertical-align: -{depth:.1f}px"
    alt = html.escape(formula)
    return f'<img alt="{alt}" style="{look}" src="data:image/svg+xml;base64,{data}">'
