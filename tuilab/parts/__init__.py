"""The field's building blocks, written to be read beside the lecture."""
