"""Finding the route of a request without trying all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

ANY_DEPTH = ":path}"  # such a parameter takes slashes too
DEEPEST = 16  # parts of a path; the router itself looks at longer ones

Place = tuple[str, int]  # method, number of parts of the path


@dataclass(frozen=True, slots=True)
class Sign:
    """literals: the parts of the route's path that are no parameters, with their places"""

    route: BaseRoute
    literals: tuple[tuple[int, str], ...]

    def fits(self, parts: list[str]) -> bool:
        return all(parts[place] == literal for place, literal in self.literals)


class Signpost:
    """In front of a router that tries its routes in turn, which with hundreds of them costs more than most answers.

    It tries, in the same order, those of the request's method whose path has as many parts and the same literal ones.
    It also tells all methods that a path has, where the router would tell those of the first route alone. Unknown paths
    are left to the router.
    """

    def __init__(self, router: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.router = router
        self.signs: dict[Place, list[Sign]] = defaultdict(list)
        for route in routes:
            path = getattr(route, "path", "")
            parts = path.split("/")
            literals = tuple((place, part) for place, part in enumerate(parts) if "{" not in part)
            depths = range(len(parts), DEEPEST + 1) if ANY_DEPTH in path else (len(parts),)
            for method, depth in product(getattr(route, "methods", None) or (), depths):
                self.signs[method, depth].append(Sign(route, literals))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            parts = scope["path"].split("/")
            for sign in self.signs.get((scope["method"], len(parts)), ()):
                if sign.fits(parts):
                    match, found = sign.route.matches(scope)
                    if match is Match.FULL:
                        scope.update(found)
                        await sign.route.handle(scope, receive, send)
                        return
            if allowed := self._methods(scope, parts):
                raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
        await self.router(scope, receive, send)

    def _methods(self, scope: Scope, parts: list[str]) -> list[str]:
        return sorted(
            method
            for (method, depth), signs in self.signs.items()
            if depth == len(parts)
            and any(sign.fits(parts) and sign.route.matches(scope)[0] is not Match.NONE for sign in signs)
        )
