"""A YAML file read strictly, with the place of every value kept for error messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One thing to mend in a plan folder: where it stands and what to do."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}  {self.message}"


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


#: what a name in a formula or a file name may look like
IDENTIFIER = r"^[a-z][a-z0-9_]*$"

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
            raise yaml.constructor.ConstructorError(
                None, None, f"the alias *{event.anchor} is not allowed here; write the value out", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError) as error:  # a value such as 2025-13-45 looks like a date and is none
            raise yaml.constructor.ConstructorError(
                None, None, f"`{node.value}` cannot be read: {error}; put it in quotes if it is text", node.start_mark
            ) from None


def _mapping(loader: _StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be one word, not a list or mapping", key.start_mark)
        if key.value in seen:
            raise yaml.constructor.ConstructorError(
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
            raise PlanFaults([self.fault([], f"a mapping of keys was expected here, found {_kind(data)}.")])
        extra = extra or {}
        for name in extra:
            if name in data:
                raise PlanFaults([self.fault([name], f"`{name}` is not written here; it is the name of the file.", key=True)])
        try:
            return model.model_validate({**extra, **data})
        except ValidationError as error:
            raise PlanFaults(self._fault(model, item, extra) for item in error.errors()) from None

    def _fault(self, model: type[BaseModel], item: Any, extra: dict[str, Any]) -> Fault:
        place = [part for part in item["loc"] if not (isinstance(part, str) and part.startswith("function-"))]
        kind, last = item["type"], item["loc"][-1] if item["loc"] else ""
        if kind == "extra_forbidden":
            known = [name for name in _known_keys(model, place[:-1]) if len(place) > 1 or name not in extra]
            return self.fault(place, f"unknown key `{last}`.{suggest(str(last), known)}", key=True)
        if kind == "missing":
            return self.fault(place[:-1], f"the key `{last}` is missing here; add it.")
        if kind == "value_error":  # a rule of ours over several keys, which says everything itself
            return self.fault(place, f"{item['msg'].removeprefix('Value error, ')}.")
        key, found = last == "[key]", _kind(item["input"])
        if key:
            place.pop()
            last = place[-1]
        called = f"the key `{last}`" if key else f"entry {last + 1}" if isinstance(last, int) else f"`{last}`"
        if kind == "string_type" and isinstance(item["input"], bool):
            return self.fault(place, f"{called} must be text; YAML reads this word as {found}. Put it in quotes.", key=key)
        if kind == "string_type":
            return self.fault(place, f"{called} must be text, found {found}. Put it in quotes.", key=key)
        if isinstance(item["input"], str) and kind in ("float_type", "int_type", "bool_type"):
            wanted = "`true` or `false`" if kind == "bool_type" else "a number"
            return self.fault(place, f"{called} must be {wanted}, found the text {found}. Write it without quotes.")
        if kind == "model_type":
            return self.fault(place, f"{called} must be a mapping of keys, found {found}.")
        if kind == "string_pattern_mismatch" and item["ctx"]["pattern"] == IDENTIFIER:
            wanted = "small letters, digits and underscores only, and a letter first"
            return self.fault(place, f"{called} is a name used in formulas: {wanted} (found {found}).", key=key)
        return self.fault(place, f"{called}: {item['msg']} (found {found}).", key=key)


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
        raise refuse(": ".join(text for text in (error.context, error.problem) if text) + ".", *where) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        raise refuse(f"the character {text[error.position]!r} may not stand here.", len(before), len(before[-1]) + 1) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise refuse(f"this is not YAML that can be read: {str(error).splitlines()[0]}.") from None
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


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    return f"`{str(value)[:60]}`"
