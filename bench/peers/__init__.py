"""Sotto and its peers, each one module: see ``peer.py`` for how to write one."""
