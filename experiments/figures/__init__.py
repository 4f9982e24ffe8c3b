"""The figures of the experiments, written as PNG files."""
