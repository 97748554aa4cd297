"""Pictures of every page and every mail, taken anew by one command: `./script/screenshots`.

They are taken of a demo portfolio of their own, on a day that never changes, so that a picture
differs from the one before only where the product does.
"""
