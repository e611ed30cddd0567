PAPER = []
TABLES = []


def report_outcome():
    pass
