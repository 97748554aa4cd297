"""Forms of what one hears of, by their pages."""
