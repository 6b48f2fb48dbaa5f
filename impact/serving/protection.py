"""What protects the pages: said in French, and checked before anything is served."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from impact.errors import ServingError, french
from impact.serving.confinement import ALONE, FILES, NONE
from impact.serving.guard import Guarded
from impact.serving.identity import OwnerAuthorizer, SessionIdentity
from impact.serving.kernels import MESSAGES_IN, OneKernelSpec, OwnedKernels

if TYPE_CHECKING:
    from impact.serving.app import ResultsServer

PROTECTION = {
    ALONE: french(
        "Protection complète : chaque page est enfermée avec ses seuls résultats (Landlock) et sans réseau "
        "(espace de noms à part)."
    ),
    FILES: french(
        "Protection partielle : chaque page est enfermée avec ses seuls résultats (Landlock) ; le réseau n’est fermé "
        "que pour TCP, car ce système réserve les espaces de noms à l’administrateur."
    ),
    NONE: french(
        "Protection réduite : les accès sont vérifiés à chaque demande ; ce système ne permet pas, en plus, d’enfermer "
        "chaque page (il faut Linux 6.7 ou plus récent)."
    ),
}

NOT_ALONE = "La protection complète est demandée, et ce système ne la permet pas : rien n’a été ouvert."


def refuse_if_loosened(server: ResultsServer) -> None:
    """Raise ServingError unless everything that protects the pages is in place."""
    options = server.voila_configuration
    routes = [rule.target for router in server.app.default_router.rules for rule in router.target.rules]
    private = stat.S_IMODE(os.stat(server.connection_dir).st_mode) == 0o700 or os.name != "posix"
    checks = {
        "contrôle des droits": type(server.authorizer) is OwnerAuthorizer,
        "identification": type(server.identity_provider) is SessionIdentity and not server.identity_provider.token,
        "propriétaires des noyaux": isinstance(server.kernel_manager, OwnedKernels),
        "messages permis": server.kernel_manager.allowed_message_types == MESSAGES_IN,
        "noyau unique": type(server.kernel_spec_manager) is OneKernelSpec,
        "traces d’erreur": not options.show_tracebacks and not server.kernel_manager.allow_tracebacks,
        "gabarit": options.allow_template_override == options.allow_theme_override == "NO" and options.strip_sources,
        "préchauffage": not (options.preheat_kernel or options.progressive_rendering or options.prelaunch_hook),
        "adresses servies": all(isinstance(r, type) and issubclass(r, Guarded) and r.auth_resource for r in routes),
        "accès anonyme": server.app.settings["allow_unauthenticated_access"] is False,
        "formulaires": not server.app.settings.get("disable_check_xsrf"),
        "autres sites": not server.app.settings["allow_origin"],
        "dossier privé": private,
    }
    loosened = [name for name, kept in checks.items() if not kept]
    if loosened:
        raise ServingError(
            f"Les protections suivantes ne sont pas en place : {', '.join(loosened)}.",
            where="ouverture des pages",
            remedy="Rien n’a été ouvert. Réinstaller l’atelier (make installer).",
        )
