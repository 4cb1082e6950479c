"""Captures and a programme in, named turns out: the path of the sound, stage by stage."""
