"""The building blocks that a scenario can name, with their settings and bounds: a file a family.

Each model here names one part of `tuilab.parts`; a test proves that the two rooms know the same names.
"""
