"""Les pages derrière JupyterHub. À copier dans /etc/impact/ ; remplacer « ma_campagne » par le nom de la campagne.

Ne changer ici que ce que docs/jupyterhub.md dit : le hub refuse de démarrer si une protection manque.
"""

from pathlib import Path

from impact.hub.configuration import configure

STATE = Path("/var/lib/impact")

c = get_config()  # noqa: F821  donné par JupyterHub
configure(c, STATE / "sorties", "ma_campagne")
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{STATE}/jupyterhub/cookie"
c.ConfigurableHTTPProxy.pid_file = f"{STATE}/jupyterhub/proxy.pid"
