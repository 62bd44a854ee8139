"""Accounts: the user model, registration, sign-in, access tokens and the keys that sign them."""
