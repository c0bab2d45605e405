"""Names and numbers of figures that must not touch."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from lit_synth.report.charts.axes import apart, spread


@given(st.lists(st.floats(0, 400), max_size=8).map(sorted))
def test_names_keep_their_order_and_distance_and_stay_near(places: list[float]) -> None:
    found = spread(places, 16)
    assert len(found) == len(places)
    assert all(second - first >= 16 - 1e-6 for first, second in pairwise(found))
    assert abs(np.mean(found) - np.mean(places)) < 1e-6 if places else found == []


def test_numbers_that_would_touch_are_left_out() -> None:
    with mpl.rc_context({"figure.dpi": 72}):
        axes = Figure(figsize=(5, 3)).add_axes((0, 0, 1, 1))
    axes.set_xscale("log")
    axes.set_xlim(64, 2100)
    assert apart(axes, [64, 512, 1564, 1628, 2012], 360) == [64, 512, 1564]
    assert apart(axes, [64, 512, 1564, 1628, 2012], 6000) == [64, 512, 1564, 1628, 2012]
