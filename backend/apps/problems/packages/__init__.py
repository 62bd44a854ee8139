"""Problems as files: the legacy problem package format of Kattis and the ICPC, in and out.

Nothing here knows the database: reading gives a `Package` with a `Report`, writing takes a
`Package`.
Source: Problem Package Format, version `legacy`, and DOMjudge's additions to it.
"""
