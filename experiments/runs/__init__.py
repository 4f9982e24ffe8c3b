"""What every run needs: flags, directory, training loop, progress."""
