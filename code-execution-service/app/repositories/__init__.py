"""Repositories translate between services and tables; they decide nothing."""
