"""In Notebook 7 a page is a notebook: no launcher and no file browser beside it, and the panel all the same."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.browser.extension.conftest import Desk

SLOW = 60_000
# Notebook 7.6 says this when it starts, also where our extension is switched off.
ITS_OWN = "Cannot read properties of undefined (reading 'schema')"
CODE = "import saasmetrics as sm\nbook = sm.demo(customers=50)\nsm.retention.nrr(book)"


def test_the_extension_works_in_notebook_7_and_nothing_complains(browser, serving, shipped) -> None:
    with serving("notebook", python=str(shipped.python), **shipped.environment) as host:
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(CODE)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(made, host.folder / "seven.ipynb")
        context = browser.new_context()
        desk = Desk(context.new_page(), host)
        desk.watch()
        desk.page.goto(f"{host.url}/notebooks/seven.ipynb?token={host.token}")
        desk.page.wait_for_function(_READY, timeout=120_000)
        desk.run_all()
        output = desk.page.locator(".saasmetrics-result")
        expect(output).to_contain_text("Net revenue retention", timeout=SLOW)
        desk.command("saasmetrics:panel")
        panel = desk.page.locator(".sm-lab-panel")
        panel.get_by_role("button", name="Look into the notebook").click()
        expect(panel.locator(".sm-lab-tables")).to_contain_text("subscriptions", timeout=SLOW)
        desk.shot("notebook-7")
        assert (desk.outside, [e for e in desk.errors if e != ITS_OWN]) == ([], [])
        context.close()


_READY = """() => {
  const app = window.jupyterapp;
  const { sessionContext } = app?.shell.currentWidget ?? {};
  return app?.commands.hasCommand("saasmetrics:panel") && sessionContext?.session?.kernel?.status === "idle";
}"""
