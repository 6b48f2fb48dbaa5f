"""Impact: an evaluation workbench for social utility. This page is the table of contents of the library.

Importing it is light: each name is loaded from its module when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

CONTENTS = {
    "read_questionnaire": "impact.questionnaire.xlsform",
    "read_campaign": "impact.campaign",
    "new_campaign": "impact.campaign.scaffold",
    "simulate": "impact.simulation",
    "example_file": "impact.simulation",
    "read_answers": "impact.collect.responses",
    "read_export": "impact.collect.exports",
    "guess": "impact.collect.correspondence",
    "write_correspondence": "impact.collect.correspondence",
    "check": "impact.collect.validation",
    "check_file": "impact.collect.validation",
    "check_files": "impact.collect.validation",
    "match": "impact.collect.matching",
    "confirm": "impact.collect.matching",
    "join_waves": "impact.linking.joining",
    "decide": "impact.linking.joining",
    "compare_entries": "impact.collect.entry",
    "write_count_sheets": "impact.collect.counts",
    "read_counts": "impact.collect.counts",
    "open_answers": "impact.coding_grid.model",
    "CodingGrid": "impact.coding_grid.model",
    "show_grid": "impact.coding_grid.view",
    "score": "impact.scoring",
    "scoring_summary": "impact.scoring",
    "item_values": "impact.scoring",
    "read_reference_survey": "impact.reference_survey",
    "reference_values": "impact.reference_survey",
    "example_survey": "impact.simulation.example",
    "analyse": "impact.analysis",
    "analyse_for_lead": "impact.analysis",
    "in_french": "impact.results",
    "Rules": "impact.campaign.rules",
    "Release": "impact.disclosure",
    "release": "impact.disclosure",
    "releases": "impact.clearance",
    "publish": "impact.publication",
    "read_cube": "impact.cube",
    "k_anonymity": "impact.open_data.anonymisation",
    "class_sizes": "impact.open_data.anonymisation",
    "individual_risk": "impact.open_data.anonymisation",
    "pseudonymise": "impact.linking",
    "scale_table": "impact.sentences.tables",
    "breakdown_table": "impact.sentences.tables",
    "write_open_data": "impact.open_data.package",
    "write_paper": "impact.collect.paper",
    "write_xlsform": "impact.collect.kobo",
    "write_structure": "impact.collect.limesurvey",
    "write_entry_sheet": "impact.collect.entry",
    "show": "impact.dashboard",
    "read_activity": "impact.activity.tables",
    "ImpactError": "impact.errors",
}
__all__ = list(CONTENTS)


def __getattr__(name: str) -> object:
    if name not in CONTENTS:
        raise AttributeError(f"module 'impact' has no attribute {name!r}")
    return getattr(import_module(CONTENTS[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *CONTENTS]
