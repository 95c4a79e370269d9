"""Render a page: what every template gets, in the language of who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from markupsafe import Markup

from backend.web.cookies import LANGUAGE
from backend.web.language import Formats, catalogues, choose, languages
from backend.web.viewer import Connection, Viewer
from backend.web.wiring import Wiring

TEMPLATES = Path(__file__).resolve().parent / "templates"

environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def viewer_of(connection: Connection) -> Viewer | None:
    """The person the guard has found, if the route has a guard."""
    viewer = connection.state.get("viewer")
    return viewer if isinstance(viewer, Viewer) else None


def language_of(connection: Connection) -> str:
    """The language that this request is answered in."""
    viewer = viewer_of(connection)
    return choose(
        person=viewer.language if viewer else None,
        cookie=connection.cookies.get(LANGUAGE),
        header=connection.headers.get("accept-language"),
        default=Wiring.of(connection).settings.language,
    )


def is_partial(connection: Connection) -> bool:
    """Whether htmx wants only a fragment; restoring its history asks for whole pages."""
    return connection.headers.get("hx-request-type") == "partial"


def words(connection: Connection) -> dict[str, Any]:
    """What every template may use: `_`, `ngettext`, `lang`, `dir`, `languages`, `fmt`, `viewer`, `now`, `partial`.

    Values go into braces, as in the worker: `_("Counted {done} of {all}", done=1, all=2)`; all is escaped.
    """
    wiring, language = Wiring.of(connection), language_of(connection)
    catalogue = catalogues()[language]

    def gettext(msgid: str, **values: object) -> Markup:
        text = Markup.escape(catalogue.gettext(msgid))
        # Without values it may be no message of ours: a problem's detail can hold anything, braces too.
        return text.format(**values) if values else text

    def ngettext(one: str, many: str, n: int, **values: object) -> Markup:
        return Markup.escape(catalogue.ngettext(one, many, n)).format(n=values.pop("n", n), **values)

    return {
        "_": gettext,
        "ngettext": ngettext,
        "lang": language,
        "dir": Locale.parse(language).text_direction,
        "languages": languages(),
        "fmt": Formats(language, wiring.settings.time_zone),
        "viewer": viewer_of(connection),
        "now": wiring.clock(),
        "partial": is_partial(connection),
        "here": "",
    }


def page(
    request: Request[Any, Any, Any],
    template: str,
    /,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    cookies: list[Cookie] | None = None,
    **context: Any,
) -> Response[str]:
    """A template rendered for this request."""
    text = environment.get_template(template).render({**words(request), **context})
    return Response(
        text,
        status_code=status,
        headers={"vary": "Cookie, Accept-Language, HX-Request-Type", **(headers or {})},
        cookies=cookies,
        media_type=MediaType.HTML,
    )


def go_to(path: str, *, cookies: list[Cookie] | None = None) -> Response[bytes]:
    """After a form: look at this page next (303, so that reloading does not send the form again)."""
    return Response(
        b"", status_code=303, headers={"location": path}, cookies=cookies, media_type=MediaType.HTML
    )
