"""A YAML file read strictly, with the place of every value kept for error messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.yamlwords import IDENTIFIER as IDENTIFIER
from pipelines.yamlwords import Refused, shown, syntax_sentence, type_sentence, value_sentence


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One thing to mend in a plan folder: where it stands and what to do."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}  {self.message}" if self.file else self.message  # of no file: the folder


class PlanFaults(Exception):
    """All faults found in a plan folder, in the order of files and lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))


class Model(BaseModel):
    """Base of everything read from YAML: unknown keys are errors, nothing is coerced, nothing changes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Text(Model):
    """The same words in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


ModelType = TypeVar("ModelType", bound=BaseModel)


class _StrictLoader(yaml.SafeLoader):
    """Safe loader that refuses aliases (they can grow without bound) and duplicate keys (the last would win).

    Only `true` and `false` are booleans, as in YAML 1.2; in 1.1 the key `on` and the codes `NO`, `Y` would become booleans too.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:bool"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise Refused(None, None, f"the alias *{event.anchor} is not allowed here; write the value out", event.start_mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError) as error:  # a value such as 2025-13-45 looks like a date and is none
            raise Refused(
                None, None, f"`{node.value}` cannot be read: {error}; put it in quotes if it is text", node.start_mark
            ) from None


def _mapping(loader: _StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Refused(None, None, "a key must be one word, not a list or mapping", key.start_mark)
        if key.value in seen:
            raise Refused(
                None,
                None,
                f"the key `{key.value}` stands here twice (first in line {seen[key.value]}); keep one",
                key.start_mark,
            )
        seen[key.value] = key.start_mark.line + 1
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass(frozen=True, kw_only=True)
class YamlFile:
    """The values of one YAML file, and its nodes, so that a value can be pointed at."""

    path: Path
    label: str
    data: Any
    root: yaml.Node | None

    @property
    def stem(self) -> str:
        return self.path.stem

    def fault(self, place: Sequence[str | int], message: str, *, key: bool = False) -> Fault:
        """The fault at `place` (keys and positions from the root); `key=True` points at the key itself."""
        mark = _mark(self.root, place, key=key)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Fault(file=self.label, line=line, column=column, message=message)

    def validate(self, model: type[ModelType], extra: dict[str, Any] | None = None) -> ModelType:
        """The file as a model. Raises PlanFaults with line and column of everything that does not fit."""
        data = self.data
        if not isinstance(data, dict):
            raise PlanFaults([self.fault([], f"a mapping of keys was expected here, found {shown(data)}.")])
        extra = extra or {}
        found = [
            self.fault([name], f"`{name}` is not written here; it is the name of the file.", key=True)
            for name in extra
            if name in data
        ]
        try:
            whole = model.model_validate({**data, **extra})
        except ValidationError as error:
            found += self._faults(model, error, extra)
        if found:
            raise PlanFaults(found)
        return whole

    def salvage(self, model: type[ModelType], extra: dict[str, Any]) -> ModelType | None:
        """What of the file fits the model, for looking for further faults only: what does not fit is left out, a key without
        which there is no model is None. None when the file is no mapping at all."""
        if not isinstance(self.data, dict):
            return None
        fields = model.model_fields
        data: dict[str, Any] = {name: value for name, value in {**self.data, **extra}.items() if name in fields}
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                _leave_out(data, fields, item["loc"])
        values: dict[str, Any] = {}
        for name, info in fields.items():
            if name in data:
                kind: Any = info.annotation
                values[name] = TypeAdapter(kind).validate_python(data[name])
            elif info.is_required():
                empty = get_origin(info.annotation)
                values[name] = empty() if empty in (dict, list) else None
        return model.model_construct(**{**values, **extra})

    def _faults(self, model: type[BaseModel], error: ValidationError, extra: dict[str, Any]) -> list[Fault]:
        """The errors of a model as faults; where a value may be of several kinds, one fault for all of them."""
        found: list[Fault] = []
        choices: dict[tuple[Any, ...], list[Any]] = {}
        deeper: set[tuple[Any, ...]] = set()
        for item in error.errors():
            place, chosen = _place({**self.data, **extra}, item)
            if chosen is None:
                found.append(self._fault(model, {**item, "loc": place}, extra))
            elif len(place) > chosen:
                deeper.add(place[:chosen])
                found.append(self._fault(model, {**item, "loc": place}, extra))
            else:
                choices.setdefault(place, []).append(item)
        for place, items in choices.items():
            if place not in deeper:
                kinds = [item["type"] for item in items]
                found.append(self.fault(place, type_sentence(_called(place[-1]), kinds, items[0]["input"])))
        return found

    def _fault(self, model: type[BaseModel], item: Any, extra: dict[str, Any]) -> Fault:
        place = list(item["loc"])
        kind, last = item["type"], place[-1] if place else ""
        if kind == "extra_forbidden":
            known = [name for name in _known_keys(model, place[:-1]) if len(place) > 1 or name not in extra]
            return self.fault(place, f"unknown key `{last}`.{suggest(str(last), known)}", key=True)
        if kind == "missing":
            return self.fault(place[:-1], f"the key `{last}` is missing here; add it.")
        if kind == "value_error":  # a rule of ours over several keys, which says everything itself
            return self.fault(place, f"{item['msg'].removeprefix('Value error, ')}.")
        if last == "[key]":
            return self.fault(place[:-1], value_sentence(f"the key `{place[-2]}`", item), key=True)
        return self.fault(place, value_sentence(_called(last), item))


def _called(last: str | int) -> str:
    return f"entry {last + 1}" if isinstance(last, int) else f"`{last}`"


def _place(data: Any, item: Any) -> tuple[tuple[Any, ...], int | None]:
    """The way to an error through the data, without the names a model gives to the kinds a value may be of; and its length
    where such a name stood, None where none did."""
    place: list[Any] = []
    chosen: int | None = None
    for depth, part in enumerate(item["loc"]):
        last = depth == len(item["loc"]) - 1
        if part == "[key]" or (last and item["type"] == "missing"):
            place.append(part)
        elif isinstance(data, dict) and (key := next((key for key in data if str(key) == str(part)), None)) is not None:
            place.append(part)
            data = data[key]
        elif isinstance(data, list) and isinstance(part, int):
            place.append(part)
            data = data[part]
        else:
            chosen = len(place)
    return tuple(place), chosen


def _leave_out(data: dict[str, Any], fields: Any, place: Sequence[Any]) -> None:
    """Removes what an error stands in: one entry of a mapping of names, else the whole key."""
    name = place[0] if place else None
    if name not in data:
        return
    if len(place) > 1 and get_origin(fields[name].annotation) is dict and isinstance(data[name], dict):
        data[name] = {key: value for key, value in data[name].items() if str(key) != str(place[1])}
    else:
        del data[name]


def read_yaml(path: Path, label: str | None = None) -> YamlFile:
    """The file at `path`. Raises PlanFaults when it is not one strict YAML document in UTF-8."""
    label = label or str(path)

    def refuse(message: str, line: int = 1, column: int = 1) -> PlanFaults:
        return PlanFaults([Fault(file=label, line=line, column=column, message=message)])

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"the file is not UTF-8 (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise refuse(f"the file cannot be read: {error.strerror}.") from None
    try:
        loader = _StrictLoader(text)
        try:
            root = loader.get_single_node()
            data = loader.construct_document(root) if root is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise refuse(syntax_sentence(error), *where) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        raise refuse(f"the character {text[error.position]!r} may not stand here.", len(before), len(before[-1]) + 1) from None
    except RecursionError:
        raise refuse("the brackets or indents of this file nest too deep to be read; close them.") from None
    return YamlFile(path=path, label=label, data=data, root=root)


def suggest(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or lists the known ones when they are few."""
    words = sorted(set(known))
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f" Did you mean `{near[0]}`?"
    return f" Known here: {', '.join(words)}." if 0 < len(words) <= 12 else ""


def _mark(node: yaml.Node | None, place: Sequence[str | int], *, key: bool) -> yaml.Mark | None:
    mark = node.start_mark if node is not None else None
    for depth, part in enumerate(place):
        if isinstance(node, yaml.MappingNode):
            hit = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if hit is None:
                continue
            node = hit[1]
            mark = hit[0].start_mark if key and depth == len(place) - 1 else node.start_mark
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
    return mark


def _known_keys(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """Keys a model accepts at `place`, found by walking the annotations through models, lists and mappings."""
    current: Any = model
    for part in place:
        fields = getattr(current, "model_fields", None)
        if fields is not None and part not in fields:
            return []
        current = _structure(fields[part].annotation if fields is not None else get_args(current)[-1])
        if current is None:
            return []
    return list(getattr(current, "model_fields", {}))


def _structure(annotation: Any) -> Any:
    """The model, list or mapping inside an annotation such as `X | None`; None for plain values."""
    if get_origin(annotation) in (list, dict) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return annotation
    return next((found for part in get_args(annotation) if (found := _structure(part)) is not None), None)
