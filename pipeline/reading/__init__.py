"""What a person writes, read strictly: YAML, its keys, its values, one file at a time."""
