"""/health: the program is up. /ready: it could answer a question about the data now."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from warehouse.access.scope import Scope
from warehouse.errors import LakeMissing


async def health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 with the state of the lake ("open", "not yet"); 503 when a question to it fails."""
    try:
        await request.app.state.reader.lake(lambda lake: lake.query("SELECT 1"), Scope())
    except LakeMissing:
        return JSONResponse({"ready": True, "lake": "not yet"})
    except Exception as error:
        return JSONResponse({"ready": False, "lake": str(error)}, 503)
    return JSONResponse({"ready": True, "lake": "open"})
