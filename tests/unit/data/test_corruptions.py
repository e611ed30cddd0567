"""Kinds of corruption, against what they must do to simple images."""

import numpy as np
import pytest
import yaml
from project import ROOT

from gradloss.data.corruptions import CORRUPTIONS, corrupt, corrupt_test_part
from gradloss.data.pool import Pool
from gradloss.support.errors import UserError

SCHEMA = ROOT / "workflow/config.schema.yaml"
COUNT = 40


def corrupted(kind, images, seed=0):
    """In [0, 1], and exact to half a byte."""
    return corrupt(np.asarray(images, np.float32), kind, np.random.default_rng(seed)) / 255


def white(count=COUNT, value=1.0):
    return np.full((count, 28, 28), value)


def disk(count=COUNT, radius=8.0):
    rows, columns = np.mgrid[:28, :28] - 13.5
    return np.repeat((rows**2 + columns**2 <= radius**2)[None].astype(float), count, axis=0)


def point(row, column, count=COUNT):
    images = np.zeros((count, 28, 28))
    images[:, row, column] = 1
    return images


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_every_kind_gives_other_images_of_bytes_that_the_seed_decides(kind):
    images = np.random.default_rng(3).random((5, 28, 28), dtype=np.float32) * disk(5)
    images = images.astype(np.float32)
    before = images.copy()
    first, again = (corrupt(images, kind, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(images, before)
    assert first.dtype == np.uint8 and first.shape == images.shape
    np.testing.assert_array_equal(first, again)
    assert np.all(np.any(np.abs(first / 255 - images) > 0.1, axis=(1, 2)))
    drawn = kind not in ("scale", "brightness", "stripe", "canny_edges")
    other = corrupt(images, kind, np.random.default_rng(2))
    assert np.array_equal(first, other) != drawn


def test_shot_noise_counts_thirds_of_white_and_keeps_the_mean_of_grey():
    np.testing.assert_allclose(
        np.unique(corrupted("shot_noise", white())), [0, 1 / 3, 2 / 3, 1], atol=1e-9
    )
    grey = corrupted("shot_noise", white(value=0.1))
    # Poisson of mean 0.3, which exceeds 3 too seldom to matter here; variance 0.3 / 9.
    assert grey.mean() == pytest.approx(0.1, abs=5 * np.sqrt(0.3 / 9 / grey.size) + 1e-4)
    np.testing.assert_array_equal(corrupted("shot_noise", white(value=0)), 0)


def test_impulses_are_black_and_white_alike_and_spare_the_rest():
    noisy = corrupted("impulse_noise", white(value=0.6))
    deviation = np.sqrt(0.085 * 0.915 / noisy.size)
    for value in (0, 1):
        assert np.mean(noisy == value) == pytest.approx(0.085, abs=5 * deviation)
    assert set(np.unique(noisy)) == {0, 0.6, 1}


@pytest.mark.parametrize("kind", ["glass_blur", "motion_blur"])
def test_blurs_keep_flat_images_and_the_light_of_others(kind):
    np.testing.assert_allclose(corrupted(kind, white(value=0.4)), 0.4)
    light = corrupted(kind, disk(radius=4)).sum(axis=(1, 2))
    np.testing.assert_allclose(light, disk(1, radius=4).sum(), rtol=0.02)


def test_motion_smears_a_point_to_one_side_as_a_gaussian_of_three_pixels():
    smeared = corrupted("motion_blur", point(14, 25))
    weights = np.exp(-(np.arange(21) ** 2) / 18)
    # On a slant two steps can round to one pixel.
    brightest = smeared.max(axis=(1, 2))
    assert brightest.min() == pytest.approx(1 / weights.sum(), abs=0.002)
    assert brightest.max() < 2 / weights.sum()
    np.testing.assert_allclose(smeared.sum(axis=(1, 2)), 1, atol=0.03)
    rows, columns = np.mgrid[:28, :28]
    # Away from the point within 45 degrees, so never right of it and never steeper.
    assert np.all(smeared[:, columns > 25] == 0)
    assert np.all(smeared[:, np.abs(rows - 14) > 25 - columns] == 0)
    assert len({tuple(image.ravel()) for image in smeared}) > COUNT / 2


def test_glass_moves_a_point_by_some_pixels_differently_in_every_image():
    blurred = corrupted("glass_blur", point(20, 20))
    centres = np.tensordot(blurred, np.mgrid[:28, :28], axes=([1, 2], [1, 2]))
    moved = np.abs(20 - centres / blurred.sum(axis=(1, 2))[:, None])
    assert moved.std() > 0.1
    assert np.median(moved) < 3


def test_translation_moves_every_pixel_by_three_both_ways():
    moved = corrupted("translate", point(10, 15))
    places = {tuple(place[1:]) for place in np.argwhere(moved == 1)}
    assert places == {(10 + down, 15 + right) for down in (-3, 3) for right in (-3, 3)}
    assert np.all(moved.sum(axis=(1, 2)) == 1)


def test_rotation_and_shear_keep_the_centre_and_turn_to_both_sides():
    upright = np.zeros((COUNT, 28, 28))
    upright[:, 4:24, 13:15] = 1
    rows, columns = np.mgrid[:28, :28] - 13.5
    for kind, slope in (("rotate", np.tan(0.4)), ("shear", np.sin(0.4))):
        turned = corrupted(kind, upright)
        light = turned.sum(axis=(1, 2))
        np.testing.assert_allclose((turned * rows).sum(axis=(1, 2)) / light, 0, atol=0.02)
        np.testing.assert_allclose((turned * columns).sum(axis=(1, 2)) / light, 0, atol=0.02)
        slopes = (turned * rows * columns).sum(axis=(1, 2)) / (turned * rows**2).sum(axis=(1, 2))
        np.testing.assert_allclose(np.abs(slopes), slope, rtol=0.03)
        assert set(np.sign(slopes)) == {-1, 1}


def test_a_disk_looks_the_same_rotated():
    rows, columns = np.mgrid[:28, :28] - 13.5
    smooth = np.exp(-(rows**2 + columns**2) / 40)
    turned = corrupted("rotate", np.repeat(smooth[None], COUNT, axis=0))
    np.testing.assert_allclose(turned, np.broadcast_to(smooth, turned.shape), atol=0.015)


def test_scaling_shrinks_the_area_by_half():
    ratio = corrupted("scale", disk()).sum() / disk().sum()
    assert ratio == pytest.approx(0.7**2, rel=0.01)


def test_brightness_adds_one_half():
    images = np.array([0, 0.2, 0.5, 0.9])[:, None, None] * white(4)
    np.testing.assert_allclose(
        corrupted("brightness", images)[:, 0, 0], [0.5, 0.7, 1, 1], atol=1 / 255
    )


def test_stripes_invert_seven_columns_on_either_side():
    striped = corrupted("stripe", white())
    np.testing.assert_array_equal(striped[:, :, :7], 0)
    np.testing.assert_array_equal(striped[:, :, 7:21], 1)
    np.testing.assert_array_equal(striped[:, :, 21:], 0)


def test_fog_is_a_smooth_light_below_three_quarters_of_the_brightest_pixel():
    dark = disk(radius=3)
    foggy = corrupted("fog", dark)
    outside = dark[0] == 0
    assert foggy[:, outside].min() >= 0 and foggy[:, outside].max() <= 0.75
    fog = foggy - dark / 4
    assert np.abs(np.diff(fog, axis=1)).mean() < 0.1 * fog.std()
    assert fog.mean(axis=(1, 2)).std() > 0.02
    np.testing.assert_array_equal(corrupted("fog", white(value=0)), 0)


def test_spatter_covers_a_part_in_dark_grey():
    spattered = corrupted("spatter", white())
    assert set(np.unique((spattered * 255).astype(int))) <= set(range(63, 256))
    covered = np.mean(spattered < 0.5)
    assert 0.02 < covered < 0.3
    # On black only the drops are seen, none brighter than the paint.
    drops = corrupted("spatter", white(value=0))
    assert drops.max() == pytest.approx(63 / 255)
    np.testing.assert_array_equal(drops > 0, spattered < 1)


def test_a_dotted_line_has_seven_dashes_of_two_columns_and_one_height_per_column():
    lines = corrupted("dotted_line", white(value=0))
    columns = lines.max(axis=1) > 0
    expected = (np.arange(28) // 2 % 2 == 1) & (np.arange(28) < 27)
    np.testing.assert_array_equal(columns, np.broadcast_to(expected, columns.shape))
    heights = (lines * np.arange(28)[:, None]).sum(axis=1) / np.maximum(lines.sum(axis=1), 1e-9)
    inner = [image[expected] for image in heights if np.all(image[expected] > 2)]
    inner = [image for image in inner if image.max() < 25]
    assert len(inner) > 5
    for image in inner:
        line = np.polyfit(np.flatnonzero(expected), image, 1)
        np.testing.assert_allclose(np.polyval(line, np.flatnonzero(expected)), image, atol=0.6)


def test_a_zigzag_swings_by_two_pixels_about_a_line_that_is_nearly_level():
    lines = corrupted("zigzag", white(value=0))
    assert np.all(lines[:, :, :2] == 0) and np.all(lines[:, :, 26:] == 0)
    weight = lines.sum(axis=1)[:, 2:25]
    heights = (lines * np.arange(28)[:, None]).sum(axis=1)[:, 2:25] / np.maximum(weight, 1e-9)
    inside = [h for h in heights if h.min() > 4 and h.max() < 23]
    assert len(inside) > 5
    for image in inside:
        rest = image - np.polyval(np.polyfit(np.arange(23), image, 1), np.arange(23))
        assert 1.5 < np.abs(rest).max() < 3
        # Three falls and three rises: it crosses its axis at least five times.
        assert 5 <= np.sum(np.diff(np.sign(rest)) != 0) <= 9


def test_edges_are_the_thin_outline_of_a_square_and_nothing_of_a_flat_image():
    np.testing.assert_array_equal(corrupted("canny_edges", white(value=0.5)), 0)
    square = np.zeros((2, 28, 28))
    square[0, 8:20, 8:20] = 1
    edges = corrupted("canny_edges", square)[0]
    assert set(np.unique(edges)) == {0, 1}
    np.testing.assert_array_equal(edges, edges.T)
    np.testing.assert_array_equal(edges, edges[::-1])
    # Along its sides, within a pixel of the step, one or two pixels wide.
    assert np.all(edges[14] == edges[13])
    assert set(np.flatnonzero(edges[14])) <= {7, 8, 19, 20}
    assert edges[14, 7:9].sum() >= 1 and edges[14, 19:21].sum() >= 1
    assert not edges[10:18, 10:18].any()


def test_faint_edges_are_kept_only_where_they_touch_a_strong_one():
    faint = np.zeros((3, 28, 28))
    # Sobel of a step of height h, smoothed: about 4 h by sqrt(2 pi) times 2.
    faint[0, :, 14:] = 0.05
    faint[1, :, 14:] = np.linspace(0.05, 0.2, 28)[:, None]
    faint[2, :, 14:] = 0.02
    edges = corrupted("canny_edges", faint)
    assert not edges[0].any() and not edges[2].any()
    assert np.all(edges[1, 1:-1].any(axis=1))


def test_a_test_part_is_corrupted_once_whatever_stands_beside_it():
    x = np.random.default_rng(0).random((9, 784), dtype=np.float32)
    pool = Pool(x, np.zeros(9, np.int64), n_train=6)
    several = corrupt_test_part(pool, ["stripe", "rotate"], 5, "mnist")
    (alone,) = corrupt_test_part(pool, ["rotate"], 5, "mnist").values()
    assert list(several) == ["stripe", "rotate"]
    assert alone.shape == (3, 784) and alone.dtype == np.uint8
    np.testing.assert_array_equal(several["rotate"], alone)
    strange = corrupt_test_part(pool, ["shot_noise"], 6, "mnist")["shot_noise"]
    assert not np.array_equal(
        strange, corrupt_test_part(pool, ["shot_noise"], 5, "mnist")["shot_noise"]
    )


@pytest.mark.parametrize(("width", "n_train"), [(784, 0), (13, 6)])
def test_what_is_no_fixed_test_part_of_images_is_refused(width, n_train):
    pool = Pool(np.zeros((9, width), np.float32), np.zeros(9, np.int64), n_train)
    with pytest.raises(UserError, match="boston has not; remove `corruptions`"):
        corrupt_test_part(pool, ["stripe"], 5, "boston")


def test_the_schema_knows_the_kinds():
    dataset = yaml.safe_load(SCHEMA.read_text())["$defs"]["dataset"]["properties"]
    assert dataset["corruptions"]["items"]["enum"] == list(CORRUPTIONS)
