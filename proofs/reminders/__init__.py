"""Proofs a, b, k and o: reminders and ownership, with real processes, mails and clocks."""
