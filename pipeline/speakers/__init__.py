"""What decides who speaks: sounds of names, phrases that name, chains of voices, identities."""
