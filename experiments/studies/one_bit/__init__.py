"""The one-bit problem of the ARM, RELAX and DisARM papers."""
