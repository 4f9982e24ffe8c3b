"""The parts that all experiments share: settings, runs, programs."""
