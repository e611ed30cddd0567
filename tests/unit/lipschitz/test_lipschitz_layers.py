"""Layers, networks, serialisation and export: the Lipschitz constant holds throughout."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradloss import lipschitz as lip
from gradloss.lipschitz.activations import sort_pairs

# Keras 3.15 saves a variable with numpy.array(variable), which NumPy 2 finds outdated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
)

K_OF_NETWORK = {"dense": lambda k: k**3, "conv": lambda k: k**4}


def dense_network(k=1.0, widths=(16, 8)):
    return keras.Sequential(
        [
            keras.Input((6,)),
            lip.SpectralDense(widths[0], k_coef_lip=k),
            lip.FullSort(),
            lip.SpectralDense(widths[1], k_coef_lip=k),
            lip.GroupSort2(),
            lip.FrobeniusDense(1, k_coef_lip=k),
        ],
        name="dense",
    )


def conv_network(k=1.0):
    inputs = keras.Input((12, 12, 2))
    hidden = lip.SpectralConv2D(8, 3, k_coef_lip=k)(inputs)
    hidden = lip.GroupSort(4)(hidden)
    hidden = lip.ScaledL2NormPooling2D(2, k_coef_lip=k)(hidden)
    hidden = lip.SpectralConv2D(8, (3, 5), strides=2, k_coef_lip=k)(hidden)
    hidden = lip.MaxMin()(hidden)
    hidden = keras.layers.Flatten()(hidden)
    outputs = lip.FrobeniusDense(1, k_coef_lip=k)(hidden)
    return keras.Model(inputs, outputs, name="conv")


def draw(model, count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, *model.input_shape[1:])).astype(np.float32)


def slope(model, seed=0):
    """Largest slope over random pairs, far and near, and largest gradient norm."""
    x = draw(model, 256, seed)
    slopes = []
    for step in (1.0, 1e-2):
        other = x + step * draw(model, 256, seed + 1)
        rise = np.abs(model(x) - model(other)).ravel()
        slopes.append(rise / np.linalg.norm((x - other).reshape(256, -1), axis=1))
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = model(inputs)
    gradient = tape.gradient(outputs, inputs).numpy().reshape(256, -1)
    return max(np.max(slopes), np.linalg.norm(gradient, axis=1).max())


def train(model, steps=5):
    x = draw(model, 64, 7)
    y = np.sign(x.reshape(64, -1).sum(axis=1, keepdims=True))
    model.compile(keras.optimizers.Adam(0.05), keras.losses.MeanSquaredError())
    for _ in range(steps):
        model.train_on_batch(x, y)
    return model


def perturbed(model, seed=5):
    """Moves every kernel far from orthonormal, as an optimiser does, and every bias from 0."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign_add(rng.normal(scale=0.2, size=variable.shape))
    return model


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(3)


@pytest.mark.parametrize(("build", "k"), [(dense_network, 1.0), (conv_network, 2.5)])
def test_the_constant_holds_through_training_saving_and_export(build, k, tmp_path):
    model = build(k)
    bound = 1.02 * K_OF_NETWORK[model.name](k)
    assert slope(model) <= bound
    before = model.trainable_variables[0].numpy()
    train(model)
    assert np.abs(model.trainable_variables[0].numpy() - before).max() > 0.01
    assert slope(model) <= bound

    x = draw(model, 32, 11)
    outputs = model(x)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    plain = lip.export(model)
    plain.save(tmp_path / "plain.keras")
    for copy in (loaded, plain, keras.models.load_model(tmp_path / "plain.keras")):
        np.testing.assert_allclose(copy(x), outputs, atol=1e-5 * k**4)
        assert slope(copy) <= bound
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        assert ours.path.split("/")[-1] == theirs.path.split("/")[-1]
        np.testing.assert_array_equal(ours, theirs)
    assert [layer.get_config() for layer in loaded.layers] == [
        layer.get_config() for layer in model.layers
    ]


def test_gradients_of_narrowing_networks_have_norm_one_everywhere():
    model = perturbed(dense_network(widths=(6, 4)))
    x = tf.constant(draw(model, 64, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = model(x)
    norms = np.linalg.norm(tape.gradient(outputs, x), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-3)


def test_singular_values_are_one_whatever_the_kernels():
    model = perturbed(dense_network())
    values = lip.singular_values(model)
    assert values.keys() == {layer.name for layer in model.layers[::2]}
    for largest, smallest in values.values():
        assert (largest, smallest) == pytest.approx((1, 1), abs=1e-3)


def test_singular_values_of_a_convolution_are_those_of_its_reshaped_kernel():
    model = conv_network()
    layer = model.layers[1]
    factor = lip.convolution_factor((3, 3), (1, 1), (12, 12))
    assert lip.singular_values(model)[layer.name] == pytest.approx((factor, factor), abs=1e-4)


@pytest.mark.parametrize(
    ("policy", "rounding"), [("float64", 1e-6), ("mixed_float16", 5e-3), ("mixed_bfloat16", 4e-2)]
)
@pytest.mark.parametrize("build", [dense_network, conv_network])
def test_other_precisions_have_the_outputs_of_float32(build, policy, rounding):
    single = build()
    keras.config.set_dtype_policy(policy)
    try:
        other = build()
    finally:
        keras.config.set_dtype_policy("float32")
    other.set_weights([weights.astype(other.variable_dtype) for weights in single.get_weights()])
    x = draw(single, 20, seed=3)
    outputs = other(x, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == other.compute_dtype
    np.testing.assert_allclose(np.asarray(outputs, np.float64), single(x), atol=10 * rounding)
    other.compile("sgd", "mse")
    other.fit(x, np.zeros((20, 1)), verbose=0)
    assert np.isfinite(other.predict(x, verbose=0)).all()


def test_kernels_start_orthonormal():
    model = dense_network()
    for layer in model.layers[::2]:
        kernel = layer.kernel.numpy()
        np.testing.assert_allclose(np.linalg.svd(kernel, compute_uv=False), 1, atol=1e-5)


def test_the_exported_model_is_plain_and_its_own():
    model = conv_network()
    plain = lip.export(model)
    types = [type(layer) for layer in plain.layers]
    assert keras.layers.Conv2D in types
    assert keras.layers.Dense in types
    assert not any(isinstance(layer, lip.NormalizedKernel) for layer in plain.layers)
    assert [layer.name for layer in plain.layers[1:]] == [layer.name for layer in model.layers[1:]]
    x = draw(model, 4, 0)
    outputs = plain(x)
    perturbed(model)
    np.testing.assert_array_equal(plain(x), outputs)


def test_export_refuses_a_model_without_input_shape():
    model = keras.Sequential([lip.SpectralDense(2)], name="unbuilt")
    with pytest.raises(ValueError, match=r"export: unbuilt has no input shape yet"):
        lip.export(model)


def test_models_within_models_are_refused():
    inner = keras.Sequential([keras.Input((6,)), lip.SpectralDense(2)], name="inner")
    model = keras.Sequential([keras.Input((6,)), inner], name="outer")
    for function in (lip.export, lip.kernel_normalizations):
        with pytest.raises(ValueError, match="outer contains the model inner; add that model's"):
            function(model)


@pytest.mark.parametrize("build", [dense_network, conv_network])
def test_stateless_call_updates_u_when_training_only(build):
    model = perturbed(build())
    x = draw(model, 8, 2)
    state = [np.asarray(v) for v in model.non_trainable_variables]
    for training in (False, True):
        outputs, updated = model.stateless_call(
            model.trainable_variables, model.non_trainable_variables, x, training=training
        )
        np.testing.assert_allclose(outputs, model(x), atol=1e-4)
        moved = [np.abs(a - b).max() > 0 for a, b in zip(updated, state, strict=True)]
        assert all(moved) if training else not any(moved)
    for variable, value in zip(model.non_trainable_variables, state, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("build", [dense_network, conv_network])
def test_training_is_training_the_plain_export_on_normalised_kernels(build):
    """Stacked kernels, normalised together, give each member's outputs through the plain model."""
    models = [perturbed(build(2.0), seed) for seed in (1, 3)]
    plain = lip.export(models[0])
    shapes = [tuple(v.shape) for v in models[0].trainable_variables]
    assert [tuple(v.shape) for v in plain.trainable_variables] == shapes
    stacked = []
    for i, normalization in enumerate(lip.kernel_normalizations(models[0])):
        values = tf.stack([model.trainable_variables[i].value for model in models])
        if normalization is not None:
            states = [lip.kernel_normalizations(model)[i].u for model in models]
            u = None if normalization.u is None else tf.stack([s.value for s in states])
            values, _ = normalization.normalize(values, u)
        stacked.append(values)
    x = draw(models[0], 8, 3)
    for member, model in enumerate(models):
        outputs, _ = plain.stateless_call(
            [v[member] for v in stacked], plain.non_trainable_variables, x
        )
        np.testing.assert_allclose(outputs, model(x, training=False), atol=1e-4)


def test_which_variables_are_normalised():
    normalizations = lip.kernel_normalizations(dense_network())
    assert [n is not None for n in normalizations] == [True, False] * 3
    assert [n.u is not None for n in normalizations[::2]] == [True, True, False]


@pytest.mark.parametrize(("strides", "strict"), [((1, 1), False), ((2, 2), True), ((1, 2), True)])
def test_operator_norm_of_the_normalised_convolution(strides, strict):
    """Against the singular values of the operator's dense matrix."""
    layer = lip.SpectralConv2D(4, 3, strides=strides, use_bias=False)
    layer.build((None, 6, 7, 2))
    basis = tf.reshape(tf.eye(84), (84, 6, 7, 2))
    matrix = np.reshape(layer(basis), (84, -1))
    norm = np.linalg.norm(matrix, 2)
    kernel = layer.normalized_kernel()
    assert lip.conv_spectral_norm(kernel, (6, 7), strides) == pytest.approx(norm, rel=1e-3)
    # Unit stride: deel-lip's factor is a mean; its ratio to the strict one bounds the norm.
    slack = 1.0 if strict else 3 * lip.convolution_factor((3, 3), (1, 1), (6, 7))
    assert norm <= slack + 1e-4


def test_pooling_is_the_norm_of_each_window_and_flat_at_zero():
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    x[0, :2, :2] = 0
    inputs = tf.constant(x)
    with tf.GradientTape(persistent=True) as second:
        second.watch(inputs)
        with tf.GradientTape() as first:
            first.watch(inputs)
            outputs = lip.ScaledL2NormPooling2D((2, 3))(inputs)
        gradient = first.gradient(outputs, inputs)
    windows = x.reshape(2, 2, 2, 2, 3, 3).transpose(0, 1, 3, 5, 2, 4).reshape(2, 2, 2, 3, 6)
    np.testing.assert_allclose(outputs, np.linalg.norm(windows, axis=-1), rtol=1e-5)
    assert np.all(gradient[0, :2, :2] == 0)
    assert np.all(np.isfinite(second.gradient(gradient, inputs)))


def test_sorts_are_ascending_within_groups():
    x = np.array([[3.0, 1.0, 2.0, 0.0, -1.0, 5.0]], np.float32)
    expected = {
        lip.GroupSort2(): [1, 3, 0, 2, -1, 5],
        lip.GroupSort(3): [1, 2, 3, -1, 0, 5],
        lip.GroupSort(6): [-1, 0, 1, 2, 3, 5],
        lip.FullSort(): [-1, 0, 1, 2, 3, 5],
        lip.MaxMin(): [3, 1, 2, 0, 0, 5, 0, 0, 0, 0, 1, 0],
    }
    for layer, values in expected.items():
        np.testing.assert_array_equal(layer(x), [values])
        assert layer.compute_output_shape((1, 6)) == (1, len(values))


def test_group_size_must_divide_the_channels():
    with pytest.raises(ValueError, match="the group size n = 4 does not divide the 6 channels"):
        lip.GroupSort(4)(np.zeros((1, 6), np.float32))
    with pytest.raises(ValueError, match="the group size n is 0; choose at least 1"):
        lip.GroupSort(0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("shape", [(3, 2), (4, 3, 2), (2, 5, 5, 3, 2)])
def test_pairs_are_sorted_with_gradients_of_any_order(shape, dtype):
    pairs = tf.cast(np.random.default_rng(0).permutation(np.prod(shape)).reshape(shape), dtype)
    with tf.GradientTape() as outer:
        outer.watch(pairs)
        with tf.GradientTape() as inner:
            inner.watch(pairs)
            ascending = sort_pairs(pairs)
            total = tf.reduce_sum([1.0, 2.0] * tf.cast(ascending, "float32") ** 3)
        slopes = inner.gradient(total, pairs)
        curved = tf.reduce_sum(tf.cast(slopes, "float32"))
    exact = pairs.numpy().astype(float)
    weights = 1.0 + exact.argsort(axis=-1)
    np.testing.assert_array_equal(ascending.numpy().astype(float), np.sort(exact, axis=-1))
    np.testing.assert_allclose(slopes.numpy().astype(float), 3 * weights * exact**2, rtol=1e-2)
    bent = outer.gradient(curved, pairs).numpy().astype(float)
    np.testing.assert_allclose(bent, 6 * weights * exact, rtol=1e-2)


def test_equal_pairs_keep_their_gradients():
    pairs = tf.zeros((1, 2, 2))
    with tf.GradientTape() as tape:
        tape.watch(pairs)
        ascending = sort_pairs(pairs)
    upstream = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(tape.gradient(ascending, pairs, upstream), upstream)


@pytest.mark.parametrize(
    "build",
    [
        lambda k: lip.SpectralDense(2, k_coef_lip=k),
        lambda k: lip.FrobeniusDense(2, k_coef_lip=k),
        lambda k: lip.SpectralConv2D(2, 3, k_coef_lip=k),
        lambda k: lip.ScaledL2NormPooling2D(2, k_coef_lip=k),
        lambda k: lip.FullSort(k_coef_lip=k),
    ],
)
def test_the_constant_must_be_positive(build):
    with pytest.raises(ValueError, match=r"k_coef_lip is -1.0; choose it above 0"):
        build(-1.0)


@pytest.mark.parametrize(
    "options", [{"padding": "valid"}, {"dilation_rate": 2}, {"data_format": "channels_first"}]
)
def test_spectral_conv_refuses_what_its_factor_does_not_cover(options):
    with pytest.raises(ValueError, match="supports padding 'same', channels last, no dilation"):
        lip.SpectralConv2D(4, 3, **options)


def test_spectral_conv_needs_the_image_size():
    with pytest.raises(ValueError, match=r"the image size is \(None, 8\); give both sizes"):
        lip.SpectralConv2D(4, 3).build((None, None, 8, 2))
