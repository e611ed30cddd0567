"""How each data set is prepared: a module of its name with a function `prepare` and a `FORM`.

`FORM` states what the pool is (see `gradloss.data.forms.Form`). The function takes the arrays of
the downloaded file (empty for data that need none) and its settings as keyword arguments, and gives
the arrays of a pool: ``x`` float32 [N, ...features], ``y`` float32 [N] or int64 [N], ``n_train``
int64 scalar (see `gradloss.data.pool.Pool`), and maybe ``names``, the features' names.
"""

from pathlib import Path

NAMES = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))
