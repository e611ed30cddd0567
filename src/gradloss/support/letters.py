"""Letters and signs that the paper's fonts have, and LaTeX's names of those that are no text."""

_GREEK_NAMES = (
    *("alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "varphi"),
    *("chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
)
# To the commands of mathematics.
SIGNS = dict(zip("αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK_NAMES, strict=True)) | {
    "≥": "geq",
    "≤": "leq",
    "≈": "approx",
    "±": "pm",
    "×": "times",
    "ℓ": "ell",
    "∂": "partial",
}
# Latin letters and signs that the T1 encoding of LaTeX lacks.
_NOT_LATIN = "ĦħĸĿŀŉŦŧ"
_LATIN = {chr(code) for code in range(0xA1, 0x17F)} - set(_NOT_LATIN)
_MORE = {"−", "–", "—", "‘", "’", "“", "”", "…", "†", "‡", "€", "™"}


def unknown_letter(text: str) -> str:
    """The first character that the paper and its figures cannot show, or nothing."""
    known = _LATIN | _MORE | SIGNS.keys()
    shown = (c.isprintable() and (c.isascii() or c in known) for c in text)
    return next((c for c, good in zip(text, shown, strict=True) if not good), "")
