"""Finding the route of a request without trying all of them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from operator import itemgetter
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

ANY_DEPTH = ":path}"  # such a parameter takes slashes too
DEEPEST = 16  # parts of a path; the router itself looks at longer ones

Place = tuple[str, int]  # method, number of parts of the path


@dataclass(frozen=True, slots=True)
class Signs:
    """Routes of one place whose literal parts stand at the same places; `literals` takes those from a path."""

    literals: Callable[[list[str]], Any]
    routes: dict[Any, list[tuple[int, BaseRoute]]]


class Signpost:
    """In front of a router that tries its routes in turn, which with hundreds of them costs more than most answers.

    It tries, in the same order, those of the request's method whose path has as many parts and the same literal ones.
    It also tells all methods that a path has, where the router would tell those of the first route alone. Unknown paths
    are left to the router.
    """

    def __init__(self, router: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.router = router
        signs: dict[Place, dict[tuple[int, ...], Signs]] = defaultdict(dict)
        for number, route in enumerate(routes):
            path = getattr(route, "path", "")
            parts = path.split("/")
            places = tuple(place for place, part in enumerate(parts) if "{" not in part)
            depths = range(len(parts), DEEPEST + 1) if ANY_DEPTH in path else (len(parts),)
            for method, depth in product(getattr(route, "methods", None) or (), depths):
                found = signs[method, depth].setdefault(places, Signs(itemgetter(*places), {}))
                found.routes.setdefault(found.literals(parts), []).append((number, route))
        self.signs = {place: tuple(by_literals.values()) for place, by_literals in signs.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            parts = scope["path"].split("/")
            for route in self._routes((scope["method"], len(parts)), parts):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
            if allowed := self._methods(scope, parts):
                raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
        await self.router(scope, receive, send)

    def _routes(self, place: Place, parts: list[str]) -> Iterator[BaseRoute]:
        found = [each for signs in self.signs.get(place, ()) for each in signs.routes.get(signs.literals(parts), ())]
        return (route for _, route in sorted(found, key=itemgetter(0)))

    def _methods(self, scope: Scope, parts: list[str]) -> list[str]:
        return sorted(
            method
            for method, depth in self.signs
            if depth == len(parts)
            and any(route.matches(scope)[0] is not Match.NONE for route in self._routes((method, depth), parts))
        )
