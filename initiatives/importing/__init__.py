"""Importing an inventory, the pure part: from the bytes of a file to rows in our words.

`child.in_child` reads the file in a process of its own, `mapping.guess` and `mapping.load` give the
mapping, `parsing.parse` the rows. Nothing here knows Django or the database.

Nothing is imported here: that process starts anew for each file, and imports only what reads it.
"""
