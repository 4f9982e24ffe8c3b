"""Images and documents to train on, and batches of them."""
