"""Pictures of an executed notebook in palettes, at a quarter of their size."""

import base64
import io

from nbformat import NotebookNode
from PIL import Image

COLOURS = 64  # of curves and of grey images, more cannot be told apart


def reduce_pictures(notebook: NotebookNode) -> None:
    """Give each PNG of the outputs a palette of `COLOURS`, in place; equal pictures stay equal."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture is not None:
                reduced = in_palette(base64.b64decode(picture))
                output.data["image/png"] = base64.b64encode(reduced).decode()


def in_palette(picture: bytes) -> bytes:
    """A PNG without transparency: the same picture if it has at most `COLOURS`, else a near one."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    reduced = io.BytesIO()
    image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(reduced, "PNG", optimize=True)
    return reduced.getvalue()
