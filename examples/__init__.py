"""Short programs that show the library at work."""
