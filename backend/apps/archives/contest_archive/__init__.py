"""The ICPC contest archive as values: read within limits, checked, written; knows no database."""
