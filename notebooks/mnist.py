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
# # MNIST: does the gradient loss keep the accuracy?
#
# The third document is the shortest. It trains a network with one hidden layer on handwritten
# digits, once with the gradient loss and once with cross-entropy, and compares their accuracies
# on clean images.
#
# This notebook takes the same steps with the package `gradloss`, and looks at what the document
# leaves open: what the loss is made of once the network is trained, and on which images the two
# networks differ. Nothing is trained here; data, models, measurements and verdicts come from the
# results of the study.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf

from gradloss.analysis.summaries import replicate_means, values_of
from gradloss.configuration.heads import head_of
from gradloss.data.pool import load_pool
from gradloss.evaluation.measures import JacobianNorms
from gradloss.figures import style
from gradloss.losses import plain as losses
from gradloss.networks.architectures import encode_targets
from gradloss.networks.prediction import Predictor
from gradloss.networks.replicate import (
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

DATASET, METHODS = "mnist", ["gradient", "baseline"]
study = open_study()  # or open_study("workflow/presets/quick.yaml")
claims = study.claims(document="002")
configure_device(study.config["threads"])

# %% [markdown]
# ## The data
#
# Images are vectors of pixels from 0 to 1. The test part is fixed; replicates differ in initial
# weights and orders.

# %%
settings = study.settings(DATASET, "gradient")
pool = load_pool(study.pool_path(DATASET))
train, test = split_of(settings, pool, replicate=0)
x, y = pool.x[test], pool.y[test]
side = int(np.sqrt(x.shape[1]))
print(f"{len(train)} images to train on, {len(test)} to test on, {side} × {side} pixels")

# %% [markdown]
# ## Training
#
# The recipes differ in the loss, and also in the size and the order of the batches:

# %%
study.recipes(DATASET, METHODS)

# %% [markdown]
# Faint lines are replicates, bold ones their mean in its shaded interval of 95 %, and stars the
# numbers that the document prints: the gradient loss of the last batch of an epoch on the left,
# the accuracies at the end of the training on the right.

# %% alt="Gradient loss and test accuracy against the epoch, with the numbers of the document"
looks, labels = style.method_styles(METHODS), study.labels(*METHODS)
printed = claims["reported"]
figure, (left, right) = plt.subplots(1, 2)
for method, look in looks.items():
    curves = study.curves(DATASET, method, "test_accuracy")
    style.draw_history(right, curves, look).set_label(labels[method])
    right.plot(curves["epoch"].max(), printed[f"mnist-{method}-clean"], **look.printed)
    if method == "gradient":
        style.draw_history(left, study.curves(DATASET, method, "last_batch_loss"), look)
        left.plot(printed_curve(claims, "mnist-gradient-loss"), **look.printed)
left.set(xlabel="epoch", ylabel="gradient loss of the last batch")
style.set_log_scale(left)
for axes in (left, right):
    axes.xaxis.get_major_locator().set_params(integer=True)
right.set(xlabel="epoch", ylabel="test accuracy")
right.legend()
plt.show()

# %% [markdown]
# ## What the loss is made of
#
# The gradient loss is the sum of two mean squares: the slope of the squared error with respect to
# the target, which is a multiple of the Brier score, and its slope with respect to the pixels,
# which weighs the Jacobian $J$ of the network by the residual. The package can leave the second
# one out, so that the difference shows how much it weighs. Here are both for the networks of the
# first replicate on some test images, with the mean norm of the Jacobian itself.

# %%
models = {name: load_model(model_path(study.models(DATASET, name), 0)) for name in METHODS}
some = slice(0, 500)
inputs = tf.constant(x[some])
targets = tf.constant(encode_targets(y[some], head_of(settings), settings["classes"]))
jacobian_norms = JacobianNorms(models["gradient"])

rows = {}
for method, model in models.items():
    whole = float(losses.gradient(model, inputs, targets))
    of_targets = float(losses.gradient(model, inputs, targets, input_weight=0))
    norm = jacobian_norms(model, x[some]).mean()
    rows[labels[method]] = [f"{of_targets:.2e}", f"{whole - of_targets:.2e}", f"{norm:.3f}"]
pd.DataFrame(rows, index=["targets' term", "inputs' term", "mean norm of the Jacobian"])

# %% [markdown]
# ## Accuracy
#
# The networks of the first replicate on all test images:

# %%
predictor = Predictor(models["gradient"])
outputs = {method: predictor(model, x) for method, model in models.items()}
for method, found in outputs.items():
    accuracy = evaluate_outputs(found, y, head_of(settings))["accuracy"]
    print(f"{labels[method]}: {accuracy:.4f}")

# %% [markdown]
# And every replicate, as a point, beside the document's number, as a star:

# %% alt="Accuracies of all replicates of both methods, with the document's numbers"
means = replicate_means(study.metrics(DATASET, *METHODS))
figure, axes = plt.subplots(figsize=(0.7 * style.TEXT_WIDTH, 1.5))
for height, (method, look) in enumerate(looks.items()):
    found = values_of(means, DATASET, method, "accuracy")
    axes.plot(found, [height] * len(found), look.marker, color=look.color, alpha=0.6)
    axes.plot(printed[f"mnist-{method}-clean"], height, **look.printed)
axes.set(yticks=range(len(METHODS)), yticklabels=labels.values(), xlabel="test accuracy")
axes.set_ylim(len(METHODS) - 0.5, -0.5)
plt.show()

# %% [markdown]
# Similar accuracies need not mean the same errors. These are the first test images that only one
# of the two networks of the first replicate gets right, with the answer of each.

# %% alt="Test images that only one of the two networks gets right"
answers = {method: found.argmax(axis=1) for method, found in outputs.items()}
right_answers = {method: found == y for method, found in answers.items()}
disputed = np.flatnonzero(right_answers["gradient"] != right_answers["baseline"])
print(f"{len(disputed)} of {len(y)} test images")

figure, panels = plt.subplots(1, 8, figsize=(style.TEXT_WIDTH, 1.35))
for axes in panels:
    axes.axis("off")
for index, axes in zip(disputed, panels, strict=False):
    axes.imshow(x[index].reshape(side, side), cmap="gray_r")
    axes.set_title("\n".join(f"{labels[m]}: {answers[m][index]}" for m in METHODS), fontsize=7)
plt.show()

# %% [markdown]
# ## Verdicts
#
# A printed number is *reproduced* if it lies where one further run would fall with a probability
# of 95 %, given the spread of our replicates, and only *compatible* if that range is wide. The
# sentence is reproduced if the whole interval of its quantity lies on the claimed side of the bound
# in brackets. With few replicates the verdict is *inconclusive*.

# %%
verdict_table(claims[~in_series(claims)])

# %% [markdown]
# The losses along the training are judged in the same way:

# %%
count_verdicts(claims)

# %% [markdown]
# ## Further
#
# * The document stops at clean images. `results/figures/noise_mnist.pdf`, `perturbations_mnist.pdf`
#   and `attacks_mnist.pdf` go on with noise, flipped pixels and adversaries.
# * `results/figures/ablation_mnist.pdf` changes one thing at a time: the loss, the weight of its
#   inputs' term, the batches and their order.
