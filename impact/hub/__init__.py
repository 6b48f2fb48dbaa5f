"""Beyond one machine: JupyterHub asks who comes and starts, for each account, a server of its own page and no other."""
