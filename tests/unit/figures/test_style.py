"""One look for every figure."""

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from gradloss.figures import style


def luminance(colour):
    """CIE lightness L* of a colour (IEC 61966-2-1 for sRGB), 0 to 100."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y


def test_styles_follow_the_order_and_not_the_name():
    first, second = style.method_styles(["x", "y"]), style.method_styles(["p", "q", "r"])
    assert list(first.values()) == list(second.values())[:2]


def test_a_method_of_several_figures_looks_the_same_in_all():
    first = style.method_styles(["gradient", "baseline", "hkr_robust", "mine"])
    second = style.method_styles(["other", "hkr_robust", "brier", "gradient"])
    assert first["gradient"] == second["gradient"]
    assert first["hkr_robust"] == second["hkr_robust"]
    for looks in (first, second):
        assert len(set(looks.values())) == 4


def test_two_methods_of_one_place_are_told_apart():
    looks = style.method_styles(["gradient", "gradient_per_example"])
    assert looks["gradient"] == style.method_styles(["gradient"])["gradient"]
    assert looks["gradient_per_example"] != looks["gradient"]


def test_many_methods_stay_distinct():
    looks = style.method_styles([f"method{number}" for number in range(20)]).values()
    assert len({(look.color, look.marker) for look in looks}) == 20
    assert len({(look.linestyle, look.marker) for look in looks}) == 20


def test_methods_of_the_study_are_told_apart_in_grey():
    looks = list(style.method_styles(["a", "b", "c", "d"]).values())
    for one, other in combinations(looks, 2):
        assert abs(luminance(one.color) - luminance(other.color)) > 15
        assert one.linestyle != other.linestyle and one.marker != other.marker


def draw(path, values=(1.0, 2.0)):
    with style.pdf_figure(path, style.HALF_WIDTH, 2.0) as figure:
        figure.subplots().plot(values, label="curve")


def test_pdf_has_the_stated_size_and_embeds_truetype(tmp_path):
    draw(tmp_path / "figures" / "a.pdf")
    content = (tmp_path / "figures" / "a.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 226.8 144 ]" in content
    assert b"/Subtype /CIDFontType2" in content or b"/Subtype /TrueType" in content


def test_equal_drawings_give_equal_bytes_without_a_date(tmp_path):
    draw(tmp_path / "a.pdf")
    draw(tmp_path / "b.pdf")
    draw(tmp_path / "c.pdf", (1.0, 3.0))
    first, second, third = ((tmp_path / f"{name}.pdf").read_bytes() for name in "abc")
    assert first == second != third
    assert b"CreationDate" not in first


def test_a_matplotlibrc_of_the_user_has_no_say(tmp_path, monkeypatch):
    draw(tmp_path / "a.pdf")
    for name, value in {"axes.grid": True, "savefig.bbox": "tight", "lines.color": "red"}.items():
        monkeypatch.setitem(matplotlib.rcParams, name, value)
    draw(tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_figure_that_fails_leaves_nothing(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        style.pdf_figure(tmp_path / "a.pdf", style.TEXT_WIDTH, 2.0),
    ):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def curve(epochs):
    values = np.arange(epochs, dtype=float)
    columns = {"replicate": 0, "measure": "accuracy", "value": values}
    return pd.DataFrame({"epoch": 1 + np.arange(epochs), **columns})


@pytest.mark.parametrize(("epochs", "points"), [(1, 1), (200, 200), (1000, 200)])
def test_long_training_curve_is_drawn_at_some_of_its_epochs(epochs, points):
    look = style.method_styles(["a"])["a"]
    line = style.draw_history(Figure().subplots(), curve(epochs), look)
    x, y = line.get_data()
    assert len(x) == points
    assert (x[0], x[-1]) == (1, epochs)
    assert list(y) == [epoch - 1 for epoch in x]


@pytest.mark.parametrize(("ends", "in_legend"), [((1.0, 2.0), False), ((1.0, 1.01), True)])
def test_names_stand_at_the_curves_unless_they_would_collide(ends, in_legend):
    axes = Figure(figsize=(3.2, 2.3)).subplots()
    curves = {f"curve {end}": axes.plot([0, 1], [0, end])[0] for end in ends}
    style.label_curves(axes, curves)
    assert (axes.get_legend() is not None) == in_legend
    assert [text.get_text() for text in axes.texts] == ([] if in_legend else list(curves))


@pytest.mark.parametrize("values", [(0.21, 0.34), (0.02, 0.9), (1e-4, 2.0)])
def test_log_ticks_are_plain_decimals(values):
    figure = Figure()
    axes = figure.subplots()
    axes.plot(values)
    style.set_log_scale(axes)
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    labels = [axes.yaxis.get_major_formatter()(tick) for tick in ticks]
    assert len(ticks) >= 3
    assert [float(label) for label in labels] == pytest.approx(ticks)
