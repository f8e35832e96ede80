"""The visitor's choices, kept in cookies: language and colours."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.console.render import THEMES
from warehouse.console.texts import LANGUAGES

YEAR_S = 365 * 24 * 3600
CHOICES = {"language": LANGUAGES, "theme": THEMES}


async def prefer(request: Request) -> Response:
    """GET /prefer?language=zh&back=/ keeps the choice and goes back."""
    answer = RedirectResponse(local_path(request.query_params.get("back", "/")), 303)
    secure = request.url.scheme == "https"
    for name, allowed in CHOICES.items():
        chosen = request.query_params.get(name)
        if chosen in allowed:
            answer.set_cookie(
                f"sojourn_{name}", chosen, max_age=YEAR_S, secure=secure, httponly=True, samesite="lax"
            )
    return answer


def local_path(back: str) -> str:
    """`back` when it is a path of this console, else the first page: never another site."""
    outside = not back.startswith("/") or back[1:2] in ("/", "\\") or any(ord(sign) < 32 for sign in back)
    return "/" if outside else back
