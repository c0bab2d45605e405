"""Are rows with a probability of 0.8 right in 8 of 10 cases? Figures of it, and a threshold out of it."""

import numpy as np
from numpy.typing import NDArray

from lit_synth.curation.pooling import folds_of

Floats = NDArray[np.float64]
BINS = 10
_RESAMPLES = 1000


def expected_calibration_error(confidence: Floats, right: Floats, bins: int = BINS) -> float:
    """Return the mean distance of confidence and accuracy over bins of equal width, weighted by rows.

    After Guo et al. (2017), *On Calibration of Modern Neural Networks*.

    Args:
        confidence: Probability of the label that was chosen, shape ``(rows,)``.
        right: 1 where it is the true one, else 0, same shape.
        bins: Number of bins between 0 and 1.

    >>> expected_calibration_error(np.array([0.9, 0.9, 0.9, 0.9]), np.array([1.0, 1.0, 1.0, 0.0])).__round__(3)
    0.15
    """
    return float(_errors(confidence[None], right[None], bins)[0])


def reliability(confidence: Floats, right: Floats, bins: int = BINS) -> list[dict[str, float]]:
    """Return ``low``, ``high``, ``rows``, mean ``confidence`` and ``accuracy`` of every bin that holds rows."""
    places = _places(confidence, bins)
    found = []
    for place in range(bins):
        inside = places == place
        if inside.any():
            edges = {"low": place / bins, "high": (place + 1) / bins, "rows": int(inside.sum())}
            means = {"confidence": float(confidence[inside].mean()), "accuracy": float(right[inside].mean())}
            found.append(edges | means)
    return found


def figures(probabilities: Floats, targets: NDArray[np.int64]) -> dict[str, float]:
    """Return ``accuracy``, ``nll`` (mean negative log-likelihood), ``ece`` and its 95 % bootstrap interval.

    Args:
        probabilities: Shape ``(rows, labels)``.
        targets: Index of the true label, shape ``(rows,)``.
    """
    confidence, right = judged(probabilities, targets)
    drawn = _draws(len(right))
    low, high = np.quantile(_errors(confidence[drawn], right[drawn], BINS), (0.025, 0.975))
    own = probabilities[np.arange(len(targets)), targets].clip(1e-6)
    ece = expected_calibration_error(confidence, right)
    means = {"accuracy": float(right.mean()), "nll": float(-np.log(own).mean())}
    return means | {"ece": ece, "ece_low": float(low), "ece_high": float(high)}


def judged(probabilities: Floats, targets: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the probability of each row's likeliest label, and 1 where it is the true one; both ``(rows,)``."""
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == targets).astype(float)


def bootstrap(values: Floats) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean over rows; ``values`` has shape ``(rows,)``."""
    low, high = np.quantile(values[_draws(len(values))].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def choose_threshold(confidence: Floats, right: Floats, folds: int = 5) -> float:
    """Return the confidence from which on a label is worth more than it costs.

    A kept row that is right counts 1, one that is wrong -1, a row left out 0. Each fold's best threshold is found on
    the others, and the middle one of the folds' is taken: a single fit would follow single rows. Where thresholds so
    found are worth no more on the rows that were held out than keeping all, it is 0, which keeps all.

    Args:
        confidence: Of rows that were judged by weights which have not seen them, shape ``(rows,)``.
        right: 1 or 0, same shape.
        folds: Number of folds.
    """
    found, gained = [], 0.0
    for held, rest in folds_of(len(right), folds):
        found.append(_best(confidence[rest], right[rest]))
        gained += _worth(confidence[held], right[held], found[-1]) - _worth(confidence[held], right[held], 0.0)
    return float(np.median(found)) if gained > 0 else 0.0


def _best(confidence: Floats, right: Floats) -> float:
    steps = np.arange(0.0, 1.0, 0.05)
    worth = [_worth(confidence, right, step) for step in steps]
    return float(steps[int(np.argmax(worth))])  # of equals the lowest: it keeps more rows


def _worth(confidence: Floats, right: Floats, threshold: float) -> float:
    return float(((confidence >= threshold) * (2 * right - 1)).sum())


def _places(confidence: Floats, bins: int) -> NDArray[np.int64]:
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def _errors(confidence: Floats, right: Floats, bins: int) -> Floats:
    """Return the error of every sample, shape ``(samples,)``, from arrays of shape ``(samples, rows)``."""
    samples, rows = confidence.shape
    places = _places(confidence, bins) + bins * np.arange(samples)[:, None]
    gaps = np.bincount(places.ravel(), (confidence - right).ravel(), minlength=samples * bins)
    return np.abs(gaps.reshape(samples, bins)).sum(axis=1) / rows  # type: ignore[no-any-return]


def _draws(rows: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(rows, size=(_RESAMPLES, rows))
