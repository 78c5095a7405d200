"""How a chart shows itself in a notebook: as a picture that needs no network and no extension."""

from __future__ import annotations

import os
from typing import Any

import altair as alt

from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path, refuse_special, replacing, unwritable

VEGA_LITE = "application/vnd.vegalite.v6+json"


class Rows(alt.Data):
    """Plain rows of a chart, which its copies share: Altair copies a chart with every layer and property."""

    def __deepcopy__(self, _memo: Any) -> Rows:
        return self

    def to_dict(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the rows as they are, for nothing in them is an object of Altair."""
        return {"values": [dict(row) for row in self["values"]]}


class OfflineChart(alt.LayerChart):
    """An Altair chart that shows itself without the network.

    Altair's own display loads Vega from the network. This one carries its specification for whoever
    can draw it, and a picture for everybody else; in every other way it is an Altair chart.

    Examples
    --------
    >>> points = alt.Chart(alt.Data(values=[{"x": 1}])).mark_point()
    >>> sorted(OfflineChart(layer=[points])._repr_mimebundle_())
    ['application/vnd.vegalite.v6+json', 'image/png', 'text/plain']
    """

    def save(self, fp: Any, *args: Any, **kwargs: Any) -> None:
        """Write the chart as .png, .svg, .html, .json or .pdf; a page holds all it needs and never asks the network.

        Parameters
        ----------
        fp
            The file, by its name or open.
        *args, **kwargs
            As for Altair's own `save`, such as format="html"; by default the ending of the name. inline=False makes
            a page that loads Vega from the network.

        Raises
        ------
        DataError
            If the file cannot be written; one that was there stays as it was.

        Examples
        --------
        >>> import tempfile
        >>> chart = OfflineChart(layer=[alt.Chart(alt.Data(values=[{"x": 1}])).mark_point()])
        >>> chart.save(tempfile.mkdtemp() + "/chart.html")
        """
        named = kwargs.get("format") or (args[0] if args else None)
        asked = str(named or getattr(fp, "name", fp))
        ending = asked.rpartition(".")[2].lower()
        if ending == "html":
            kwargs.setdefault("inline", True)
        if not isinstance(fp, (str, os.PathLike)) or not (named or "." in asked):
            super().save(fp, *args, **kwargs)
            return
        path = file_path(fp, "chart.html")
        refuse_special(path, "chart.html")
        if named is None:
            kwargs["format"] = ending
        try:
            with replacing(path) as beside:
                super().save(str(beside), *args, **kwargs)
        except OSError as error:
            raise DataError(unwritable(path, error)) from error

    def svg(self) -> str:
        """Return the chart as SVG text, without a browser and without the network.

        Examples
        --------
        >>> OfflineChart(layer=[alt.Chart(alt.Data(values=[{"x": 1}])).mark_point()]).svg()[:4]
        '<svg'
        """
        from saasmetrics.charts.render import to_svg

        return to_svg(self)

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, Any]:
        from saasmetrics.charts.render import to_png

        spec = self.to_dict(validate=False)
        words = f"Chart: {spec.get('description', 'no description')}"
        return {VEGA_LITE: spec, "image/png": to_png(spec), "text/plain": words}
