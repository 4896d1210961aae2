"""The data catalogue as plain JSON; words in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dashboard.catalogue import catalogue as told
from dashboard.catalogue.catalogue import Catalogue
from dashboard.words import LANGUAGES, Words, words
from indicators.editions.inventory import Entry, Holding
from pipelines.custody import ITEMS
from pipelines.yamlfile import Text

Node = dict[str, Any]


def as_json(catalogue: Catalogue) -> str:
    """Every table with its columns as one JSON object; words in both languages."""
    edition = catalogue.edition
    whole = {
        "plan": catalogue.plan.identity.id,
        "name": pair(catalogue.plan.identity.name),
        "edition": {"id": edition.id, "created": edition.created, "sha256": edition.sha256} if edition else None,
        "disclosure_control": catalogue.cleared,
        "tables": [_table(catalogue, one) for one in catalogue.holdings],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _table(catalogue: Catalogue, holding: Holding) -> Node:
    custody, kept = holding.custody, holding.custody.retention
    texts: Node = {item: pair(text) if (text := getattr(custody, item)) else None for item in ITEMS if item != "retention"}
    return {
        "table": holding.id,
        "group": holding.group,
        "name": both(lambda spoken: told.name(holding, spoken)),
        "description": pair(holding.description) if holding.description else None,
        "tier": holding.tier,
        "personal": holding.personal,
        **texts,
        "retention": {"years": kept.years, "reason": pair(kept.reason)} if kept else None,
        "proposed": list(custody.proposed),
        "rows": holding.rows,
        "units": holding.units,
        "first_period": holding.first,
        "last_period": holding.last,
        "made_from": list(holding.sources),
        "tier_of_inputs": holding.inputs,
        "columns": [_column(catalogue, holding, one) for one in holding.entries],
    }


def _column(catalogue: Catalogue, holding: Holding, entry: Entry) -> Node:
    return {
        "column": entry.id,
        "name": both(lambda spoken: told.column(entry, spoken)),
        "description": pair(entry.description) if entry.description else None,
        "type": entry.type,
        "unit": entry.unit,
        "codes": entry.codes,
        "required": entry.required,
        "tier": entry.tier,
        "kind": entry.kind,
        "personal": entry.personal,
        "reason": both(lambda spoken: told.why(catalogue, holding, entry, spoken)),
    }


def pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def both(say: Callable[[Words], str]) -> dict[str, str] | None:
    """What is said in each language; None where it is nothing."""
    found = {language: say(words(language)) for language in LANGUAGES}
    return found if any(found.values()) else None
