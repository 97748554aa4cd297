"""The decision pack: one review with all that it stood on, to be read by a board (`paper`) and
checked by anybody, without this application (`contents`; tools/verify_pack.py)."""
