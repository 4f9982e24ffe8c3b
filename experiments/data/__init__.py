"""Images and documents to train on, and their batches."""
