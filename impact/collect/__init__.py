"""From the questionnaire to clean answers: forms, readers of exports, checking, matching of codes."""
