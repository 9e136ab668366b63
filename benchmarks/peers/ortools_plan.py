"""OR-Tools alone, for `dispatch_plan`: a problem as JSON comes in, its routes go out as [[vehicle, [order, …]], …].

Runs in an environment of its own. Money is in cents; OR-Tools wants whole numbers, so in hundredths of a cent.
"""

import json
import sys
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

FINE = 100
HORIZON = 10**6


def main() -> None:
    asked = json.load(sys.stdin)
    nodes = [asked["depot"], *(order["row"] for order in asked["orders"])]
    orders, vehicles = [None, *asked["orders"]], asked["vehicles"]
    manager = pywrapcp.RoutingIndexManager(len(nodes), len(vehicles), 0)
    routing = pywrapcp.RoutingModel(manager)
    metres, driving = asked["metres"], asked["driving"]

    def between(table: list[list[int]], one: int, other: int) -> int:
        return table[int(nodes[manager.IndexToNode(one)])][int(nodes[manager.IndexToNode(other)])]

    def takes(one: int, other: int) -> int:
        order = orders[manager.IndexToNode(one)]
        return between(driving, one, other) + (int(order["service"]) if order else 0)

    clock = routing.RegisterTransitCallback(takes)
    routing.AddDimension(clock, HORIZON, HORIZON, False, "clock")
    dimension = routing.GetDimensionOrDie("clock")
    for load in ("weight", "volume"):
        amounts = [0, *(order[load] for order in asked["orders"])]
        index = routing.RegisterUnaryTransitVector(amounts)
        routing.AddDimensionWithVehicleCapacity(index, 0, [each[load] for each in vehicles], True, load)
    for number, vehicle in enumerate(vehicles):
        rate = vehicle["per_km"] * FINE // 1000
        paid = routing.RegisterTransitCallback(lambda one, other, rate=rate: rate * between(metres, one, other))
        routing.SetArcCostEvaluatorOfVehicle(paid, number)
        routing.SetFixedCostOfVehicle(vehicle["fixed"] * FINE, number)
        dimension.SetSpanCostCoefficientForVehicle(round(vehicle["per_hour"] * FINE / 3600), number)
        dimension.CumulVar(routing.End(number)).SetMax(vehicle["until"])
    for number, order in enumerate(asked["orders"], start=1):
        index = manager.NodeToIndex(number)
        dimension.CumulVar(index).SetRange(order["earliest"], order["latest"])
        routing.AddDisjunction([index], order["prize"] * FINE)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(round(asked["seconds"] * 1000))
    solution = routing.SolveWithParameters(parameters)
    json.dump([] if solution is None else list(routes(routing, manager, solution, len(vehicles))), sys.stdout)


def routes(routing: Any, manager: Any, solution: Any, vehicles: int) -> list[list[Any]]:
    found = []
    for number in range(vehicles):
        index, tasks = routing.Start(number), []
        while not routing.IsEnd(index):
            if node := manager.IndexToNode(index):
                tasks.append(node - 1)
            index = solution.Value(routing.NextVar(index))
        if tasks:
            found.append([number, tasks])
    return found


if __name__ == "__main__":
    main()
