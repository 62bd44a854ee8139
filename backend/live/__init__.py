"""Pushing to browsers: streams of ticks, each saying that something changed and never what.

Pure ASGI: it knows neither Django nor the apps, `config.asgi` puts them together. Who is told asks
the API for what changed, so the policy of visibility is asked anew every time.
"""
