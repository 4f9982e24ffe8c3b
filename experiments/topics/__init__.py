"""Latent Dirichlet allocation (train_topic_model)."""
