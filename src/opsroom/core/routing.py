"""Finding the route of a request without trying all of them."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

DEPTH = 3  # `/api/v1/stores/…` is told apart by its first three parts

Prefix = tuple[str, ...]


class Signpost:
    """In front of a router that tries its routes in turn, which with a hundred of them costs more than most answers.

    It tries, in the same order, those whose path can begin as the request's does. What they do not take is left to
    the router: short paths, unknown ones and wrong methods.
    """

    def __init__(self, router: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.router = router
        prefixes = [(_literal_prefix(getattr(route, "path", "")), route) for route in routes]
        self.routes_by_prefix: dict[Prefix, list[BaseRoute]] = {
            whole: [route for prefix, route in prefixes if whole[: len(prefix)] == prefix]
            for whole, _ in prefixes
            if len(whole) == DEPTH
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            prefix = tuple(scope["path"].split("/", DEPTH + 1)[1 : DEPTH + 1])
            for route in self.routes_by_prefix.get(prefix, ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self.router(scope, receive, send)


def _literal_prefix(path: str) -> Prefix:
    parts: list[str] = []
    for part in path.split("/", DEPTH + 1)[1 : DEPTH + 1]:
        if "{" in part:
            break
        parts.append(part)
    return tuple(parts)
