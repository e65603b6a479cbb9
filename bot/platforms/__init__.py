"""The chat platforms. Each package translates one of them, and only it knows that platform's words."""
