"""Tables of comma-separated cells as one line per column, of which xz makes half as much."""


def transpose(table: bytes) -> bytes:
    """Turn each row of a table into a column; applied twice, the table again to the byte.

    Cells are what stands between commas, quotes or not.

    Raises:
        ValueError: The rows have different numbers of cells, or the last has no end of line.
    """
    if not table.endswith(b"\n"):
        raise ValueError("a table ends with an end of line")
    rows = [line.split(b",") for line in table[:-1].split(b"\n")]
    return b"".join(b",".join(cells) + b"\n" for cells in zip(*rows, strict=True))
