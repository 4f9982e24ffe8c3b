"""Studies: each one answers one question, and trains no Keras model."""
