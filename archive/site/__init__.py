"""The public site, a Datasette plugin."""
