"""Pages from the templates of this package: escaped, and refused where a template asks for what nobody gave."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(template: str, **values: Any) -> bytes:
    """Return a template with its values filled in; raise `jinja2.UndefinedError` if it asks for another."""
    return _environment().get_template(template).render(**values).encode()


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("hotarea.stores", "."), autoescape=True, undefined=StrictUndefined)
