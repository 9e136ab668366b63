"""Cities served, and whether a place can be one: looked up before an order or a vehicle is stored."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.errors import Invalid
from opsroom.dispatch.models import City
from opsroom.dispatch.region import NEAR_KM, OUTLINE, Point, nearest, within

BELONGS_KM = 40.0
"""A place so far from a city counts as the city's, for corridors."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The cities, by name."""

    cities: dict[str, Point]
    served: frozenset[str]

    def city(self, name: str, field: str) -> str:
        """The city of that name, in its own spelling.

        Raises:
            Invalid: it is not served.
        """
        for known in self.served:
            if known.casefold() == name.strip().casefold():
                return known
        listed = ", ".join(sorted(self.served)) or "none yet; add some under /api/v1/dispatch/cities"
        raise Invalid(f"{field}: {name} is not a city served. Served are: {listed}.", field=field)

    def place(self, location: dict[str, Any], field: str) -> dict[str, Any]:
        """The location with its city filled in.

        Raises:
            Invalid: nothing can be loaded or delivered there.
        """
        at = (location["lon"], location["lat"])
        found = nearest(((name, self.cities[name]) for name in sorted(self.served)), at)
        if not within(OUTLINE, *at) and (found is None or found[1] > NEAR_KM):
            where = f"; the nearest city served, {found[0]}, is {found[1]:.0f} km away" if found else ""
            raise Invalid(
                f"{field}: {location['lat']}, {location['lon']} lies in the water or outside of the region{where}. "
                "Expected degrees north as lat and east as lon.",
                field=field,
            )
        return {**location, "city": location.get("city") or self.area(at)}

    def area(self, at: Point) -> str | None:
        found = nearest(sorted(self.cities.items()), at)
        return found[0] if found and found[1] <= BELONGS_KM else None

    def centre(self, name: str) -> dict[str, Any]:
        longitude, latitude = self.cities[name]
        return {"lat": latitude, "lon": longitude, "city": name}


async def gazetteer(source: AsyncSession | AsyncConnection) -> Gazetteer:
    rows = (await source.execute(select(City.name, City.longitude, City.latitude, City.served))).all()
    cities = {row.name: (row.longitude, row.latitude) for row in rows}
    return Gazetteer(cities, frozenset(row.name for row in rows if row.served))
