"""The experiment on binary latent variables (train_binary)."""
