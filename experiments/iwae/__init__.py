"""Importance weighted autoencoders (train_iwae)."""
