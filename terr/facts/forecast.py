"""What the next periods bring: the mean of four methods, its interval, and parts that add up.

Methods are judged by rolling origin: each forecasts, from what was known at several earlier ends, the periods that
followed (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 5.10). The plain mean of methods
beats choosing one of them where there are few earlier ends to choose by (Clemen 1989; Makridakis et al. 2020); the
seasonal naive forecast stays where it did clearly better.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.one_processor import one_processor

Floats = NDArray[np.float64]
NAIVE = "seasonal naive"
MEAN = "mean of seasonal naive, seasonal means, Theta and ETS"
_ORIGINS = 6
_LEAST_SWING = 2**-0.5
"""A standard error is at least this share of the spread of the change from a period a year before: two years
differ by the noise of both, and no forecast knows the noise of the year to come. What all periods change by on the mean
is growth, which isn't noise."""
_BEATEN = 0.8
"""Less than this share of another's error is a clear lead; a smaller one is chance at six overlapping ends."""
_SPARSE = 0.4
"""Share of empty periods from which demand is taken for intermittent."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """The next periods of one series.

    Attributes:
        method: by which, in words.
        mase: mean absolute error of the method at earlier ends, as a share of what a period differs from that of the
            year before (after Hyndman and Koehler 2006); None where the history is too short to try.
        mase_naive: of the seasonal naive forecast, at the same ends.
        mean: float64 (periods,).
        sigma: float64 (periods,), standard error of each period.
        freedom: degrees of freedom of the t distribution that the intervals take: few errors make them wider.
        enough: whether the history has two seasons; without, the interval is wide and nothing could be tried.
    """

    method: str
    mase: float | None
    mase_naive: float | None
    mean: Floats
    sigma: Floats
    freedom: float
    enough: bool

    @property
    def low80(self) -> Floats:
        """Lower end of the 80% interval."""
        return self._end(0.10)

    @property
    def high80(self) -> Floats:
        """Upper end of the 80% interval."""
        return self._end(0.90)

    @property
    def low95(self) -> Floats:
        """Lower end of the 95% interval."""
        return self._end(0.025)

    @property
    def high95(self) -> Floats:
        """Upper end of the 95% interval."""
        return self._end(0.975)

    def _end(self, q: float) -> Floats:
        from scipy.stats import t as student  # half a second that who only checks a file does without

        return np.asarray(self.mean + self.sigma * student.ppf(q, self.freedom))


def forecast(
    history: Floats, season: int, periods: int, *, months: int = 1, progress: Progress = UNWATCHED
) -> Forecast:
    """The next periods of a series.

    A quarter is forecast as the sum of its months: three times as many figures tell level and season.

    Args:
        history: float64 (n,), one figure per month (or per quarter, with a season of 4) without gaps, the newest last;
            periods without orders are 0.
        season: figures of a year: 12 or 4.
        periods: how many to forecast, 1 to 36 figures of the history's length in all.
        months: figures that make one period of the forecast: 3 for quarters of a monthly history.
        progress: asked whether to stop between two methods.

    Raises:
        InputError: no history, a figure that isn't finite, or periods out of range.
        StoppedError: if the person stopped it.
    """
    y = np.asarray(history, dtype=np.float64)
    if y.ndim != 1 or not len(y) or not np.isfinite(y).all():
        raise InputError("a forecast needs at least one period of history, all finite")
    steps = periods * months
    if not 1 <= steps <= 36 or months < 1:
        raise InputError(f"a forecast covers 1 to 36 periods, not {steps}")
    swing = _swing(y, season, months)
    if len(y) < 2 * season or not y.any():
        ahead = np.sqrt(1 + np.arange(periods) * months / season)
        mean = _added(_naive(y, season, steps), months)
        return Forecast(NAIVE, None, None, mean, swing * ahead, max(2.0, len(y) / months - 1), False)
    ways = _ways(y)
    first = max(season + max(2, season // 2), len(y) - _ORIGINS - season + 1)
    ends = np.unique(np.linspace(first, len(y) - months, _ORIGINS).astype(int))
    errors: dict[str, list[Floats]] = {}
    scaled: dict[str, float] = {}
    with one_processor(progress):
        for k, (name, way) in enumerate(ways.items()):
            progress.tell(k / len(ways), "comparing methods of forecasting")
            found = [_error(way, y, int(end), season, steps, months) for end in ends]
            errors[name] = [e / _level(y[:end], season) for (e, _), end in zip(found, ends, strict=True)]
            scaled[name] = float(np.mean([np.abs(e).mean() / scale for e, scale in found]))
        best = _chosen(scaled)
        mean = _added(ways[best](y, season, steps), months)
    sigma = _level(y, season) * _spread(errors[best], periods, season, months)
    sigma = np.maximum(sigma, _LEAST_SWING * _swing(y, season, months, growth=False))
    freedom = _freedom(errors[best], (len(y) - int(ends[0])) / season, season // months)
    return Forecast(best, scaled[best], scaled[NAIVE], mean, sigma, freedom, True)


def _chosen(scaled: Mapping[str, float]) -> str:
    """The mean of all methods unless the seasonal naive forecast did clearly better; of rare demand, which has no mean,
    the method with the smallest error if it did clearly better than the naive one."""
    if MEAN in scaled:
        return NAIVE if scaled[NAIVE] < _BEATEN * scaled[MEAN] else MEAN
    best = min(scaled, key=lambda n: (scaled[n], n))
    return best if scaled[best] <= _BEATEN * scaled[NAIVE] else NAIVE


def _added(figures: Floats, months: int) -> Floats:
    """Sums of so many figures each; what is left at the end isn't a whole period."""
    whole = len(figures) // months
    return np.asarray(figures[: whole * months].reshape(whole, months).sum(axis=1), dtype=np.float64)


def _level(y: Floats, season: int) -> float:
    """What the last season sold by figure. Errors are compared as shares of it: a company that doubles doubles what its
    forecast is off by (the multiplicative errors of Hyndman and others 2008, chapter 4)."""
    return float(np.abs(y[-season:]).mean()) or float(np.abs(y).mean()) or 1.0


def _swing(y: Floats, season: int, months: int, *, growth: bool = True) -> float:
    """How far a period lies from the one a season before: root mean square; without what all of them grew by if so
    asked; of a shorter history its spread."""
    sums = np.convolve(y, np.ones(months), mode="valid") if len(y) >= months else y
    if len(sums) > season:
        if not growth:
            return float(np.std(sums[season:] - sums[:-season]))
        return float(np.sqrt(np.mean((sums[season:] - sums[:-season]) ** 2)))
    return float(np.std(sums)) if len(sums) > 2 else float(np.abs(sums).mean())


def reconciled(parts: Mapping[str, Forecast], whole: Forecast) -> tuple[dict[str, Forecast], Forecast]:
    """Parts that add up to the whole: the difference goes to each by its variance.

    Weighted least squares with a diagonal of variances (Wickramasuriya, Athanasopoulos and Hyndman 2019) for one level
    of parts: part + (whole - sum of parts) * v_part / (v_whole + sum of v_parts).

    Args:
        parts: forecasts of the parts over the same periods.
        whole: the forecast of their sum, made by itself.

    Returns:
        The parts and the whole, which is their sum; its standard error is at least that of parts whose errors have
        nothing in common, since those of one company's parts have.
    """
    if not parts:
        return {}, whole
    means = np.stack([f.mean for f in parts.values()])
    variances = np.stack([f.sigma**2 for f in parts.values()])
    gap = whole.mean - means.sum(axis=0)
    total = whole.sigma**2 + variances.sum(axis=0)
    share = np.divide(variances, total, out=np.zeros_like(variances), where=total > 0)
    out = {key: replace(one, mean=one.mean + gap * share[at]) for at, (key, one) in enumerate(parts.items())}
    sigma = np.sqrt(np.maximum(whole.sigma**2, variances.sum(axis=0)))
    return out, replace(whole, mean=np.sum([f.mean for f in out.values()], axis=0), sigma=sigma)


Way = Callable[[Floats, int, int], Floats]


def _ways(y: Floats) -> dict[str, Way]:
    if float(np.mean(y == 0)) > _SPARSE:
        return {NAIVE: _naive, "Croston": _croston, "seasonal means": _seasonal_means}
    theta, ets = _once(_theta), _once(_ets)
    four = (_naive, _seasonal_means, theta, ets)
    return {NAIVE: _naive, MEAN: lambda h, s, p: np.mean([way(h, s, p) for way in four], axis=0)}


def _once(way: Way) -> Way:
    """The same for beginnings of one history, each fitted once."""
    known: dict[tuple[int, int], Floats] = {}

    def made(history: Floats, season: int, periods: int) -> Floats:
        key = len(history), periods
        if key not in known:
            known[key] = way(history, season, periods)
        return known[key]

    return made


def _naive(y: Floats, season: int, periods: int) -> Floats:
    """The same period of the last season; of a shorter history its mean."""
    if len(y) < season:
        return np.full(periods, float(y.mean()))
    return np.asarray(y[len(y) - season :][np.arange(periods) % season], dtype=np.float64)


def _seasonal_means(y: Floats, season: int, periods: int) -> Floats:
    """The last season's level, spread over its periods as the seasons so far were on average."""
    years = len(y) // season
    seasons = y[len(y) - years * season :].reshape(years, season)
    level = seasons.mean(axis=1)
    if (level <= 0).any():
        return np.asarray(seasons.mean(axis=0)[np.arange(periods) % season])
    shape = (seasons / level[:, None]).mean(axis=0)
    growth = (level[-1] / level[0]) ** (1 / (years - 1)) if years > 1 else 1.0
    ahead = 1 + np.arange(periods) // season
    return np.asarray(level[-1] * np.clip(growth, 0.8, 1.25) ** ahead * shape[np.arange(periods) % season])


def _theta(y: Floats, season: int, periods: int) -> Floats:
    """Assimakopoulos and Nikolopoulos 2000, seasonally adjusted."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    if len(y) < 2 * season:
        return _naive(y, season, periods)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ThetaModel(y, period=season, deseasonalize=True, use_test=False, method="additive")
        return np.asarray(model.fit(disp=False).forecast(periods), dtype=np.float64)


def _ets(y: Floats, season: int, periods: int) -> Floats:
    """Exponential smoothing with a damped trend and a season (Holt-Winters)."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    if len(y) < 2 * season:
        return _naive(y, season, periods)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begin = "heuristic" if len(y) >= 10 + 2 * (season // 2) else "estimated"
        model = ExponentialSmoothing(
            y,
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=season,
            initialization_method=begin,
        )
        return np.asarray(model.fit(optimized=True, use_brute=False).forecast(periods), dtype=np.float64)


def _croston(y: Floats, _season: int, periods: int, alpha: float = 0.1) -> Floats:
    """Croston 1972 with the correction of Syntetos and Boylan 2005: size of demand over time between two."""
    at = np.flatnonzero(y)
    size, gap, since = float(y[at[0]]), float(at[0] + 1), 1.0
    for value in y[at[0] + 1 :].tolist():
        if value:
            size += alpha * (value - size)
            gap += alpha * (since - gap)
            since = 1.0
        else:
            since += 1.0
    return np.full(periods, (1 - alpha / 2) * size / gap)


def _error(way: Way, y: Floats, end: int, season: int, steps: int, months: int) -> tuple[Floats, float]:
    """Errors of the periods forecast at an earlier end, and the naive error within what was known then."""
    known, after = y[:end], y[end : end + steps]
    scale = _swing(known, season, months)
    return _added(after, months) - _added(way(known, season, len(after)), months), scale or 1.0


def _spread(errors: Sequence[Floats], periods: int, season: int, months: int) -> Floats:
    """Standard error of each period ahead: root mean square of all errors, growing slowly with the distance; in the
    unit of the errors, which are shares of the level.

    There are too few ends to tell each step's own; a year further off has twice the variance of the next period.
    """
    base = float(np.mean(np.concatenate(errors) ** 2))
    growth = 1 + np.arange(periods) * months / season
    return np.asarray(np.sqrt(base * growth / growth.mean()))


def _freedom(errors: Sequence[Floats], years: float, of_year: int) -> float:
    """Degrees of freedom of the standard error, by Satterthwaite 1946.

    What a whole year is off by is known from as many years as earlier ends had ahead of them, the noise of its periods
    from many more: var = year + noise, and freedom = var^2 / (year^2 / years + noise^2 / (years x (periods - 1))). A
    company's total, whose year is off as a whole, gets wider intervals than a small territory, whose periods are noise.

    Args:
        errors: of the periods that followed each earlier end.
        years: from the first of these ends to the newest figure.
        of_year: periods in a year.
    """
    known = max(1.0, years)
    long = [e for e in errors if len(e) > 1]
    whole = float(np.mean(np.concatenate(errors) ** 2))
    noise = min(whole, float(np.mean([e.var(ddof=1) for e in long]))) if long else 0.0
    year = whole - noise
    if whole <= 0:
        return known
    return max(1.0, whole**2 / (year**2 / known + noise**2 / (known * max(1, of_year - 1))))
