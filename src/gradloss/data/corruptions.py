"""The corruptions of MNIST-C, drawn anew for grey images of 28 x 28 pixels.

Mu and Gilmer (2019, arXiv 1906.02337) chose fifteen kinds that leave the class of a digit plain to
a person, each at one severity. Kinds and severities here are theirs. A kind is a function of
images float32 [N, 28, 28] in [0, 1] and a generator, and gives images of the same shape; `corrupt`
brings them back to [0, 1].
"""

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from scipy import ndimage

from gradloss.data.pool import Pool
from gradloss.support.errors import UserError
from gradloss.support.seeds import derive_seed

SIDE = 28  # pixels
CENTRE = np.full(2, (SIDE - 1) / 2)
FOG_BATCH = 100  # height maps at a time, which take 26 MB

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def corrupt(images: np.ndarray, kind: str, generator: np.random.Generator) -> np.ndarray:
    """Corrupted images, rounded to bytes as those of MNIST-C.

    Args:
        images: float32 [N, 28, 28] in [0, 1].
        kind: Key of `CORRUPTIONS`.
        generator: Draws what differs between the images.

    Returns:
        uint8 [N, 28, 28].
    """
    corrupted = CORRUPTIONS[kind](images, generator)
    return np.round(255 * np.clip(corrupted, 0, 1)).astype(np.uint8)


def corrupt_test_part(
    pool: Pool, kinds: Iterable[str], root_seed: int, dataset: str
) -> dict[str, np.ndarray]:
    """The test part under each kind of corruption, one set for all replicates and methods.

    Args:
        pool: Images in [0, 1] with a fixed test part.
        kinds: Keys of `CORRUPTIONS`.
        root_seed: Root of every random draw.
        dataset: Name of the dataset.

    Returns:
        By kind, uint8 of the shape of the test inputs.

    Raises:
        UserError: If the inputs are no such images, or each replicate has its own test part.
    """
    tested = pool.x[pool.n_train :]
    if not pool.n_train or tested[0].size != SIDE * SIDE:
        raise UserError(
            f"corruptions need a fixed test part of {SIDE} x {SIDE} pixels, which {dataset} has "
            "not; remove `corruptions` from its entry in the config"
        )
    images = tested.reshape(-1, SIDE, SIDE)
    seeds = {kind: derive_seed(root_seed, dataset, 0, f"corruption {kind}") for kind in kinds}
    return {
        kind: corrupt(images, kind, np.random.default_rng(seed)).reshape(tested.shape)
        for kind, seed in seeds.items()
    }


def shot_noise(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Counts of a Poisson distribution with mean 3 in a white pixel, by 3."""
    return generator.poisson(3 * images) / 3


def impulse_noise(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """17 % of the pixels are black or white, each with equal probability."""
    ranks = generator.random(images.shape, dtype=np.float32)
    return np.where(ranks < 0.17, ranks < 0.085, images)


def glass_blur(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Between two blurs, pixels change places with a neighbour above or left, in two rounds."""
    glass = _blur(images, 0.7)
    every, count = np.arange(len(images)), len(images)
    places = [(row, column) for row in range(27, 1, -1) for column in range(27, 1, -1)]
    for row, column in 2 * places:
        up, left = generator.integers(0, 2, (2, count)) * generator.integers(0, 2, count)
        other = every, row - up, column - left
        glass[other], glass[:, row, column] = glass[:, row, column].copy(), glass[other]
    return _blur(glass, 0.7)


def motion_blur(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A one-sided Gaussian of 3 pixels along a direction within 45 degrees of the rows."""
    angles = generator.uniform(-np.pi / 4, np.pi / 4, (len(images), 1, 1))
    steps = np.arange(21)
    weights = np.exp(-(steps**2) / 18)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    every = np.arange(len(images))[:, None, None]
    blurred = np.zeros_like(images)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        moved = (
            np.clip(place + np.ceil(step * part - 0.5).astype(int), 0, SIDE - 1)
            for place, part in ((rows, np.sin(angles)), (columns, np.cos(angles)))
        )
        blurred += np.float32(weight) * images[every, *moved]
    return blurred


def shear(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Columns lean to either side, as scikit-image shears by 0.4 radians: by their sine."""
    angles = 0.4 * _signs(generator, len(images))
    zeros, ones = np.zeros_like(angles), np.ones_like(angles)
    return _transform(images, [[np.cos(angles), zeros], [-np.sin(angles), ones]])


def scale(images: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
    """The image shrinks to 70 % of its width and height."""
    return _transform(images, np.repeat(np.eye(2)[..., None] / 0.7, len(images), axis=-1))


def rotate(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The image turns by 0.4 radians in either direction."""
    angles = 0.4 * _signs(generator, len(images))
    cosine, sine = np.cos(angles), np.sin(angles)
    return _transform(images, [[cosine, sine], [-sine, cosine]])


def brightness(images: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
    """Every pixel is brighter by 0.5."""
    return images + np.float32(0.5)


def translate(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The image moves by three pixels up or down, and three left or right."""
    unmoved = np.repeat(np.eye(2)[..., None], len(images), axis=-1)
    return _transform(images, unmoved, 3 * _signs(generator, (len(images), 2)))


def stripe(images: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
    """The outer quarters of the columns are inverted."""
    outer = np.abs(np.arange(SIDE) - CENTRE[0]) > SIDE / 4
    return np.where(outer, 1 - images, images)


def fog(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Three times a plasma fractal is added, and the sum is darkened to the image's maximum."""
    counts = [len(part) for part in np.split(images, range(FOG_BATCH, len(images), FOG_BATCH))]
    thickness = 3 * np.concatenate([_plasma(count, generator) for count in counts])
    brightest = images.max(axis=(1, 2), keepdims=True)
    return (images + thickness) * brightest / (brightest + 3)


def spatter(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Dark grey drops cover parts of the image."""
    liquid = _blur(generator.normal(0.65, 0.3, images.shape), 1)
    drops = _blur((liquid > 0.65).astype(np.float32), 1.5)
    drops[drops < 0.8] = 0
    return images * (1 - drops) + drops * 63 / 255


def dotted_line(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A dashed line runs from the left to the right edge."""
    left, right = generator.integers(0, 27, (2, len(images)))
    dashed = np.arange(SIDE) // 2 % 2 == 1
    return images + dashed * _stroke((np.zeros_like(left), left), (np.full_like(right, 27), right))


def zigzag(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A zigzag of width 4 and period 8 runs across the image, on an axis that is nearly level."""
    start = generator.integers(0, 27, len(images))
    rise = generator.integers(-5, 5, len(images))
    length = np.hypot(23, rise)
    along = [*np.multiply.outer([0, 2, 6, 10, 14, 18, 22], np.ones_like(length)), length]
    # The last, incomplete tooth ends at MNIST-C's own height.
    across = [*np.multiply.outer([0, 2, -2, 2, -2, 2, -2], np.ones_like(length)), 1 / (20 - length)]
    cosine, sine = 23 / length, rise / length
    corners = [
        (2 + cosine * x - sine * y, start + sine * x + cosine * y)
        for x, y in zip(along, across, strict=True)
    ]
    return images + sum(_stroke(*ends) for ends in pairwise(corners))


def canny_edges(images: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
    """The edges of the image (Canny, 1986): Gaussian of 1 pixel, thresholds 0.1 and 0.2.

    As in scikit-image, gradients are Sobel's without normalisation, and pixels at the border are
    no edges.
    """
    smooth = ndimage.gaussian_filter(images, (0, 1, 1), mode="constant")
    smooth /= ndimage.gaussian_filter(np.ones((SIDE, SIDE)), 1, mode="constant")
    down, right = (
        ndimage.correlate1d(ndimage.correlate1d(smooth, [1, 2, 1], other), [-1, 0, 1], axis)
        for axis, other in ((1, 2), (2, 1))
    )
    magnitude = np.hypot(down, right)
    weak = _ridges(magnitude, down, right) & (magnitude >= 0.1)
    connected = np.zeros((3, 3, 3))
    connected[1] = 1  # within an image, not between images
    labels, count = ndimage.label(weak, connected)
    strong = np.zeros(count + 1, dtype=bool)
    strong[labels[weak & (magnitude >= 0.2)]] = True
    return strong[labels].astype(np.float32)


def _ridges(magnitude: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where the magnitude [N, 28, 28] is not below its values a pixel on along the gradient."""
    steep = np.abs(down) >= np.abs(right)
    larger = np.where(steep, np.abs(down), np.abs(right))
    smaller = np.where(steep, np.abs(right), np.abs(down))
    slant = np.divide(smaller, larger, out=np.zeros_like(larger), where=larger > 0)
    padded = np.pad(magnitude, ((0, 0), (1, 1), (1, 1)))
    image, row, column = np.ogrid[: len(magnitude), 1 : SIDE + 1, 1 : SIDE + 1]
    ridge = np.zeros(magnitude.shape, dtype=bool)
    ridge[:, 1:-1, 1:-1] = True
    for way in (1, -1):
        rows, columns = way * np.sign(down).astype(int), way * np.sign(right).astype(int)
        diagonal = padded[image, row + rows, column + columns]
        straight = padded[image, row + rows * steep, column + columns * ~steep]
        ridge &= slant * diagonal + (1 - slant) * straight <= magnitude
    return ridge


def _blur(images: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def _signs(generator: np.random.Generator, shape: int | tuple[int, int]) -> np.ndarray:
    return generator.choice([-1, 1], shape)


def _transform(
    images: np.ndarray, matrices: np.ndarray | list, shifts: np.ndarray | None = None
) -> np.ndarray:
    """Images whose pixel at p is taken from A (p - centre) + centre + shift, black outside.

    Args:
        images: [N, 28, 28].
        matrices: A of each image, [2, 2, N], for rows and columns.
        shifts: [N, 2] in pixels, or none.
    """
    matrices = np.moveaxis(np.asarray(matrices), -1, 0)
    offsets = CENTRE - matrices @ CENTRE + (0 if shifts is None else shifts)
    return np.stack(
        [
            ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")
            for image, matrix, offset in zip(images, matrices, offsets, strict=True)
        ]
    )


def _stroke(start: tuple[np.ndarray, np.ndarray], end: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Brightness [N, 28, 28] of lines between points (columns [N], rows [N]), left to right.

    It falls from 1 with the upright distance d as 1 + log(1 - d / 2.3), and is not below 0.
    """
    (left, top), (right, bottom) = (np.reshape(point, (2, -1, 1, 1)) for point in (start, end))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.abs(rows - top - (columns - left) * (bottom - top) / (right - left))
    brightness = 1 + np.log(1 - np.minimum(distance, 2) / 2.3)
    within = (columns >= np.floor(left)) & (columns < np.ceil(right))
    return within * np.maximum(brightness, 0)


def _plasma(count: int, generator: np.random.Generator) -> np.ndarray:
    """A corner [count, 28, 28] of height maps in [0, 1], by the diamond-square algorithm.

    The maps are tori of 256 x 256 points. Each halving of the grid divides the height of the
    random displacements by 1.4².
    """
    heights = np.zeros((count, 256, 256), dtype=np.float32)
    step, height = 256, np.float32(1)

    def displaced(sums: np.ndarray) -> np.ndarray:
        return sums / 4 + height * (2 * generator.random(sums.shape, dtype=np.float32) - 1)

    while step > 1:
        half = step // 2
        corners = heights[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        centres = displaced(pairs + np.roll(pairs, -1, axis=2))
        columns = centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        rows = centres + np.roll(centres, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, half::step] = centres
        heights[:, ::step, half::step] = displaced(columns)
        heights[:, half::step, ::step] = displaced(rows)
        step, height = half, height / np.float32(1.4**2)
    low, high = (bound(heights, axis=(1, 2), keepdims=True) for bound in (np.min, np.max))
    return (heights[:, :SIDE, :SIDE] - low) / (high - low)


CORRUPTIONS: dict[str, Corruption] = {
    kind.__name__: kind
    for kind in (
        *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness),
        *(translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges),
    )
}
