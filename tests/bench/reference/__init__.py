"""What the product is compared with: the least that Django and PostgreSQL need for such a page."""
