"""The front door of port 8000: passes some paths on to the execution service, the rest to Django.

Pure ASGI: it knows neither Django nor the apps, `config.asgi` puts them together.
"""
