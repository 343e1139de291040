"""Says what a calendar breaks, from the problem alone: written apart from the code that makes calendars."""

from __future__ import annotations

from terr.engine.visits.problem import DayRoute, VisitProblem


def broken(problem: VisitProblem, routes: tuple[DayRoute, ...]) -> list[str]:
    """Every rule a calendar breaks, in words; none for a good one."""
    out = []
    seen: dict[int, int] = {}
    for route in routes:
        date = int(problem.day_number[route.day])
        clock, place, miles, drive = route.start, 0, 0, 0
        if route.start < problem.day_start:
            out.append(f"day {route.day} begins at {route.start}")
        for k, v in enumerate(route.visits):
            i = int(problem.account[v])
            if v in seen:
                out.append(f"visit {v} twice")
            seen[v] = date
            miles += int(problem.miles[place][i + 1])
            drive += int(problem.minutes[place][i + 1])
            clock += int(problem.minutes[place][i + 1])
            place = i + 1
            if route.arrive[k] != clock:
                out.append(f"visit {v} arrives at {route.arrive[k]}, not at {clock}")
            if route.begin[k] < clock or route.begin[k] < problem.opens[i][route.day]:
                out.append(f"visit {v} begins before the door is open")
            clock = route.begin[k] + int(problem.service[i])
            if route.leave[k] != clock or clock > problem.closes[i][route.day]:
                out.append(f"visit {v} ends at {route.leave[k]}, closing time is {problem.closes[i][route.day]}")
            if date < problem.first[v] or date > problem.last[v]:
                out.append(f"visit {v} on day {date}, outside {problem.first[v]} to {problem.last[v]}")
        miles += int(problem.miles[place][0])
        drive += int(problem.minutes[place][0])
        clock += int(problem.minutes[place][0])
        if route.visits and (route.end != clock or clock > problem.day_end):
            out.append(f"day {route.day} ends at {route.end}, counted {clock}, limit {problem.day_end}")
        if route.visits and (route.miles, route.drive) != (miles, drive):
            out.append(f"day {route.day} has {miles} and {drive}, says {route.miles} and {route.drive}")
    for v, date in seen.items():
        for w, other in seen.items():
            if w > v and problem.account[w] == problem.account[v]:
                need = max(int(problem.gap[x]) for x in range(v + 1, w + 1))
                if other - date < need:
                    out.append(f"visits {v} and {w} of one account on days {date} and {other}, {need} apart asked")
    return out
