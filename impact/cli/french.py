"""Typer speaks English: the few words of its help and of its usage errors, in French."""

from __future__ import annotations

import re

from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

from impact.errors import french

rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
rich_utils.DEFAULT_STRING = french("[par défaut : {}]")
rich_utils.REQUIRED_LONG_STRING = "[obligatoire]"


class _French:
    def get_usage(self, ctx):
        """Return the usage line with a French colon, and no braces around what is compulsory."""
        usage = super().get_usage(ctx).replace("Usage:", french("Usage :"))
        return re.sub(r"\{(\w+)\}", r"\1", usage)

    def get_params(self, ctx):
        """Return the parameters, the arguments without the name of their Python type."""
        params = super().get_params(ctx)
        for param in params:
            if param.param_type_name == "argument":
                param.display_type_rich = lambda ctx: None
        return params

    def get_help_option(self, ctx):
        """Return the --help option with a French sentence."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help, option.metavar = "Montrer cette aide.", ""
        return option


class FrenchCommand(_French, TyperCommand):
    """A command whose help is in French."""


class FrenchGroup(_French, TyperGroup):
    """A group of commands whose help is in French."""


def usage_error(error: Exception) -> str:
    """Return a French sentence for what was typed wrong, "" when the help was shown instead.

    The kinds are told apart by the class's name: Typer's own are private.
    """
    param = getattr(error, "param", None)
    name = "" if param is None else param.metavar or max(param.opts, key=len, default=param.name or "")
    sentences = {
        "MissingParameter": f"il manque « {name} ».",
        "BadOptionUsage": f"l’option « {getattr(error, 'option_name', '')} » demande une valeur.",
        "NoSuchOption": f"l’option « {getattr(error, 'option_name', '')} » n’existe pas.",
        "BadParameter": f"la valeur donnée à « {name} » ne convient pas.",
    }
    command = error.ctx.command_path if getattr(error, "ctx", None) else "impact"
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    fallback = "cette commande n’existe pas, ou a trop de mots."
    return french(f"{sentences.get(type(error).__name__, fallback)} Pour l’aide : {command} --help")
