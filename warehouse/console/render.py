"""Templates and what every page needs: the language, the colours, the texts."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from warehouse.console.moments import lasted, span, time_tag
from warehouse.console.signing import state_of
from warehouse.console.texts import Texts, language_of, series_words

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEMES = ("auto", "light", "dark")


@cache
def environment() -> Environment:
    """Jinja2 that escapes everything, refuses names it does not know and keeps what it compiled."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(time=time_tag, lasted=lasted, span=span, series_words=series_words)
    # Within a script element nothing ends it but its tag, which JSON can do without.
    env.filters["embedded"] = lambda text: Markup(str(text).replace("<", "\\u003c"))
    env.filters["urlpart"] = lambda text: quote(str(text), safe="")
    return env


class Pages:
    """Renders templates by name, whole pages and parts of them."""

    def __init__(self) -> None:
        self._env = environment()

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page in the visitor's language and colours."""
        headers = {"Vary": "Accept-Language, Cookie"}
        return HTMLResponse(self.part(request, name, **values), status, headers)

    def part(self, request: Request, name: str, **values: Any) -> str:
        """The text of a template in the visitor's language."""
        texts = texts_for(request)
        return self._env.get_template(name).render(
            t=texts,
            theme=theme_of(request),
            here=_here(request),
            asker=state_of(request.scope.get("state", {})),
            query=request.query_params.get("id", ""),
            **values,
        )


def texts_for(request: Request) -> Texts:
    return Texts(language_of(request.cookies, request.headers.get("accept-language", "")))


def theme_of(request: Request) -> str:
    chosen = request.cookies.get("sojourn_theme", "auto")
    return chosen if chosen in THEMES else "auto"


def _here(request: Request) -> str:
    """Path and query of this page, to come back to after a choice."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
