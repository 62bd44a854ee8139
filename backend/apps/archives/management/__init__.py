"""Commands about contest archives."""
