"""What breaks around the application, one thing at a time: broker, mail server, database."""
