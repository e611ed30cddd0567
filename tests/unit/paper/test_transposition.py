"""Tables by columns: the same to the byte when turned back, and of the shape that was meant."""

import pytest

from gradloss.paper.transposition import transpose

TABLES = [
    b"a,b,c\n1,2,3\n",
    b"value\n1\n2\n",
    b"a,,c\n,,\n",
    b"\n",
    b'a\r,"b\n1,"2"\n',
    bytes(range(1, 10)) + b"\xff,x\n1,2\n",
]


def test_rows_become_columns():
    assert transpose(b"a,b\n1,2\n3,4\n") == b"a,1,3\nb,2,4\n"


@pytest.mark.parametrize("table", TABLES)
def test_twice_is_the_table(table: bytes):
    assert transpose(transpose(table)) == table


@pytest.mark.parametrize("table", [b"", b"a", b"a,b\n1\n", b"a\n1,2\n", b"a,b\n1,2"])
def test_other_tables_are_refused(table: bytes):
    with pytest.raises(ValueError, match=r"end of line|zip"):
        transpose(table)
