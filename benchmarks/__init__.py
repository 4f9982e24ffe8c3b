"""Programs that measure the cost of a training step."""
