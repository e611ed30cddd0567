"""Pictures of notebooks in palettes: what is drawn stays as it was, in fewer bytes."""

import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from gradloss.notebooks.pictures import COLOURS, in_palette, reduce_pictures


def png(colours: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG")
    return file.getvalue()


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def shades(count: int) -> np.ndarray:
    """A picture, uint8 [64, 64, 4], with that many colours, white among them."""
    steps = np.linspace(0, 255, count).astype(np.uint8)
    colours = np.stack([steps, steps, np.maximum(steps, 9), np.full(count, 255)], axis=1)
    return colours[np.random.default_rng(0).integers(0, count, (64, 64))].astype(np.uint8)


def test_a_picture_of_few_colours_stays_as_it_is():
    picture = png(shades(60))
    reduced = in_palette(picture)
    np.testing.assert_array_equal(pixels(reduced), pixels(picture))
    assert len(reduced) < len(picture)
    assert Image.open(io.BytesIO(reduced)).mode == "P"


def test_a_picture_of_many_colours_has_near_ones_and_its_white():
    colours = np.random.default_rng(0).integers(100, 140, (64, 64, 4)).astype(np.uint8)
    colours[..., 3] = 255
    colours[:8] = 255
    reduced = pixels(in_palette(png(colours)))
    assert len(np.unique(reduced.reshape(-1, 3), axis=0)) <= COLOURS
    assert np.abs(reduced - colours[..., :3].astype(int)).max() <= 16
    assert (reduced[:8] == 255).all()


def test_pictures_of_a_notebook_are_reduced_and_nothing_else():
    picture = base64.b64encode(png(shades(20))).decode()
    shown = nbformat.v4.new_output(
        "display_data", {"image/png": picture, "text/plain": "Figure"}, metadata={"width": 32}
    )
    said = nbformat.v4.new_output("stream", text="a line")
    code = nbformat.v4.new_code_cell("plot()", outputs=[shown, said])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T"), code])
    reduce_pictures(notebook)
    first, second = notebook.cells[1].outputs
    assert len(first.data["image/png"]) < len(picture)
    assert pixels(base64.b64decode(first.data["image/png"])).shape == (64, 64, 3)
    assert (first.data["text/plain"], first.metadata.width) == ("Figure", 32)
    assert second == said
    nbformat.validate(notebook)
    once = first.data["image/png"]
    reduce_pictures(notebook)
    assert first.data["image/png"] == once


def test_what_is_no_picture_is_refused():
    with pytest.raises(OSError, match="cannot identify image file"):
        in_palette(b"no picture")
