"""Where recognition runs: in this process, or in supervised ones beside it."""
