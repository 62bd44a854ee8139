"""The admin's pages; importing them registers them."""

from apps.users.admin import accounts, api_tokens

__all__ = ["accounts", "api_tokens"]
