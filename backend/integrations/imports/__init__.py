"""Import CSV files: facilities, products, policies, reports and users (docs/imports.md).

`table` reads the file, `columns` maps its headers to ours, a module per kind takes the rows, `run` ties them.
"""
