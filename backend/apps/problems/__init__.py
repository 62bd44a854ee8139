"""Problems: what is to be solved, how it is judged, and how it travels as a package."""
