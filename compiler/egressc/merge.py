"""One mapping of a list over another, by the rules that stand in the schema."""

from egressc.positions import Mapping
from egressc.schema import Part, field


def merge(base: Mapping, top: Mapping, part: Part) -> Mapping:
    """`top` over `base`, both of which `part` of the schema describes.

    Mappings merge key by key, and everything else replaces what is below it. The schema says where a mapping with a
    mode of its own starts afresh (`x-merge: whole`), and of which keys one is meant (`x-instead`): what the upper layer
    says takes the place of the others. Places and origins stay those of what is kept.
    """
    result = Mapping(top.span)
    replaced = {other for group in part.get("x-instead", ()) for key in group if key in top for other in group} - {*top}
    for layer in (base, top):
        for key in layer:
            if layer is base and key in replaced:
                continue
            below, value = result.get(key), layer[key]
            result.take(key, layer)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                about = field(part, key) or {}
                if not (about.get("x-merge") == "whole" and "mode" in value):
                    result[key] = merge(below, value, about)
    return result
