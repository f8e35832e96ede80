"""Rows fetched from other systems by dlt (extra `connectors`), on their way to the import of files."""
