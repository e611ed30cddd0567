# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Two moons: a classifier with a Lipschitz constant of 1
#
# The fifth document builds a classifier that is robust by construction. Its layers cannot stretch
# distances, so the value of the network tells how far an input is from the decision boundary, at
# least. It is trained with the *hinge-regularised Kantorovich-Rubinstein* loss (HKR) on two moons,
# drawn as a contour plot, and exported to an ordinary network.
#
# This notebook takes the same steps with the package `gradloss`, whose layers are native to
# Keras 3. Nothing is trained here: data, models, measurements and verdicts come from the results
# of the study.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from gradloss import lipschitz
from gradloss.configuration.heads import head_of
from gradloss.data.pool import load_pool
from gradloss.evaluation.measures import JacobianNorms, certified_radii, wasserstein_distance
from gradloss.figures import style
from gradloss.losses.hkr import hinge_margin, kr
from gradloss.networks.architectures import encode_targets
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
    constrained_path,
    evaluate_outputs,
    model_path,
    split_of,
)
from gradloss.networks.saving import load_model
from gradloss.notebooks.study import (
    count_verdicts,
    in_series,
    open_study,
    printed_curve,
    verdict_table,
)
from gradloss.support.device import configure_device

# %config InlineBackend.figure_formats = ["retina"]
style.use_in_notebook()

DATASET, METHOD = "two_moons", "hkr"
study = open_study()  # or open_study("workflow/presets/quick.yaml")
claims = study.claims(document="004")
configure_device(study.config["threads"])

# %% [markdown]
# ## The data
#
# The document draws its points once and measures on those that it trained with. The study draws
# a large pool, from which every replicate takes a training part and a test part. We follow the
# first replicate. The class is a sign: $+1$ for the upper moon, $-1$ for the lower one.

# %% alt="Scatter plot of the two moons"
settings = study.settings(DATASET, METHOD)
pool = load_pool(study.pool_path(DATASET))
train, test = split_of(settings, pool, replicate=0)
x, y = pool.x[train], pool.y[train]
signs = encode_targets(y, head_of(settings), settings["classes"])

MOONS = {1: "#99BBDD", -1: "#EECC99"}


def draw_points(axes, count=1000):
    for sign, colour in MOONS.items():
        axes.plot(*x[signs[:, 0] == sign][:count].T, ".", color=colour, markersize=2, zorder=0)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.4))
draw_points(axes)
plt.show()

# %% [markdown]
# ## Separation as transport
#
# The Wasserstein distance $W_1$ between the two moons is the least work that moves one onto the
# other. Kantorovich and Rubinstein turned it around: it is also the largest difference of means
# that a function $f$ with a Lipschitz constant of 1 can have,
#
# $$W_1(\mu, \nu) = \sup_{\mathrm{Lip}(f) \leq 1} \;
#   \mathbb{E}_{x \sim \mu}\, f(x) - \mathbb{E}_{x \sim \nu}\, f(x)$$
#
# Such an $f$ tells the moons apart, but its sign is not bound to. So the loss adds a hinge, which
# asks for $f(x)$ beyond a margin $m$ on the side of the sign $y$:
#
# $$L_\mathrm{HKR} = -\left(\mathbb{E}_\mu f - \mathbb{E}_\nu f\right)
#   + \alpha \, \mathbb{E}\, \max(0, \; m - y f(x))$$

# %%
pd.Series({key: settings[key] for key in ("margin", "alpha")}, name="setting").to_frame()

# %% [markdown]
# ## A network that cannot stretch
#
# Every kernel is normalised before it is used, so that its singular values are 1: by power
# iteration and Björck's iteration in the hidden layers, by the Frobenius norm in the last one,
# where with a single output it is the same thing. Between them values are sorted, which changes
# no distance. These are the extreme singular values of the trained layers:

# %%
folder = study.models(DATASET, METHOD)
constrained = load_model(constrained_path(folder, 0))
values = lipschitz.singular_values(constrained)
spectra = {name: [f"{value:.6f}" for value in extremes] for name, extremes in values.items()}
layers = [
    (type(layer).__name__, layer.output.shape[-1], *spectra.get(layer.name, ["", ""]))
    for layer in constrained.layers
]
pd.DataFrame(layers, columns=["layer", "width", "largest", "smallest singular value"])

# %% [markdown]
# Their product bounds the slope of the network. That the slope is not only below 1 but close to
# it almost everywhere is the aim of the normalisation; on some points of the training part:

# %% alt="Histogram of the gradient's norm"
norms = JacobianNorms(constrained)(constrained, x[:1000])
figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 1.8))
axes.hist(norms, bins=np.linspace(0, 1.05, 43), color=style.COLOURS[0])
axes.set(xlabel=r"norm of the gradient, $\|\nabla f(x)\|$", ylabel="points")
plt.show()

# %% [markdown]
# ## Training
#
# The mean loss of each epoch: faint lines are replicates, the bold one their mean in its shaded
# interval of 95 %, and stars the document's numbers.

# %% alt="HKR loss against the epoch, with the document's numbers"
look = style.method_styles([METHOD])[METHOD]
figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.4))
style.draw_history(axes, study.curves(DATASET, METHOD, "mean_loss"), look)
axes.plot(printed_curve(claims, "moons-loss"), **look.printed)
axes.set(xlabel="epoch", ylabel="mean HKR loss")
plt.show()

# %% [markdown]
# The document reads its results off the last line of that log, where they are running means over
# the batches of the epoch. Here they are, averaged over the replicates, and beside them what the
# trained network of one replicate has on its whole training part:

# %%
predict = Predictor(constrained)
outputs = predict(constrained, x)
trained = {
    "kr": np.mean(kr(signs, outputs)),
    "hinge": np.mean(hinge_margin(signs, outputs, settings["margin"])),
    "accuracy": evaluate_outputs(outputs, y, head_of(settings))["accuracy"],
}
curves = {name: study.curves(DATASET, METHOD, f"mean_{name}") for name in trained}
running = {
    name: curve.loc[curve["epoch"] == curve["epoch"].max(), "value"].mean()
    for name, curve in curves.items()
}
printed = {name: claims.loc[f"moons-{name}", "reported"] for name in trained}
pd.DataFrame({"document": printed, "running mean": running, "trained": trained}).round(4)

# %% [markdown]
# How close does the first term come to $W_1$? On a part of the points, where the exact distance
# is quickly found, it must stay below:

# %%
some = np.concatenate([np.flatnonzero(y == label)[:300] for label in (0, 1)])
exact = wasserstein_distance(*(x[some][y[some] == label] for label in (0, 1)))
estimate = float(np.mean(kr(signs[some], outputs[some])))
print(f"exact distance {exact:.4f}, estimate {estimate:.4f}")

# %% [markdown]
# ## The function that was learnt
#
# In the plane the function can be drawn. Lines join points of equal value, and the decision
# boundary is bold. Where the gradient has norm 1, the labels are distances.

# %% alt="Contour plot of the learnt function over the two moons"
MARGIN = 0.2  # around the points
low, high = x.min(axis=0) - MARGIN, x.max(axis=0) + MARGIN
grid = np.meshgrid(*(np.linspace(*ends, 120) for ends in zip(low, high, strict=True)))
plane = np.stack([coordinate.ravel() for coordinate in grid], axis=1).astype("float32")


def draw_contours(axes, values):
    draw_points(axes)
    levels = np.linspace(-1, 1, 11)
    widths = np.where(np.isclose(levels, 0), 2, 0.8)
    lines = axes.contour(
        *grid, values.reshape(grid[0].shape), levels, colors="black", linewidths=widths
    )
    axes.clabel(lines, fontsize=7)


values = predict(constrained, plane)
figure, axes = plt.subplots(figsize=(0.75 * style.TEXT_WIDTH, 3.2))
draw_contours(axes, values)
plt.show()

# %% [markdown]
# ## Export
#
# Normalisation is needed while kernels change. Afterwards it can be done once and for all:
# `lipschitz.export` gives a network of ordinary layers. The study keeps such an export beside
# every model.

# %%
plain = lipschitz.export(constrained)
predict_plain = Predictor(plain)
kept = load_model(model_path(folder, 0))
layers = [(type(layer).__name__, layer.count_params()) for layer in plain.layers]
pd.DataFrame(layers, columns=["layer", "parameters"])

# %%
for name, model in {"exported here": plain, "kept by the study": kept}.items():
    gap = np.abs(predict_plain(model, plane) - values).max()
    print(f"{name}: outputs differ by at most {gap:.1e}")

# %% alt="Contour plot of the exported network, like the one before"
figure, axes = plt.subplots(figsize=(0.75 * style.TEXT_WIDTH, 3.2))
draw_contours(axes, predict_plain(plain, plane))
plt.show()

# %% [markdown]
# ## What the constraint is worth
#
# No input closer than $|f(x)|$, divided by the bound of the slope, has another class. So every
# correct answer comes with a radius in which noise and adversaries are powerless, without a
# single attack. On the test part:

# %% alt="Share of test points that are certified within a radius"
tested = predict_plain(plain, pool.x[test])
radii = certified_radii(tested, pool.y[test], head_of(settings), plain)
distances = np.linspace(0, radii.max(), 200)
figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.2))
axes.plot(distances, [np.mean(radii > distance) for distance in distances], **look.line)
axes.set(xlabel="radius", ylabel="certified accuracy", ylim=(0, 1.02))
plt.show()

# %% [markdown]
# ## Verdicts
#
# A printed number is *reproduced* if it lies where one further run would fall with a probability
# of 95 %, given the spread of our replicates, and only *compatible* if that range is wide. A
# sentence is reproduced if the whole interval of its quantity lies on the claimed side of the bound
# in brackets, and a fact without randomness if it holds. With few replicates the verdict is
# *inconclusive*.

# %%
verdict_table(claims[~in_series(claims)])

# %% [markdown]
# The losses along the training and the parameters of each layer are judged in the same way:

# %%
count_verdicts(claims)

# %% [markdown]
# ## Further
#
# * `results/figures/noise_two_moons.pdf` puts the three methods side by side under noise, and the
#   dataset `two_circles` repeats all of this with circles.
# * A larger `margin` or a smaller `alpha` in `config.yaml` trades accuracy for robustness.
