"""Pages about what deserves attention, and about how the machinery runs."""
