"""The documentation as static pages, made from pages that are run and from the catalogue.

`python -m docs.site` writes it to `widgets/labextension/static/docs`, from where the wheel brings it into JupyterLab.
"""
