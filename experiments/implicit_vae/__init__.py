"""VAEs with latent variables that are reparameterized implicitly."""
