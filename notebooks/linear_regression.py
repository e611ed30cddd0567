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
# # Linear regression: one loss, seven ways to write it
#
# The fourth document is a tutorial. It fits a straight line with Keras again and again: with the
# Sequential and the Functional API, with the loss by name, as a function, written by hand, and at
# last inside the model. All of that is the same mathematics, so all of it should give the same
# line, up to the randomness of training, and nearly the line of scikit-learn.
#
# This notebook takes the same steps with the package `gradloss`. Models, measurements and
# verdicts come from the results of the study, and one model is trained again, because that is
# quick.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from gradloss.analysis.summaries import intervals, replicate_means
from gradloss.analysis.words import words
from gradloss.data.pool import load_pool
from gradloss.evaluation.linear import (
    PROBES,
    PUBLISHED_PAIRS,
    least_squares,
    mse_three_ways,
)
from gradloss.figures import style
from gradloss.networks.linear import VARIANTS, variant_path
from gradloss.networks.saving import load_model
from gradloss.notebooks.study import count_verdicts, in_series, open_study, verdict_table
from gradloss.support.device import configure_device
from gradloss.support.files import read_npz
from gradloss.training.linear import train_variant

# %config InlineBackend.figure_formats = ["retina"]
style.use_in_notebook()

DATASET, METHOD = "trilotropicos", "linear"
study = open_study()  # or open_study("workflow/presets/quick.yaml")
claims = study.claims(document="003")
configure_device(study.config["threads"])

# %% [markdown]
# ## The data
#
# One input, the length of an invented animal, and one target, the density of its scales. Where
# the original file cannot be had, the study goes on with a surrogate that has the published
# least-squares line, and says so:

# %%
pool = load_pool(study.pool_path(DATASET))
source = read_npz(study.pool_path(DATASET))["source"]
print(f"{len(pool.x)} rows, from: {source}")

# %% alt="Scatter plot of the data with the line of least squares"
line = least_squares(pool.x, pool.y)
ends = np.array([pool.x.min(), pool.x.max()])
figure, axes = plt.subplots(figsize=(0.6 * style.TEXT_WIDTH, 2.6))
axes.plot(pool.x[:, 0], pool.y, ".", color=style.GREY)
axes.plot(ends, line["slope"] * ends + line["intercept"], color=style.COLOURS[0])
axes.set(xlabel="length", ylabel="density of scales")
plt.show()

# %% [markdown]
# The line above is scikit-learn's. It has no randomness, so the document's numbers must come out
# digit by digit:

# %%
printed = claims["reported"]
pd.DataFrame(
    {
        "document": [printed["linear-ols-slope"], printed["linear-ols-intercept"]],
        "here": [line["slope"], line["intercept"]],
    },
    index=["slope", "intercept"],
)

# %% [markdown]
# ## Seven models
#
# Each variant is a way to build the model and a way to state its loss. A loss by name, Keras'
# function and our own function are interchangeable; in the last variant the loss is a layer, which
# takes the targets as a second input.

# %%
pd.DataFrame(
    {
        variant: {
            "model": build.__name__,
            "loss": "inside the model" if loss is None else getattr(loss, "__name__", loss),
        }
        for variant, (build, loss) in VARIANTS.items()
    }
).transpose()

# %% [markdown]
# This is how the package builds the three kinds of model:

# %%
for build in dict.fromkeys(build for build, _ in VARIANTS.values()):
    print(inspect.getsource(build))

# %% [markdown]
# A replicate gives every variant the same initial weights and the same order of the examples.
# Trained again on the same machine, the first variant gets the weights that are saved, to the
# last bit:

# %%
settings = study.settings(DATASET, METHOD)
folder = study.models(DATASET, METHOD)
saved = load_model(variant_path(folder, "sequential_mse", 0))
again = train_variant("sequential_mse", pool.x, pool.y, settings, replicate=0)
same = all(map(np.array_equal, again.get_weights(), saved.get_weights()))
print(f"slope {saved.get_weights()[0].item():.6f}, intercept {saved.get_weights()[1].item():.6f}")
print(f"trained again, the weights are {'the same' if same else 'others'}")

# %% [markdown]
# A trained model can be called, or asked to `predict`:

# %%
pd.DataFrame(
    {
        "input": PROBES[:, 0],
        "called": np.asarray(saved(PROBES))[:, 0],
        "predict": saved.predict(PROBES, verbose=0)[:, 0],
    }
)

# %% [markdown]
# ## Do they agree?
#
# In the document every variant ran once, each from weights of its own, so its lines differ. Below
# are the weights of every replicate as filled marks, the document's as hollow stars, and least
# squares as the large grey star. Variants that start alike lie on top of each other here, which is
# why the marks shrink; how far the replicates scatter tells how far apart two single runs may be.

# %% alt="Slope and intercept of every variant and replicate, with the document's numbers"
means = replicate_means(study.metrics(DATASET, METHOD))
weights = means.pivot(index=["method", "replicate"], columns="measure", values="value")
looks = style.method_styles(VARIANTS)
figure, axes = plt.subplots(figsize=(style.TEXT_WIDTH, 3))
axes.plot(line["slope"], line["intercept"], "*", color="#BBBBBB", markersize=18)
for size, (variant, look) in zip(np.linspace(9, 3, len(looks)), looks.items(), strict=True):
    own, name = weights.loc[variant], variant.replace("_", "-")
    mark = {"marker": look.marker, "linestyle": "none", "markersize": size, "color": look.color}
    axes.plot(own["slope"], own["intercept"], **mark, label=words(variant))
    axes.plot(printed[f"linear-{name}-slope"], printed[f"linear-{name}-intercept"], **look.printed)
axes.set(xlabel="slope", ylabel="intercept")
figure.legend(loc="outside right center")
plt.show()

# %%
table = intervals(means[means["measure"] == "slope"], ["method"]).set_index("method")
table.loc[["scikit_learn", *VARIANTS]].rename_axis(None).round(4)

# %% [markdown]
# ## One number, three ways
#
# The document calls the loss functions on five pairs of numbers, to show that they are functions
# like any other. The mean squared error by hand:

# %%
y_true, y_pred = PUBLISHED_PAIRS
np.mean((y_true - y_pred) ** 2)

# %% [markdown]
# And by NumPy, by Keras and by the package's own function, which agree far beyond the digits with
# which the document prints the pairs:

# %%
for name, value in {"document": printed["linear-mse-numpy"], **mse_three_ways()}.items():
    print(f"{name:10}{value:.12f}")

# %% [markdown]
# ## The loss inside the model
#
# In the last variant targets are an input. They serve training only: whatever targets come with a
# prediction, it stays the same.

# %%
inside = load_model(variant_path(folder, "loss_inside", 0))
draws = np.random.default_rng(0).uniform(size=(3, len(PROBES), 1)).astype("float32")
predictions = [np.asarray(inside([PROBES, targets]))[:, 0] for targets in draws]
pd.DataFrame(predictions, columns=PROBES[:, 0], index=["first", "second", "third targets"])

# %% [markdown]
# ## Verdicts
#
# A printed weight or prediction is *reproduced* if it lies where one further run would fall with a
# probability of 95 %, given the spread of our replicates, and only *compatible* if that range is
# wide. Numbers without randomness must agree within the bound in brackets. With few replicates the
# verdict is *inconclusive*.

# %%
verdict_table(claims[~in_series(claims)])

# %% [markdown]
# The predictions at the three inputs are judged in the same way:

# %%
count_verdicts(claims)
