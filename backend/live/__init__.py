"""Pushing to browsers: streams of what changes, as server-sent events and as WebSockets.

Pure ASGI: it knows neither Django nor the apps, `config.asgi` puts them together. A tick says that
something changed and never what; what it is, the application is asked as whoever watches, so the
policy of visibility decides anew every time.
"""
