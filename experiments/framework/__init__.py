"""What all experiments and studies share: settings, runs, programs."""
