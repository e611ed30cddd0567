"""Write the tables of the paper as HTML pages."""

from pathlib import Path

from gradloss.support.command import run
from gradloss.support.errors import UserError
from gradloss.support.product_options import parse_options
from gradloss.tables.html import table_page
from gradloss.tables.latex import write_text


def preview(table: Path, page: Path) -> None:
    """Write one table as a page.

    Raises:
        UserError: The table uses LaTeX that has no counterpart; the message names the file.
        OSError: A file cannot be read or written.
    """
    try:
        text = table_page(table.read_text(encoding="utf-8"), table.stem)
    except UserError as error:
        raise UserError(f"{table}: {error}") from error
    write_text(page, text)


def main() -> None:
    """Read the command line and write a page for each table."""
    arguments = parse_options(__doc__, "tables", "pages")
    for table, page in zip(arguments.tables, arguments.pages, strict=True):
        preview(table, page)


if __name__ == "__main__":
    run(main)
