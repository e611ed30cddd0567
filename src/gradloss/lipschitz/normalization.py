"""Normalisations that bound the spectral norm of kernels of shape [..., m, n].

Every function broadcasts over the leading axes, and a member's result does not depend on the other
members. The defaults (tolerances, iterations) are those of deel-lip 1.5.0.
"""

import tensorflow as tf

POWER_ITERATIONS = 10
BJORCK_ITERATIONS = 15
TOLERANCE = 1e-3


def power_iteration(
    kernel: tf.Tensor,
    u: tf.Tensor,
    iterations: int = POWER_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Estimates the largest singular value by u ← WᵀWu / ‖WᵀWu‖.

    Gradients flow through sigma = ‖Wu‖ with u held constant.

    Args:
        kernel: W, float32 [..., m, n].
        u: start, float32 [..., n], of any positive norm.
        iterations: largest number of iterations.
        tolerance: a member stops once ‖u_t − u_{t−1}‖ < tolerance.

    Returns:
        sigma [...] and the new u [..., n], of norm 1.
    """
    fixed = tf.stop_gradient(kernel)

    def step(u, moving):
        image = tf.linalg.matvec(fixed, tf.linalg.matvec(fixed, u), transpose_a=True)
        new = tf.where(moving, tf.math.l2_normalize(image, axis=-1), u)
        return new, tf.norm(new - u, axis=-1, keepdims=True) >= tolerance

    u = tf.math.l2_normalize(tf.stop_gradient(u), axis=-1)
    u, _ = tf.while_loop(
        lambda u, moving: tf.reduce_any(moving),
        step,
        (u, tf.ones_like(u[..., :1], dtype=tf.bool)),
        maximum_iterations=iterations,
    )
    u = tf.stop_gradient(u)
    return tf.norm(tf.linalg.matvec(kernel, u), axis=-1), u


def bjorck(
    kernel: tf.Tensor,
    beta: float = 0.5,
    iterations: int = BJORCK_ITERATIONS,
    tolerance: float = TOLERANCE,
) -> tf.Tensor:
    """Orthonormalises kernels of spectral norm <= 1 (Björck & Bowie 1971, first order).

    The iteration W ← W + β(W − W WᵀW) runs until a member moves by ‖W_{t+1} − W_t‖_F <= tolerance.
    A wide kernel is transposed first. A step costs 2mk² multiplications with k = min(m, n), and
    4mk² in the gradient; if m >= 1.5k, all but the last step run on k×k matrices for 3k³ and 4k³.
    With E = I − WᵀW, a step is W ← W(I + βE), hence, as E commutes with itself,

        E ← I − (I + βE)²(I − E) = (1 − 2β)E + (2β − β²)E² + β²E³,

    and W_t = W_0 P_t with P_{t+1} = P_t(I + βE_t), P_0 = I. The stopping rule needs no W either:
    ‖W_{t+1} − W_t‖²_F = β² tr(E_t² − E_t³). The last step works on the kernel itself, to square
    away the rounding errors of the recursion, which grow with the squared condition number.

    Args:
        kernel: float32 [..., m, n] with largest singular value <= 1.
        beta: step, 0 < beta <= 0.5.
        iterations: largest number of steps, at least 1.
        tolerance: on the Frobenius norm of one step of one member.

    Returns:
        The orthonormalised kernels, of the kernel's shape. Differentiable once: do
        not differentiate the gradient with respect to the kernel a second time.

    Raises:
        ValueError: beta outside (0, 0.5] or iterations < 1.
    """
    if not 0 < beta <= 0.5:
        raise ValueError(f"bjorck: beta is {beta}; choose it above 0 and at most 0.5.")
    if iterations < 1:
        raise ValueError(f"bjorck: iterations is {iterations}; choose at least 1.")
    if kernel.shape[-2] < kernel.shape[-1]:
        return _transpose(bjorck(_transpose(kernel), beta, iterations, tolerance))
    if 2 * kernel.shape[-2] < 3 * kernel.shape[-1]:
        return _bjorck_on_kernel(kernel, beta, iterations, tolerance)
    return _bjorck_on_gram(kernel, beta, iterations, tolerance)


def _bjorck_on_kernel(kernel, beta, iterations, tolerance):
    def step(current, size):
        gram = tf.matmul(current, current, transpose_a=True)
        change = size * (current - tf.matmul(current, gram))
        moves = tf.norm(change, axis=(-2, -1), keepdims=True) > tolerance
        return current + change, size * tf.cast(moves, change.dtype)

    start = (kernel, beta * tf.ones_like(kernel[..., :1, :1]))
    return tf.while_loop(
        lambda _, size: tf.reduce_any(size > 0), step, start, maximum_iterations=iterations
    )[0]


def _bjorck_on_gram(kernel, beta, iterations, tolerance):
    """The k×k recursion; its own gradient uses the symmetry, 4k³ a step for autodiff's 6k³."""

    @tf.custom_gradient
    def orthonormalize(start):
        identity = tf.eye(start.shape[-1], dtype=start.dtype)
        error = identity - tf.matmul(start, start, transpose_a=True)
        product, steps = _bjorck_product(error, beta, iterations - 1, tolerance)
        penultimate = tf.matmul(start, product)
        gram = tf.matmul(penultimate, penultimate, transpose_a=True)
        result = penultimate + beta * (penultimate - tf.matmul(penultimate, gram))

        def gradient(upstream):
            inner = _twice_symmetric(tf.matmul(penultimate, upstream, transpose_a=True))
            at_penultimate = upstream + beta * (
                upstream - tf.matmul(upstream, gram) - tf.matmul(penultimate, inner)
            )
            at_product = tf.matmul(start, at_penultimate, transpose_a=True)
            at_error = _bjorck_product_gradient(at_product, steps, beta)
            return tf.matmul(at_penultimate, product) - tf.matmul(start, 2 * at_error)

        return result, gradient

    return orthonormalize(kernel)


def _bjorck_product(error, beta, iterations, tolerance):
    """Returns P = Π(I + βE_t) up to each member's last step, and the history (count, P, E, β)."""
    linear, quadratic, cubic = 1 - 2 * beta, 2 * beta - beta**2, beta**2
    identity = tf.eye(error.shape[-1], dtype=error.dtype)

    def step_size(error, square):
        # tr(E²) and tr(E³) without a further product; a member that has converged steps by 0.
        moved = tf.linalg.trace(square) - tf.reduce_sum(error * square, axis=(-2, -1))
        return beta * tf.cast(moved * beta**2 > tolerance**2, error.dtype)[..., None, None]

    def step(count, product, error, square, size, products, errors, sizes):
        products, errors = products.write(count, product), errors.write(count, error)
        sizes = sizes.write(count, size)
        product += size * tf.matmul(product, error)
        following = tf.matmul(square, quadratic * identity + cubic * error)
        error = following + linear * error if linear else following
        square = tf.matmul(error, error)
        size = step_size(error, square)
        return count + 1, product, error, square, size, products, errors, sizes

    def history():
        return tf.TensorArray(error.dtype, size=iterations, clear_after_read=False)

    product, square = tf.zeros_like(error) + identity, tf.matmul(error, error)
    state = (0, product, error, square, step_size(error, square))
    count, product, _, _, _, products, errors, sizes = tf.while_loop(
        lambda count, product, error, square, size, *_: tf.reduce_any(size > 0),
        step,
        (*state, history(), history(), history()),
        maximum_iterations=iterations,
    )
    return product, (count, products, errors, sizes)


def _bjorck_product_gradient(upstream, steps, beta):
    """Returns the symmetric gradient with respect to E_0 of P, for one with respect to P.

    P and E are polynomials in E_0, thus symmetric, and only the symmetric part F of a gradient with
    respect to P counts. Each step is reversed with four products:

        K ← sym(βPF + (1 − 2β)K + E[2(2β − β²)K + β²(2EK + KE)]),   F ← sym(F + βFE).
    """
    count, products, errors, sizes = steps
    linear, quadratic, cubic = 1 - 2 * beta, 2 * beta - beta**2, beta**2

    def step(count, at_product, at_error):
        product, error, size = products.read(count), errors.read(count), sizes.read(count)
        once = cubic * tf.matmul(error, at_error)
        twice = tf.matmul(error, 2 * quadratic * at_error + 2 * once + _transpose(once))
        direct = twice + size * tf.matmul(product, at_product)
        new = 0.5 * _twice_symmetric(direct)
        at_error = new + linear * at_error if linear else new
        at_product += (0.5 * size) * _twice_symmetric(tf.matmul(at_product, error))
        return count - 1, at_product, at_error

    start = 0.5 * _twice_symmetric(upstream)
    return tf.while_loop(
        lambda count, *_: count >= 0, step, (count - 1, start, tf.zeros_like(start))
    )[2]


def _transpose(matrices):
    return tf.linalg.matrix_transpose(matrices)


def _twice_symmetric(matrices):
    return matrices + _transpose(matrices)


def spectral_orthonormalize(kernel: tf.Tensor, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Divides kernels by their largest singular value, then orthonormalises them.

    The divisor is sigma + 1e-3, so that an estimate that is too small still lets Björck converge.

    Args:
        kernel: float32 [..., m, n].
        u: start of the power iteration, float32 [..., n].

    Returns:
        Kernels with singular values 1, of the kernel's shape, and the new u.
    """
    sigma, u = power_iteration(kernel, u)
    return bjorck(kernel / (sigma[..., None, None] + TOLERANCE)), u


def frobenius_normalize(kernel: tf.Tensor, disjoint_neurons: bool = True) -> tf.Tensor:
    """Divides kernels by a Euclidean norm.

    Args:
        kernel: float32 [..., m, n], of non-zero norm.
        disjoint_neurons: True divides each of the n columns by its own norm, so that each output is
            1-Lipschitz (all n together: √n); False divides by the Frobenius norm of the matrix.

    Returns:
        The normalised kernels, of the kernel's shape.
    """
    axis = -2 if disjoint_neurons else (-2, -1)
    return kernel / tf.norm(kernel, axis=axis, keepdims=True)
