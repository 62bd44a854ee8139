"""What processes write down of what they do: ids, one line each, no secrets.

It knows neither Django nor the apps; settings and `config` put it to use.
"""
