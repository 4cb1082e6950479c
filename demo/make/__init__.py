"""Scripts that make what the demo folder holds: its model and its filmed events."""
