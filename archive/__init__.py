"""Named turns in, a public memory out: kept, published, searched, served."""
