"""Training on an array: its order, its batches, whole executions compiled."""
